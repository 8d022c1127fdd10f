/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates as the X.509-SVID specification of SPIFFE wants them. */
#ifndef KTLSGATED_SVID_H
#define KTLSGATED_SVID_H

#include <openssl/x509.h>

/*
 * The SPIFFE ID of a workload's certificate, to be freed; or NULL and a
 * sentence to be freed.
 */
char *svid_id(X509 *leaf, char **error);

/* NULL, or why this may not identify a workload, to be freed. */
char *svid_check_leaf(X509 *leaf);

/* NULL, or why this CA may not issue one, to be freed. */
char *svid_check_signer(X509 *signer);

#endif
