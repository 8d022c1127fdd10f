/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From when to when a certificate is good. */
#ifndef KTLSGATED_VALIDITY_H
#define KTLSGATED_VALIDITY_H

#include <openssl/x509.h>

#include "report.h"

/* "2026-11-22T10:04:11Z" */
#define CERT_TIME_TEXT 32
void cert_time_print(const ASN1_TIME *when, char out[CERT_TIME_TEXT]);

/*
 * Reports with @severity a certificate that is not good now, and warns of one
 * that ends soon.
 */
void validity_check(X509 *certificate, const struct place *place,
		    enum severity severity, struct report *report);

#endif
