// SPDX-License-Identifier: GPL-2.0-or-later
#include "keyshare.h"

static size_t number(const uint8_t *bytes)
{
	return (size_t)bytes[0] << 8 | bytes[1];
}

/* The length of all, and then of each the group, the length and the share. */
bool keyshare_has(const uint8_t *shares, size_t size, uint16_t group)
{
	size_t at = 2;

	if (size < 2 || number(shares) != size - 2)
		return false;
	while (size - at >= 4) {
		size_t length = number(shares + at + 2);

		if (!length || length > size - at - 4)
			return false;
		if (number(shares + at) == group)
			return true;
		at += 4 + length;
	}
	return false;
}
