/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PKCS#12 files (.p12, .pfx): a key, its certificate and the chain. */
#ifndef KTLSGATED_PKCS12_H
#define KTLSGATED_PKCS12_H

#include "material.h"

struct pkcs12 {
	EVP_PKEY *key;			/* NULL: there is none */
	STACK_OF(X509) *certificates;	/* that of the key first */
};

/* False when the report got an error. */
bool pkcs12_read(struct material *material, struct pkcs12 *out);

#endif
