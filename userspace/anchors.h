/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which CAs vouch for clients, as far as live connections are asked about it:
 * a CA is its name and its key, so that one whose certificate was renewed is
 * still the same.
 */
#ifndef KTLSGATED_ANCHORS_H
#define KTLSGATED_ANCHORS_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/x509.h>

#include "identity.h"

struct anchors;

struct anchors *anchors_new(void);
void anchors_free(struct anchors *anchors);

/* @ca vouches for clients of the SPIFFE trust domain @domain, NULL: for all. */
void anchors_add(struct anchors *anchors, const char *domain,
		 const STACK_OF(X509) *ca);

/* Whether a certificate of the chain is that of a CA that may vouch for it. */
bool anchors_cover(const struct anchors *anchors,
		   const struct identity *identity);

/* SHA-256 over the subject's name and the public key. */
bool anchor_digest(const X509 *certificate, uint8_t out[32]);

#endif
