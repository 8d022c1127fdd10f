/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Session tickets: keys that all workers share and that change by themselves,
 * so that a stolen key opens an hour's tickets and no more.
 */
#ifndef KTLSGATED_TICKETS_H
#define KTLSGATED_TICKETS_H

#include <stddef.h>

#include <openssl/ssl.h>

#define TICKET_KEY_LIFE	3600	/* seconds until a new key is made */

void tickets_open(void);
void tickets_rotate(void);	/* to be called every TICKET_KEY_LIFE */

/*
 * A session may be resumed only where the same client would have passed:
 * @scope is a digest of whatever decides that.
 */
void tickets_enable(SSL_CTX *ctx, const unsigned char scope[32]);

#endif
