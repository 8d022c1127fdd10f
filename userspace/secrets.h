/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TLS 1.3 traffic secrets, from OpenSSL's key log callback to the handoff. They
 * live in pages that are locked, left out of core dumps, and wiped.
 */
#ifndef KTLSGATED_SECRETS_H
#define KTLSGATED_SECRETS_H

#include <stdint.h>

#include <openssl/ssl.h>

#define SECRET_MAX 48	/* SHA-384 */

struct secrets {
	uint8_t rx[SECRET_MAX];	/* client_application_traffic_secret_0 */
	uint8_t tx[SECRET_MAX];	/* server_application_traffic_secret_0 */
	uint8_t rx_size;	/* 0: not there, as in TLS 1.2 */
	uint8_t tx_size;
	struct secrets *next;	/* in the pool */
};

/* One for each worker; not locked. */
struct secrets_pool {
	struct secrets *free;
};

/* NULL when there is no memory. */
struct secrets *secrets_new(struct secrets_pool *pool);
void secrets_free(struct secrets_pool *pool, struct secrets *secrets);

/* The connection's secrets go there; NULL: nowhere. */
void secrets_attach(SSL *ssl, struct secrets *secrets);
void secrets_collect(SSL_CTX *ctx);

/* No core dumps, no reading of our memory by others of the same user. */
void secrets_protect_process(void);

#endif
