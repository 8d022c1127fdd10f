/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Certificate revocation lists: who of a chain was revoked. A set of them is
 * immutable, so all workers look into the same one without a lock, and what was
 * worth checking of a list (who signed it) was checked when it was read.
 */
#ifndef KTLSGATED_CRL_H
#define KTLSGATED_CRL_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "config.h"
#include "identity.h"
#include "report.h"
#include "verdict.h"

struct revoked {
	uint8_t serial[SERIAL_MAX];
	uint8_t serial_size;
	uint8_t reason;			/* CRLReason */
	int64_t when;			/* seconds since the epoch */
};

struct crl {
	uint8_t issuer[32];		/* as in struct chain_link */
	uint8_t signer[32];		/* SHA-256 of the key it is signed with */
	uint8_t digest[32];		/* SHA-256 of all of it */
	char *issuer_name;
	char *file;
	int64_t this_update;
	int64_t next_update;		/* 0: it has none */
	int64_t warn_from;		/* it ends soon then */
	struct revoked *revoked;	/* sorted by serial */
	size_t count;
	bool told_soon;			/* of the main thread alone */
	bool told_expired;
};

struct crls {
	struct crl *crl;
	size_t count;
	bool accept_expired;
	uint8_t digest[32];		/* of all of them */
};

void crls_open(void);	/* once, before the first context */
void crls_free(struct crls *crls);

/* Makes handshakes of @ctx look into @crls, which outlives it. */
void crls_enable(SSL_CTX *ctx, const struct crls *crls);

/*
 * False, a verdict and an alert when one of the identity's certificates was
 * revoked, or nobody can tell. The trust anchor needs no list.
 */
bool crl_judge(const struct crls *crls, const struct identity *identity,
	       struct verdict *verdict, uint8_t *alert);

/*
 * Tells the log once about each list that ends soon, and once that it has
 * ended. Main thread only.
 */
void crls_remind(struct crls *crls, const char *gate);

/* Whether the lists are of today. */
void crls_check(struct crls *crls, const struct gate_config *gate,
		enum severity dates, struct report *report);

/* Frees what is in it. */
void crl_clear(struct crl *crl);

/* For the reader of CRLs: compares as the lists are sorted. */
int revoked_compare(const void *a, const void *b);

#endif
