/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KTLSGATED_TLSCTX_H
#define KTLSGATED_TLSCTX_H

#include <openssl/ssl.h>

#include "certs.h"
#include "config.h"
#include "crl.h"
#include "report.h"

/*
 * The context of one gate in one worker. Workers share no context, no library
 * context and so no lock of OpenSSL. @crls: NULL, or they outlive the context;
 * @ciphers: what kTLS carries here. NULL when the report got an error.
 */
SSL_CTX *tlsctx_new(const struct gate_config *gate,
		    const struct cert_files *files, const struct crls *crls,
		    unsigned int ciphers, OSSL_LIB_CTX *lib,
		    struct report *report);

#endif
