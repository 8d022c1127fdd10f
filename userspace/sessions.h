/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TLS sessions that clients resume. They are kept here and not in tickets: a
 * ticket holds the client's certificate, which would be parsed again each time
 * and makes resuming hardly cheaper than a full handshake. What is kept is who
 * the client is; whether it may pass is judged again each time.
 *
 * A restart of the helper forgets them, and clients do full handshakes.
 */
#ifndef KTLSGATED_SESSIONS_H
#define KTLSGATED_SESSIONS_H

#include <stdbool.h>

#include <openssl/ssl.h>

#include "config.h"
#include "identity.h"

#define SESSIONS_MAX	16384	/* the one used longest ago goes first */
#define SESSION_LIFE	3600	/* seconds from the full handshake */
#define SESSION_SCOPE	32

void sessions_open(void);	/* once, before the first context */

/* Before the library contexts of the workers are freed. */
void sessions_close(void);

/*
 * Sessions of @ctx are resumed by contexts of the same @scope only, a digest
 * of whatever the identity depends on. @gate outlives the context. False: no memory,
 * and the context is not to be used, for it would hand out tickets.
 */
bool sessions_enable(SSL_CTX *ctx, const unsigned char scope[SESSION_SCOPE],
		     const struct gate_config *gate);

/* A client that passed may resume its session as @identity. */
void sessions_keep(SSL *ssl, const struct identity *identity);

/* Who the client of a resumed session is; false when that is not known. */
bool sessions_identity(SSL *ssl, struct identity *out);

#endif
