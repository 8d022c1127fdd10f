/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes of a gate's CRL files what crl.h looks into, if they can be believed. */
#ifndef KTLSGATED_CRLSET_H
#define KTLSGATED_CRLSET_H

#include "certs.h"
#include "crl.h"

/*
 * NULL without CRLs in the configuration, or when the report got an error.
 * @certs: of the same gate; @dates: see certs_check().
 */
struct crls *crls_read(const struct gate_config *gate,
		       const struct certs *certs, OSSL_LIB_CTX *lib,
		       enum severity dates, struct report *report);

#endif
