// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The lists are those of WarpStream's agent, which are Mozilla's, cut to what
 * kTLS carries: AES-GCM, AES-CCM and ChaCha20-Poly1305 in TLS 1.2 and 1.3.
 */
#include <openssl/ssl.h>

#include "profile.h"

#define GCM_AND_CHACHA \
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:" \
	"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:" \
	"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"

#define SUITES \
	"TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:" \
	"TLS_CHACHA20_POLY1305_SHA256"

const char *const profile_names[] = {
	[PROFILE_GOLANG_DEFAULT] = "golang-default",
	[PROFILE_OLD] = "old",
	[PROFILE_INTERMEDIATE] = "intermediate",
	[PROFILE_MODERN] = "modern",
	NULL
};

static const struct profile_lists profiles[] = {
	[PROFILE_GOLANG_DEFAULT] = {
		.min_version = TLS1_2_VERSION,
		.max_version = TLS1_3_VERSION,
		.ciphers = GCM_AND_CHACHA,
		.suites = SUITES,
		.lacks = "the ECDHE AES-CBC-SHA suites of TLS 1.2",
	},
	[PROFILE_OLD] = {
		.min_version = TLS1_2_VERSION,
		.max_version = TLS1_3_VERSION,
		.ciphers = GCM_AND_CHACHA ":AES128-GCM-SHA256:AES256-GCM-SHA384",
		.suites = SUITES,
		.lacks = "TLS 1.0, TLS 1.1, and the CBC and 3DES suites of TLS 1.2",
	},
	[PROFILE_INTERMEDIATE] = {
		.min_version = TLS1_2_VERSION,
		.max_version = TLS1_3_VERSION,
		.ciphers = GCM_AND_CHACHA,
		.suites = SUITES,
	},
	[PROFILE_MODERN] = {
		.min_version = TLS1_3_VERSION,
		.max_version = TLS1_3_VERSION,
		.ciphers = GCM_AND_CHACHA,
		.suites = SUITES,
	},
};

/* Without a profile: the versions as configured, all that kTLS carries. */
static const struct profile_lists everything = {
	.ciphers = GCM_AND_CHACHA ":ECDHE-ECDSA-AES128-CCM",
	.suites = SUITES ":TLS_AES_128_CCM_SHA256",
};

/* A '?' lets OpenSSL skip what it does not know: X25519MLKEM768 before 3.5. */
static const char groups[] =
#if OPENSSL_VERSION_NUMBER >= 0x30300000L
	"?X25519MLKEM768:"
#endif
	"X25519:P-256:P-384:P-521";

void profile_lists(const struct gate_config *gate, struct profile_lists *out)
{
	if (gate->tls_profile >= 0) {
		*out = profiles[gate->tls_profile];
	} else {
		*out = everything;
		out->min_version = gate->tls_min_version == TLS_1_3 ?
				   TLS1_3_VERSION : TLS1_2_VERSION;
		out->max_version = gate->tls_max_version == TLS_1_3 ?
				   TLS1_3_VERSION : TLS1_2_VERSION;
	}
	out->groups = groups;
}
