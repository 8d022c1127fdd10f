/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TLS profiles: which versions, cipher suites and groups a gate takes. */
#ifndef KTLSGATED_PROFILE_H
#define KTLSGATED_PROFILE_H

#include <openssl/ssl.h>

#include "config.h"
#include "report.h"

enum profile { PROFILE_GOLANG_DEFAULT, PROFILE_OLD, PROFILE_INTERMEDIATE,
	       PROFILE_MODERN };

extern const char *const profile_names[];	/* ends with NULL */

/*
 * Sets on @ctx what of it this gate can keep: without relay what kTLS carries,
 * which is @ciphers, and what this OpenSSL has. False when OpenSSL refuses.
 */
bool profile_apply(const struct gate_config *gate, unsigned int ciphers,
		   SSL_CTX *ctx);

/* What a gate offers after that, by the names that OpenSSL has for it. */
struct profile_offer {
	int min_version;
	int max_version;
	char *suites;		/* colon-separated, preferred first */
	char *groups;
};

void profile_offer(const struct gate_config *gate, unsigned int ciphers,
		   struct profile_offer *out);
void profile_offer_free(struct profile_offer *offer);

/* A version, a cipher suite or a group that is promised and not given. */
struct lack {
	char *name;
	const char *reason;
	bool of_relay;		/* relay: true would give it */
};

struct lacks {
	struct lack *lack;
	size_t count;
};

/* Finds out by asking the OpenSSL at hand. Nothing for a gate of no profile. */
void profile_lacks(const struct gate_config *gate, unsigned int ciphers,
		   struct lacks *out);
void lacks_free(struct lacks *lacks);

/* The same as findings. */
void profile_check(const struct gate_config *gate, unsigned int ciphers,
		   struct report *report);

#endif
