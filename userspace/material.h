/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keying material in whatever form it comes: certificates and private keys in
 * PEM and PKCS#12 files, private keys on a token.
 */
#ifndef KTLSGATED_MATERIAL_H
#define KTLSGATED_MATERIAL_H

#include <openssl/x509.h>

#include "passphrase.h"
#include "report.h"

/* One piece of it, and where the configuration names it. */
struct material {
	struct place place;
	const char *path;		/* of a file, or the URI of a token */
	const struct blob *blob;	/* what the file holds */
	struct passphrase passphrase;
	OSSL_LIB_CTX *lib;
	struct report *report;
};

/* Not empty; NULL when the report got an error. */
STACK_OF(X509) *material_certificates(struct material *material);
EVP_PKEY *material_key(struct material *material);

/* An error with the material's place. */
void material_error(const struct material *material, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The oldest entry of OpenSSL's error queue as text; empties the queue. */
const char *openssl_reason(void);

#endif
