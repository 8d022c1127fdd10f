/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether the certificates of clients were revoked, as OCSP responders say:
 * asked by threads of their own, once for all who want to know the same, and
 * remembered. Of a client's chain its own certificate alone is asked about.
 */
#ifndef KTLSGATED_OCSP_H
#define KTLSGATED_OCSP_H

#include <stdatomic.h>

#include <openssl/ssl.h>

#include "config.h"
#include "identity.h"
#include "ocspcache.h"
#include "ocspquery.h"
#include "verdict.h"

/* Where a worker finds the answers to what it asked. */
struct ocsp_inbox {
	struct ocsp_ticket *_Atomic first;
	int wake_fd;
};

/* One question of one handshake, until it is answered. */
struct ocsp_ticket {
	struct ocsp_ticket *next;
	struct ocsp_inbox *inbox;
	void *asker;		/* of its worker alone; NULL: gone meanwhile */
	struct ocsp_answer answer;
};

/*
 * NULL when @out has the answer already. Otherwise it will be in the inbox,
 * in any case: the worker frees the ticket then, and not before.
 */
struct ocsp_ticket *ocsp_ask(const struct gate_config *gate, const X509 *leaf,
			     const X509 *issuer, struct ocsp_inbox *inbox,
			     void *asker, struct ocsp_answer *out);

/* All that are there, to be freed one by one. */
struct ocsp_ticket *ocsp_take(struct ocsp_inbox *inbox);

/*
 * False, a verdict and an alert when an answer that is still good says that the
 * client's certificate was revoked. Asks nobody.
 */
bool ocsp_judge(const struct gate_config *gate, const struct identity *identity,
		struct verdict *verdict, uint8_t *alert);

/* The same of an answer. */
bool ocsp_revoked(const struct ocsp_answer *answer, const char *subject,
		  struct verdict *verdict, uint8_t *alert);

/*
 * Whether the gate asks nothing about the client, or has an answer that is
 * good. Sessions are resumed only then: otherwise there is a full handshake, in
 * which it can be asked.
 */
bool ocsp_knows(const struct gate_config *gate,
		const struct identity *identity);

/* The same certificate, asked about in the same manner, has the same. */
void ocsp_key(const struct gate_config *gate, const uint8_t fingerprint[32],
	      uint8_t key[OCSP_KEY]);

/* Whether there is an answer that is still good, whatever it says. */
bool ocsp_is_answered(const uint8_t key[OCSP_KEY]);

/* Asks if there is none; nobody waits for it. @timeout: milliseconds. */
void ocsp_ask_again(const uint8_t key[OCSP_KEY],
		    const struct ocsp_question *question,
		    unsigned int timeout);

#endif
