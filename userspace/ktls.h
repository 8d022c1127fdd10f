/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this kernel's TLS can carry. */
#ifndef KTLSGATED_KTLS_H
#define KTLSGATED_KTLS_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/ssl.h>

enum ktls_cipher {
	KTLS_AES_128_GCM = 1, KTLS_AES_256_GCM = 2,
	KTLS_CHACHA20_POLY1305 = 4, KTLS_AES_128_CCM = 8,
};

#define KTLS_ALL 15

/*
 * Asks the kernel, on a connection of its own over loopback. NULL, or what is
 * missing and what to do about it (to be freed).
 */
char *ktls_probe(unsigned int *ciphers);

/* Comma-separated names, to be freed. */
char *ktls_names(unsigned int ciphers);

/* Whether they can carry the cipher suite. */
bool ktls_carries(const char *suite, unsigned int ciphers);

/* The colon-separated list of cipher suites, cut to those; to be freed. */
char *ktls_filter(const char *suites, unsigned int ciphers);

const char *ktls_version_name(int version);	/* "TLS 1.2" */

/*
 * After a handshake: why the kernel has not the whole connection, to be freed;
 * NULL when it has.
 */
char *ktls_obstacle(SSL *ssl);

/* One alert record on a socket that has TLS_TX keys. */
bool ktls_send_alert(int fd, uint8_t level, uint8_t description);

#endif
