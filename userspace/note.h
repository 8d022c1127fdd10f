/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The chain of a client's certificates as the kernel keeps it for us: so that
 * a helper that was started anew can still judge connections of before.
 */
#ifndef KTLSGATED_NOTE_H
#define KTLSGATED_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "identity.h"

/* version, count; each link: three digests, serial with its size, not_after */
#define NOTE_LINK_BYTES	(3 * 32 + 1 + 20 + 8)
#define NOTE_MAX_BYTES	(2 + IDENTITY_CHAIN_MAX * NOTE_LINK_BYTES)

size_t note_write(const struct identity *identity,
		  uint8_t out[NOTE_MAX_BYTES]);

/* False when it is not one of ours: another version's, or damaged. */
bool note_read(const uint8_t *note, size_t size, struct identity *out);

#endif
