// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the kernel keeps for the helper about a client: what is read is written
 * again byte by byte, and what is refused is refused whole.
 */
#include "../fuzz.h"
#include "note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bare = malloc(size ? size : 1), again[NOTE_MAX_BYTES];
	struct identity identity = {}, none = {};

	if (size)
		memcpy(bare, data, size);
	if (note_read(bare, size, &identity)) {
		must(size <= NOTE_MAX_BYTES);
		must(identity.chain_count <= IDENTITY_CHAIN_MAX);
		must(note_write(&identity, again) == size);
		must(!memcmp(again, data, size));
	} else {
		must(!memcmp(&identity, &none, sizeof(none)));
	}
	free(bare);
	return 0;
}
