/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KTLSGATED_KEYSHARE_H
#define KTLSGATED_KEYSHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* IANA TLS Supported Groups */
#define GROUP_X25519		0x001d
#define GROUP_X25519MLKEM768	0x11ec

/*
 * Whether the key_share of a ClientHello (RFC 8446 4.2.8, what is inside the
 * extension) has a share of @group; false for what is malformed up to there.
 */
bool keyshare_has(const uint8_t *shares, size_t size, uint16_t group);

#endif
