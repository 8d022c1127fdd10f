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

struct staples;

/*
 * Of all certificates of a gate that staples; otherwise NULL. A warning about
 * each that cannot have one: no responder in the certificate, no issuer in the
 * files. Main thread only, as is all here but the use by contexts.
 */
struct staples *staples_get(const struct gate_config *gate,
			    const struct certs *certs, struct report *report);
void staples_put(struct staples *staples);

/* @ctx gives them to clients; they outlive the context. */
void staples_enable(SSL_CTX *ctx, struct staples *staples);

/* Fetches what is due; to be called every second. */
void staples_refresh(void);

#endif
