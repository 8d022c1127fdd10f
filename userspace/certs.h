/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a gate shows its clients and whom it trusts: files, and what they hold. */
#ifndef KTLSGATED_CERTS_H
#define KTLSGATED_CERTS_H

#include <openssl/x509.h>

#include "bundles.h"
#include "config.h"
#include "files.h"
#include "material.h"
#include "trust.h"
#include "validity.h"

struct pair_files {
	struct blob certificate;
	struct blob key;		/* empty for a key on a token */
	struct blob passphrase;		/* empty when there is none */
};

/* As read, so that each worker's context is made from the same bytes. */
struct cert_files {
	struct pair_files *pairs;	/* as many as the gate's */
	size_t pair_count;
	struct trust_files trust;
	struct bundles bundles;
};

struct pair {
	X509 *leaf;
	STACK_OF(X509) *chain;		/* without the leaf */
	EVP_PKEY *key;
};

/* What the files hold, parsed. */
struct certs {
	struct pair *pairs;		/* never none */
	size_t count;
	STACK_OF(X509) *ca;		/* NULL: the system's trust store, */
	STACK_OF(X509) *bundled;	/* unless there are SPIFFE bundles */
};

bool cert_files_read(const struct gate_config *gate, struct cert_files *out,
		     struct report *report);
void cert_files_free(struct cert_files *files);

/*
 * False when something is unusable: damaged, encrypted, a key that is not the
 * certificate's. Each finding names file, certificate and reason.
 */
bool certs_parse(const struct gate_config *gate, const struct cert_files *files,
		 OSSL_LIB_CTX *lib, struct certs *out, struct report *report);
/*
 * Dates and purposes. An expired certificate is of severity @dates: a helper
 * that starts serves it, for there is no other; a reload keeps the old one.
 */
void certs_check(const struct gate_config *gate, const struct cert_files *files,
		 const struct certs *certs, enum severity dates,
		 struct report *report);
void certs_free(struct certs *certs);

/* "RSA", "EC" and so on: a client's choice within one name. */
const char *pair_key_type(const struct pair *pair);

#endif
