/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files and folders of CRLs, as they are read. */
#ifndef KTLSGATED_CRLFILE_H
#define KTLSGATED_CRLFILE_H

#include <openssl/x509.h>

#include "config.h"
#include "report.h"

struct crl_files {
	X509_CRL **crl;
	char **file;		/* of each */
	size_t count;
	STACK_OF(X509) *ca;	/* certificates that are beside them */
};

/* All files of @gate; what cannot be read is in the report. */
void crl_files_read(const struct gate_config *gate, OSSL_LIB_CTX *lib,
		    struct crl_files *out, struct report *report);
void crl_files_free(struct crl_files *files);

#endif
