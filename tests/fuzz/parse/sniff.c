// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The first bytes of a client. A TLS record passes; whoever is told off and not
 * asked for more would not have been let in with more either.
 */
#include "../fuzz.h"
#include "sniff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool final = false;
	size_t length;

	if (size > SNIFF_BYTES)
		size = SNIFF_BYTES;
	for (length = 0; length <= size; length++) {
		/* Its room is exact: nothing behind it is looked at. */
		uint8_t *bytes = malloc(length ? length : 1);
		const char *why;

		if (length)
			memcpy(bytes, data, length);
		why = sniff(bytes, length);
		must(length || !why);
		must(why || !final);
		must(length < 2 || bytes[0] != 22 || !why == (bytes[1] == 3));
		final = why && !sniff_wants_more(bytes, length);
		free(bytes);
	}
	return 0;
}
