// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The profiles of WarpStream's agent, which has them from Mozilla's
 * "Server Side TLS" 5.x, as of November 2026. Mozilla's lists of DHE suites
 * are in none of them, for Go has no DHE.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "ktls.h"
#include "mem.h"
#include "profile.h"

/* ECDHE with AES-GCM and ChaCha20-Poly1305: Mozilla's intermediate, no DHE. */
#define GCM_AND_CHACHA \
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:" \
	"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:" \
	"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"

/* ECDHE with CBC and SHA-1, which Go still takes. */
#define CBC_SHA \
	"ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:" \
	"ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA"

/* What Mozilla's old adds. DES-CBC3-SHA is 3DES-EDE-CBC-SHA. */
#define OLD \
	"ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256:" CBC_SHA ":" \
	"AES128-GCM-SHA256:AES256-GCM-SHA384:AES128-SHA256:" \
	"AES128-SHA:AES256-SHA:DES-CBC3-SHA"

#define SUITES \
	"TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:" \
	"TLS_CHACHA20_POLY1305_SHA256"

#define GROUPS "X25519MLKEM768:X25519:P-256:P-384:P-521"

/* What is promised, in the form that OpenSSL's lists have, preferred first. */
struct profile_lists {
	int min_version;	/* TLS1_VERSION to TLS1_3_VERSION */
	int max_version;
	const char *ciphers;	/* up to TLS 1.2 */
	const char *suites;	/* TLS 1.3 */
	const char *groups;
	int security_level;	/* of OpenSSL, -1: as the system has it */
};

const char *const profile_names[] = {
	[PROFILE_GOLANG_DEFAULT] = "golang-default",
	[PROFILE_OLD] = "old",
	[PROFILE_INTERMEDIATE] = "intermediate",
	[PROFILE_MODERN] = "modern",
	NULL
};

static const struct profile_lists profiles[] = {
	/*
	 * Of Go 1.24, src/crypto/tls/defaults.go and cipher_suites.go: what is
	 * neither in disabledCipherSuites nor RSA key exchange nor 3DES. Go
	 * 1.26 has the same versions and suites, and two groups more than all
	 * profiles have: SecP256r1MLKEM768 and SecP384r1MLKEM1024.
	 */
	[PROFILE_GOLANG_DEFAULT] = {
		.min_version = TLS1_2_VERSION,
		.max_version = TLS1_3_VERSION,
		.ciphers = GCM_AND_CHACHA ":" CBC_SHA,
		.suites = SUITES,
		.groups = GROUPS,
		.security_level = -1,
	},
	/* OpenSSL has TLS 1.0 and 1.1, which sign with SHA-1, at level 0. */
	[PROFILE_OLD] = {
		.min_version = TLS1_VERSION,
		.max_version = TLS1_3_VERSION,
		.ciphers = GCM_AND_CHACHA ":" OLD,
		.suites = SUITES,
		.groups = GROUPS,
		.security_level = 0,
	},
	[PROFILE_INTERMEDIATE] = {
		.min_version = TLS1_2_VERSION,
		.max_version = TLS1_3_VERSION,
		.ciphers = GCM_AND_CHACHA,
		.suites = SUITES,
		.groups = GROUPS,
		.security_level = -1,
	},
	[PROFILE_MODERN] = {
		.min_version = TLS1_3_VERSION,
		.max_version = TLS1_3_VERSION,
		.ciphers = "",
		.suites = SUITES,
		.groups = GROUPS,
		.security_level = -1,
	},
};

/* Without a profile: the versions as configured, all that kTLS carries. */
static const struct profile_lists everything = {
	.ciphers = GCM_AND_CHACHA ":ECDHE-ECDSA-AES128-CCM",
	.suites = SUITES ":TLS_AES_128_CCM_SHA256",
	.groups = GROUPS,
	.security_level = -1,
};

static void profile_lists(const struct gate_config *gate,
			  struct profile_lists *out)
{
	if (gate->tls_profile >= 0) {
		*out = profiles[gate->tls_profile];
		return;
	}
	*out = everything;
	out->min_version = gate->tls_min_version == TLS_1_3 ?
			   TLS1_3_VERSION : TLS1_2_VERSION;
	out->max_version = gate->tls_max_version == TLS_1_3 ?
			   TLS1_3_VERSION : TLS1_2_VERSION;
}

/* The names of a colon-separated list, one after the other. */
static bool next_name(const char **list, char name[64])
{
	size_t length = strcspn(*list, ":");

	if (!length || length >= 64)
		return false;
	memcpy(name, *list, length);
	name[length] = '\0';
	*list += length + ((*list)[length] == ':');
	return true;
}

static bool has_group(SSL_CTX *ctx, const char *name)
{
	bool has = SSL_CTX_set1_groups_list(ctx, name);

	ERR_clear_error();
	return has;
}

/* Cut to those that this OpenSSL has: it refuses a list with another one. */
static char *known_groups(SSL_CTX *ctx, const char *groups)
{
	struct text known = {};
	char name[64];

	text_add(&known, "", 0);
	while (next_name(&groups, name))
		if (has_group(ctx, name))
			text_printf(&known, "%s%s", known.length ? ":" : "",
				    name);
	return known.data;
}

static bool set_groups(SSL_CTX *ctx, const char *groups)
{
	char *known = known_groups(ctx, groups);
	bool good = SSL_CTX_set1_groups_list(ctx, known);

	free(known);
	return good;
}

/* OpenSSL takes no empty list; what is left then is TLS 1.3. */
static bool set_ciphers(SSL_CTX *ctx, const char *list)
{
	return !*list || SSL_CTX_set_cipher_list(ctx, list);
}

/* The system's openssl.cnf does not narrow what was asked for by name. */
static bool set_versions(SSL_CTX *ctx, int lowest, int highest)
{
	SSL_CTX_clear_options(ctx, SSL_OP_NO_SSL_MASK);
	return SSL_CTX_set_min_proto_version(ctx, lowest) &&
	       SSL_CTX_set_max_proto_version(ctx, highest);
}

static bool set_all(const struct profile_lists *lists, SSL_CTX *ctx)
{
	if (lists->security_level >= 0)
		/* Clients' certificates have a level of their own: tlsctx.c. */
		SSL_CTX_set_security_level(ctx, lists->security_level);
	return set_versions(ctx, lists->min_version, lists->max_version) &&
	       SSL_CTX_set_ciphersuites(ctx, lists->suites) &&
	       set_ciphers(ctx, lists->ciphers) &&
	       set_groups(ctx, lists->groups);
}

bool profile_apply(const struct gate_config *gate, unsigned int ciphers,
		   SSL_CTX *ctx)
{
	struct profile_lists lists;
	char *tls12, *tls13;
	bool good;

	profile_lists(gate, &lists);
	/*
	 * As Go has it since 1.17, and so WarpStream's agent in all profiles:
	 * AES-128 first, unless the client puts ChaCha20 first. Most clients put
	 * AES-256 first without a need for it, and it takes a sixth more for each
	 * byte, and SHA-384 for the handshake. With relay whoever offers both gets
	 * what the kernel carries.
	 */
	SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE |
			    SSL_OP_PRIORITIZE_CHACHA);
	if (gate->relay)
		return set_all(&lists, ctx);
	tls12 = ktls_filter(lists.ciphers, ciphers);
	tls13 = ktls_filter(lists.suites, ciphers);
	lists.ciphers = tls12;
	lists.suites = tls13;
	if (lists.min_version < TLS1_2_VERSION)
		lists.min_version = TLS1_2_VERSION;
	good = set_all(&lists, ctx);
	free(tls12);
	free(tls13);
	return good;
}

/* What @ctx offers in these versions, NULL: nothing. */
static STACK_OF(SSL_CIPHER) *offered(SSL_CTX *ctx, int lowest, int highest)
{
	STACK_OF(SSL_CIPHER) *list = NULL;
	SSL *ssl = SSL_new(ctx);

	if (ssl && SSL_set_min_proto_version(ssl, lowest) &&
	    SSL_set_max_proto_version(ssl, highest))
		list = SSL_get1_supported_ciphers(ssl);
	SSL_free(ssl);
	ERR_clear_error();
	if (sk_SSL_CIPHER_num(list) > 0)
		return list;
	sk_SSL_CIPHER_free(list);
	return NULL;
}

static char *join(STACK_OF(SSL_CIPHER) *list)
{
	struct text names = {};
	int i;

	text_add(&names, "", 0);
	for (i = 0; i < sk_SSL_CIPHER_num(list); i++)
		text_printf(&names, "%s%s", i ? ":" : "", SSL_CIPHER_get_name(
				sk_SSL_CIPHER_value(list, i)));
	return names.data;
}

/* A version without a suite is not offered, whatever the context says. */
static void offered_versions(SSL_CTX *ctx, struct profile_offer *out)
{
	int version;

	for (version = TLS1_3_VERSION; version >= TLS1_VERSION; version--) {
		STACK_OF(SSL_CIPHER) *list;

		if (version < SSL_CTX_get_min_proto_version(ctx) ||
		    version > SSL_CTX_get_max_proto_version(ctx))
			continue;
		list = offered(ctx, version, version);
		if (list && !out->max_version)
			out->max_version = version;
		if (list)
			out->min_version = version;
		sk_SSL_CIPHER_free(list);
	}
}

void profile_offer(const struct gate_config *gate, unsigned int ciphers,
		   struct profile_offer *out)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	STACK_OF(SSL_CIPHER) *list = NULL;
	struct profile_lists lists;

	*out = (struct profile_offer){};
	profile_lists(gate, &lists);
	if (ctx && profile_apply(gate, ciphers, ctx)) {
		offered_versions(ctx, out);
		list = offered(ctx, out->min_version, out->max_version);
		out->groups = known_groups(ctx, lists.groups);
	}
	out->suites = join(list);
	sk_SSL_CIPHER_free(list);
	SSL_CTX_free(ctx);
	ERR_clear_error();
}

void profile_offer_free(struct profile_offer *offer)
{
	free(offer->suites);
	free(offer->groups);
}

static bool offers(STACK_OF(SSL_CIPHER) *list, const char *name)
{
	int i;

	for (i = 0; i < sk_SSL_CIPHER_num(list); i++)
		if (!strcmp(SSL_CIPHER_get_name(sk_SSL_CIPHER_value(list, i)),
			    name))
			return true;
	return false;
}

static const char no_relay[] = "kTLS cannot carry it and relay is false";

static void add_lack(struct lacks *lacks, const char *name, const char *reason)
{
	struct lack *lack;

	lacks->lack = xrealloc(lacks->lack, lacks->count + 1,
			       sizeof(*lacks->lack));
	lack = &lacks->lack[lacks->count++];
	lack->name = xstrdup(name);
	lack->reason = reason;
	lack->of_relay = reason == no_relay;
}

static const char *not_there(const char *suite)
{
	if (!strncmp(suite, "DES-CBC3", 8))
		return "this OpenSSL has no 3DES for TLS, it was built without enable-weak-ssl-ciphers";
	return "this OpenSSL does not have it";
}

static void lacking_versions(const struct profile_lists *lists, SSL_CTX *ctx,
			     bool relay, struct lacks *out)
{
	int version;

	for (version = lists->min_version; version <= lists->max_version;
	     version++) {
		STACK_OF(SSL_CIPHER) *list = offered(ctx, version, version);
		const char *name = ktls_version_name(version);

		if (!list)
			add_lack(out, name, not_there(name));
		else if (!relay && version < TLS1_2_VERSION)
			add_lack(out, name, no_relay);
		sk_SSL_CIPHER_free(list);
	}
}

static void lacking_suites(const char *names, STACK_OF(SSL_CIPHER) *list,
			   bool relay, unsigned int ciphers, struct lacks *out)
{
	char name[64];

	while (next_name(&names, name)) {
		if (!offers(list, name))
			add_lack(out, name, not_there(name));
		else if (!relay && !ktls_carries(name, ciphers))
			add_lack(out, name, no_relay);
	}
}

static void lacking_groups(const char *names, SSL_CTX *ctx, struct lacks *out)
{
	char name[64];

	while (next_name(&names, name))
		if (!has_group(ctx, name))
			add_lack(out, name, not_there(name));
}

void profile_lacks(const struct gate_config *gate, unsigned int ciphers,
		   struct lacks *out)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	STACK_OF(SSL_CIPHER) *list;
	struct profile_lists lists;

	*out = (struct lacks){};
	profile_lists(gate, &lists);
	if (ctx && gate->tls_profile >= 0 && set_all(&lists, ctx)) {
		lacking_versions(&lists, ctx, gate->relay, out);
		list = offered(ctx, lists.min_version, lists.max_version);
		lacking_suites(lists.suites, list, gate->relay, ciphers, out);
		lacking_suites(lists.ciphers, list, gate->relay, ciphers, out);
		sk_SSL_CIPHER_free(list);
		lacking_groups(lists.groups, ctx, out);
	}
	SSL_CTX_free(ctx);
	ERR_clear_error();
}

void lacks_free(struct lacks *lacks)
{
	size_t i;

	for (i = 0; i < lacks->count; i++)
		free(lacks->lack[i].name);
	free(lacks->lack);
	*lacks = (struct lacks){};
}

static void tell_lacks(const struct gate_config *gate, bool of_relay,
		       enum severity severity, const struct lacks *lacks,
		       struct report *report)
{
	struct place place = config_place(gate, GATE_TLS_PROFILE);
	const char *reason = NULL;
	struct text names = {};
	size_t i;

	for (i = 0; i < lacks->count; i++) {
		const struct lack *lack = &lacks->lack[i];

		if (lack->of_relay != of_relay)
			continue;
		/* Reasons change rarely: each is told once behind its names. */
		if (reason && reason != lack->reason)
			text_printf(&names, " (%s)", reason);
		text_printf(&names, "%s%s", names.length ? ", " : "",
			    lack->name);
		reason = lack->reason;
	}
	if (reason)
		report_add(report, severity, &place,
			   "%s promises what clients do not get here: %s (%s)",
			   profile_names[gate->tls_profile], names.data,
			   reason);
	text_free(&names);
}

/*
 * Nothing is to be done about what only another OpenSSL would give, or about
 * what the operator gave up by a word in the file.
 */
void profile_check(const struct gate_config *gate, unsigned int ciphers,
		   struct report *report)
{
	struct lacks lacks;

	profile_lacks(gate, ciphers, &lacks);
	tell_lacks(gate, true, gate->lines[GATE_RELAY] ? SEVERITY_INFO :
		   SEVERITY_WARNING, &lacks, report);
	tell_lacks(gate, false, SEVERITY_INFO, &lacks, report);
	lacks_free(&lacks);
}
