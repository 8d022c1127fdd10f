/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is wrong with a client's chain: which certificate of it, and why. */
#ifndef KTLSGATED_FLAW_H
#define KTLSGATED_FLAW_H

#include <stdbool.h>

#include <openssl/x509.h>

/*
 * What OpenSSL lets pass and others do not, asked of the certificate at hand;
 * true: it has an error now.
 */
bool flaw_find(X509_STORE_CTX *store);

/* A sentence about the error at hand, to be freed. */
char *flaw_text(X509_STORE_CTX *store);

/*
 * OpenSSL makes the alert from the error. Where that is not the one of RFC 8446
 * 6.2, the error becomes another: certificate_expired for what is not valid
 * yet, bad_certificate for a wrong signature.
 */
void flaw_choose_alert(X509_STORE_CTX *store);

#endif
