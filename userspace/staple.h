/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * OCSP stapling: what a responder says about our own certificate, given to
 * clients that ask for it. Fetched and refreshed by itself; kept over reloads
 * as long as the certificate is the same.
 */
#ifndef KTLSGATED_STAPLE_H
#define KTLSGATED_STAPLE_H

#include <openssl/ssl.h>

#include "certs.h"
#include "config.h"
#include "report.h"

struct staple;

/*
 * Of a gate that staples; otherwise NULL. NULL and a warning where it cannot:
 * no responder in the certificate, no issuer in the files. Main thread only,
 * as is all here but the use by contexts.
 */
struct staple *staple_get(const struct gate_config *gate,
			  const struct certs *certs, struct report *report);
void staple_put(struct staple *staple);

/* @ctx gives it to clients; it outlives the context. */
void staple_enable(SSL_CTX *ctx, struct staple *staple);

/* Fetches what is due; to be called every second. */
void staples_refresh(void);

#endif
