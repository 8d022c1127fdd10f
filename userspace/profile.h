/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TLS profiles: which versions, cipher suites and groups a gate takes. */
#ifndef KTLSGATED_PROFILE_H
#define KTLSGATED_PROFILE_H

#include "config.h"

enum profile { PROFILE_GOLANG_DEFAULT, PROFILE_OLD, PROFILE_INTERMEDIATE,
	       PROFILE_MODERN };

extern const char *const profile_names[];	/* ends with NULL */

/* In the form that OpenSSL's lists have, preferred first. */
struct profile_lists {
	int min_version;	/* TLS1_2_VERSION or TLS1_3_VERSION */
	int max_version;
	const char *ciphers;	/* TLS 1.2 */
	const char *suites;	/* TLS 1.3 */
	const char *groups;
	const char *lacks;	/* what the profile promises and kTLS cannot
				 * carry, NULL: nothing
				 */
};

void profile_lists(const struct gate_config *gate, struct profile_lists *out);

#endif
