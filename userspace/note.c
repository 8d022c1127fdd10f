// SPDX-License-Identifier: GPL-2.0-or-later
#include <endian.h>
#include <string.h>

#include "note.h"

#define NOTE_VERSION 1

/* In a link, behind its digests. */
#define SERIAL_SIZE_AT	(3 * 32)

_Static_assert(NOTE_MAX_BYTES <= 2048, "the kernel takes note-max bytes");

static uint8_t *put(uint8_t *at, const void *data, size_t size)
{
	memcpy(at, data, size);
	return at + size;
}

static const uint8_t *get(const uint8_t *at, void *data, size_t size)
{
	memcpy(data, at, size);
	return at + size;
}

size_t note_write(const struct identity *identity, uint8_t out[NOTE_MAX_BYTES])
{
	uint8_t *at = out;
	unsigned int i;

	*at++ = NOTE_VERSION;
	*at++ = identity->chain_count;
	for (i = 0; i < identity->chain_count; i++) {
		const struct chain_link *link = &identity->chain[i];
		uint64_t not_after = htobe64(link->not_after);

		at = put(at, link->fingerprint, sizeof(link->fingerprint));
		at = put(at, link->issuer, sizeof(link->issuer));
		at = put(at, link->name_and_key, sizeof(link->name_and_key));
		*at++ = link->serial_size;
		at = put(at, link->serial, sizeof(link->serial));
		at = put(at, &not_after, sizeof(not_after));
	}
	return at - out;
}

bool note_read(const uint8_t *note, size_t size, struct identity *out)
{
	const uint8_t *at = note + 2;
	unsigned int i;

	if (size < 2 || note[0] != NOTE_VERSION ||
	    note[1] > IDENTITY_CHAIN_MAX ||
	    size != 2 + note[1] * (size_t)NOTE_LINK_BYTES)
		return false;
	for (i = 0; i < note[1]; i++)
		if (at[i * NOTE_LINK_BYTES + SERIAL_SIZE_AT] > SERIAL_MAX)
			return false;
	out->chain_count = note[1];
	for (i = 0; i < out->chain_count; i++) {
		struct chain_link *link = &out->chain[i];
		uint64_t not_after;

		at = get(at, link->fingerprint, sizeof(link->fingerprint));
		at = get(at, link->issuer, sizeof(link->issuer));
		at = get(at, link->name_and_key, sizeof(link->name_and_key));
		link->serial_size = *at++;
		at = get(at, link->serial, sizeof(link->serial));
		at = get(at, &not_after, sizeof(not_after));
		link->not_after = be64toh(not_after);
	}
	return true;
}
