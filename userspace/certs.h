/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of a gate: its certificate, its key, the CAs of its clients. */
#ifndef KTLSGATED_CERTS_H
#define KTLSGATED_CERTS_H

#include <openssl/x509.h>

#include "bundles.h"
#include "config.h"
#include "files.h"
#include "report.h"

/* As read, so that each worker's context is made from the same bytes. */
struct cert_files {
	struct blob certificate;
	struct blob key;
	struct blob ca;		/* empty when there is none */
	struct bundles bundles;
};

/* What the files hold, parsed. */
struct certs {
	X509 *leaf;
	STACK_OF(X509) *chain;	/* without the leaf */
	EVP_PKEY *key;
	STACK_OF(X509) *ca;	/* NULL: the system's trust store */
};

bool cert_files_read(const struct gate_config *gate, struct cert_files *out,
		     struct report *report);
bool cert_files_equal(const struct cert_files *a, const struct cert_files *b);
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

/* All certificates of a PEM file; NULL when one is damaged or there is none. */
STACK_OF(X509) *certs_parse_pem(const struct gate_config *gate,
				enum gate_key key, const char *path,
				const struct blob *blob, OSSL_LIB_CTX *lib,
				struct report *report);
void certs_check_dates(const struct gate_config *gate, enum gate_key key,
		       X509 *certificate, enum severity severity,
		       struct report *report);

/* "2026-11-22T10:04:11Z" */
#define CERT_TIME_TEXT 32
void cert_time_print(const ASN1_TIME *when, char out[CERT_TIME_TEXT]);

/* The oldest entry of OpenSSL's error queue as text; empties the queue. */
const char *openssl_reason(void);

#endif
