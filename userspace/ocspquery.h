/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One question to one OCSP responder (RFC 6960), over HTTP. */
#ifndef KTLSGATED_OCSPQUERY_H
#define KTLSGATED_OCSPQUERY_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/x509.h>

#include "files.h"

/* In DER, so that the asking thread has nothing of another's library context. */
struct ocsp_question {
	struct blob leaf;
	struct blob issuer;
	char *url;
	bool nonce;
	uint64_t deadline;	/* nanoseconds, CLOCK_MONOTONIC */
};

struct ocsp_answer {
	enum { OCSP_GOOD, OCSP_REVOKED, OCSP_NO_ANSWER } status;
	int64_t revoked_at;	/* seconds since the epoch */
	int reason;		/* CRLReason, -1: none given */
	int64_t next_update;	/* seconds since the epoch, 0: not told */
	char why[256];		/* there is no answer */
};

/* False without an issuer, or when memory is short. */
bool ocsp_question_fill(struct ocsp_question *question, const X509 *leaf,
			const X509 *issuer, const char *url);
void ocsp_question_copy(const struct ocsp_question *from,
			struct ocsp_question *to);
void ocsp_question_clear(struct ocsp_question *question);

/* The certificate's own http:// responder, to be freed, or NULL. */
char *ocsp_responder_of(const X509 *certificate);

void ocsp_no_answer(struct ocsp_answer *answer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Blocks until there is an answer that was verified, or none by the deadline,
 * or @stop_fd is readable. @der: NULL, or the response as it came.
 */
void ocsp_query(const struct ocsp_question *question, OSSL_LIB_CTX *lib,
		int stop_fd, struct ocsp_answer *answer, struct blob *der);

#endif
