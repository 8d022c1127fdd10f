// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The key_share of a ClientHello: two bytes of a group, then the extension. What
 * is found is there, and is found as well with other shares behind it.
 */
#include "../fuzz.h"
#include "keyshare.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint16_t group;
	uint8_t *more;
	bool has;

	if (size < 2 || size > 65535)
		return 0;
	group = (uint16_t)(data[0] << 8 | data[1]);
	data += 2;
	size -= 2;
	has = keyshare_has(data, size, group);
	must(!has || (size >= 7 && memmem(data + 2, size - 2,
					  (uint8_t[]){ group >> 8, group }, 2)));
	if (!has || size + 5 - 2 > 65535)
		return 0;

	more = malloc(size + 5);
	memcpy(more, data, size);
	more[0] = (size + 5 - 2) >> 8;
	more[1] = size + 5 - 2;
	memcpy(more + size, "\0\x1e\0\1x", 5);
	must(keyshare_has(more, size + 5, group));
	/* Its first two bytes are the length of all. */
	more[1] ^= 1;
	must(!keyshare_has(more, size + 5, group));
	free(more);
	return 0;
}
