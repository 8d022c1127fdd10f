/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SPIFFE trust bundles: the CAs of each trust domain. A client's certificate
 * verifies against those of its own domain and no other.
 */
#ifndef KTLSGATED_BUNDLES_H
#define KTLSGATED_BUNDLES_H

#include <stdbool.h>

#include <openssl/ssl.h>

#include "config.h"
#include "files.h"
#include "report.h"

struct anchors;

/* As read, in the order of the configuration. */
struct bundles {
	struct blob *file;
	size_t count;
};

bool bundles_read(const struct gate_config *gate, struct bundles *out,
		  struct report *report);
void bundles_free(struct bundles *bundles);

/* The CAs of all trust domains, to be freed; NULL without bundles. */
STACK_OF(X509) *bundles_all(const struct gate_config *gate,
			    const struct bundles *bundles, OSSL_LIB_CTX *lib);

/* Adds warnings of what ends or has ended. */
void bundles_check(const struct gate_config *gate,
		   const struct bundles *bundles, OSSL_LIB_CTX *lib,
		   struct report *report);

/* Adds all that decides who is trusted by them. */
bool bundles_digest(const struct gate_config *gate,
		    const struct bundles *bundles, EVP_MD_CTX *digest);

/*
 * From now on @ctx takes X.509-SVIDs only, and trusts the bundles, or where
 * there is none what it trusts already. False when the report got an error.
 */
bool bundles_enforce(const struct gate_config *gate,
		     const struct bundles *bundles, SSL_CTX *ctx,
		     OSSL_LIB_CTX *lib, struct report *report);

/* The CAs of each trust domain, for live connections. */
void bundles_anchors(const struct gate_config *gate,
		     const struct bundles *bundles, OSSL_LIB_CTX *lib,
		     struct anchors *anchors);

#endif
