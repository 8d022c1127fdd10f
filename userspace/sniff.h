/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KTLSGATED_SNIFF_H
#define KTLSGATED_SNIFF_H

#include <stdbool.h>
#include <stddef.h>

#define SNIFF_BYTES 12

/*
 * What a client speaks, by its first bytes (a peek of up to SNIFF_BYTES).
 * NULL: a TLS handshake, or nothing against it yet; else a sentence.
 */
const char *sniff(const unsigned char *bytes, size_t size);

/* Whether a better word may be found with more bytes. */
bool sniff_wants_more(const unsigned char *bytes, size_t size);

#endif
