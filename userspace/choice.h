/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which of a gate's certificates a client is shown: those with the name that
 * it asks for (SNI), or those of the first one's name; and of these the one
 * whose type of key suits it, which is OpenSSL's part.
 */
#ifndef KTLSGATED_CHOICE_H
#define KTLSGATED_CHOICE_H

#include <openssl/ssl.h>

#include "certs.h"

void choice_open(void);		/* once, before the first context */

/*
 * Gives @ctx the certificates; it takes what it needs of them. NULL, or the
 * pair that OpenSSL refuses, with its reason in the error queue.
 */
const struct pair *choice_set(SSL_CTX *ctx, const struct certs *certs);

/* A DNS name that both certificates are good for, or NULL; to be freed. */
char *choice_common_name(const struct pair *a, const struct pair *b);

#endif
