/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CAs of a gate's clients: one file of them, or a folder of files. */
#ifndef KTLSGATED_TRUST_H
#define KTLSGATED_TRUST_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "config.h"
#include "files.h"
#include "report.h"

struct trust_file {
	char *path;
	struct blob blob;
};

/* As read; none when the system's trust store counts, or nothing does. */
struct trust_files {
	struct trust_file *file;
	size_t count;
};

bool trust_read(const struct gate_config *gate, struct trust_files *out,
		struct report *report);
void trust_free(struct trust_files *files);

/* *@out is NULL where there are no files. False: the report got an error. */
bool trust_parse(const struct gate_config *gate,
		 const struct trust_files *files, OSSL_LIB_CTX *lib,
		 STACK_OF(X509) **out, struct report *report);

/* Dates, and certificates that no CA has. */
void trust_check(const struct gate_config *gate, STACK_OF(X509) *ca,
		 struct report *report);

/* What tells one trust from another. */
bool trust_digest(const struct trust_files *files, EVP_MD_CTX *digest);

#endif
