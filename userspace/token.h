/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private keys on a PKCS#11 token, named by a URI of RFC 7512 and used through
 * OpenSSL's provider for them. A library context gets the provider when a gate
 * with such a key is made, and keeps it.
 */
#ifndef KTLSGATED_TOKEN_H
#define KTLSGATED_TOKEN_H

#include "material.h"

bool token_is_uri(const char *text);	/* NULL is none */

/*
 * NULL, or what is wrong with the URI. *@pin: the path in its pin-source, or
 * NULL; both to be freed.
 */
char *token_check(const char *uri, char **pin);

/* NULL when the report got an error. */
EVP_PKEY *token_key(struct material *material);

/*
 * Whether the key is the certificate's, by a signature: a token may have no
 * public key that could be compared. NULL, or why not, to be freed.
 */
char *token_try(EVP_PKEY *key, X509 *certificate, OSSL_LIB_CTX *lib);

#endif
