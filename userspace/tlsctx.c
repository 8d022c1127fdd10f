// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "choice.h"
#include "identity.h"
#include "ktls.h"
#include "profile.h"
#include "secrets.h"
#include "sessions.h"
#include "tlsctx.h"
#include "verdict.h"

/* Certificates between a client's and its CA. */
#define CHAIN_DEPTH 10

/*
 * How strong a client's chain must be, in OpenSSL's security levels: 112 bits,
 * as RSA of 2048 bits and SHA-256 are; 80 bits with profile old, as RSA of 1024
 * bits is. SHA-1 is below both.
 */
#define STRENGTH	2
#define STRENGTH_OLD	1

static void failed(const struct gate_config *gate, enum gate_key key,
		   struct report *report, const char *what)
{
	struct place place = config_place(gate, key);

	report_add(report, SEVERITY_ERROR, &place, "%s: %s", what,
		   openssl_reason());
}

static bool set_lists(const struct gate_config *gate, SSL_CTX *ctx,
		      unsigned int ciphers, struct report *report)
{
	if (profile_apply(gate, ciphers, ctx))
		return true;
	failed(gate, GATE_TLS_PROFILE, report,
	       "this OpenSSL refuses the cipher suites");
	return false;
}

static bool set_certificates(const struct gate_config *gate, SSL_CTX *ctx,
			     const struct certs *certs, struct report *report)
{
	const struct pair *refused = choice_set(ctx, certs);
	const struct pair_config *pair;
	struct place place;

	if (!refused)
		return true;
	pair = &gate->pairs[refused - certs->pairs];
	place = config_pair_place(gate, pair, PAIR_CERTIFICATE);
	report_add(report, SEVERITY_ERROR, &place, "%s: OpenSSL refuses it: %s",
		   pair->certificate, openssl_reason());
	return false;
}

/*
 * Each certificate of the file is an anchor, also an intermediate CA's: so do
 * Java's trust stores, which is where these files come from.
 */
static bool set_trust(const struct gate_config *gate, SSL_CTX *ctx,
		      const struct certs *certs, struct report *report)
{
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(ctx);
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	int i;

	X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN |
				    X509_V_FLAG_TRUSTED_FIRST);
	X509_VERIFY_PARAM_set_depth(param, CHAIN_DEPTH);
	X509_VERIFY_PARAM_set_auth_level(param,
					 gate->tls_profile == PROFILE_OLD ?
					 STRENGTH_OLD : STRENGTH);
	if (gate->client_auth == CLIENT_AUTH_NONE) {
		SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
		return true;
	}
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER |
			   (gate->client_auth == CLIENT_AUTH_REQUIRED ?
			    SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), NULL);
	if (gate->spiffe_bundles.count)
		return true;
	if (!certs->ca) {
		if (!SSL_CTX_set_default_verify_paths(ctx)) {
			failed(gate, GATE_CLIENT_CA, report,
			       "the system's trust store");
			return false;
		}
		return true;
	}
	for (i = 0; i < sk_X509_num(certs->ca); i++) {
		X509 *ca = sk_X509_value(certs->ca, i);

		if (!X509_STORE_add_cert(store, ca) ||
		    !SSL_CTX_add_client_CA(ctx, ca)) {
			failed(gate, GATE_CLIENT_CA, report, gate->client_ca);
			return false;
		}
		chain_link_keep(ca);
	}
	return true;
}

static bool add_text(EVP_MD_CTX *digest, const char *text)
{
	if (!text)
		text = "";
	/* With its end, so that no two texts look like two others. */
	return EVP_DigestUpdate(digest, text, strlen(text) + 1);
}

/*
 * Whatever made the identity: a session is resumed only under the same. What
 * is judged from the identity is judged again each time, see judge.h.
 */
static bool set_resumption(const struct gate_config *gate, SSL_CTX *ctx,
			   const struct cert_files *files,
			   const struct crls *crls)
{
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	unsigned char scope[EVP_MAX_MD_SIZE];
	bool good;

	good = digest && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) &&
	       add_text(digest, gate->name) &&
	       add_text(digest, gate->principal_mapping_rules) &&
	       add_text(digest, gate->principal_regex) &&
	       EVP_DigestUpdate(digest, &gate->client_auth,
				sizeof(gate->client_auth)) &&
	       bundles_digest(gate, &files->bundles, digest) &&
	       EVP_DigestUpdate(digest, &gate->tls_profile,
				sizeof(gate->tls_profile)) &&
	       trust_digest(&files->trust, digest) &&
	       (!crls || EVP_DigestUpdate(digest, crls->digest,
					  sizeof(crls->digest))) &&
	       EVP_DigestFinal_ex(digest, scope, NULL);
	EVP_MD_CTX_free(digest);
	return good && sessions_enable(ctx, scope, gate);
}

static void set_options(SSL_CTX *ctx)
{
	uint64_t options = SSL_OP_ENABLE_KTLS | SSL_OP_NO_RENEGOTIATION |
			   SSL_OP_NO_COMPRESSION;

#ifdef SSL_OP_NO_RX_CERTIFICATE_COMPRESSION
	options |= SSL_OP_NO_RX_CERTIFICATE_COMPRESSION |
		   SSL_OP_NO_TX_CERTIFICATE_COMPRESSION;
#endif
	SSL_CTX_set_options(ctx, options);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_quiet_shutdown(ctx, 1);
	SSL_CTX_set_max_early_data(ctx, 0);
	SSL_CTX_set_recv_max_early_data(ctx, 0);
}

SSL_CTX *tlsctx_new(const struct gate_config *gate,
		    const struct cert_files *files, const struct crls *crls,
		    unsigned int ciphers, OSSL_LIB_CTX *lib,
		    struct report *report)
{
	struct certs certs;
	SSL_CTX *ctx;
	bool good;

	if (!certs_parse(gate, files, lib, &certs, report))
		return NULL;
	ERR_clear_error();
	ctx = SSL_CTX_new_ex(lib, NULL, TLS_server_method());
	if (!ctx) {
		failed(gate, GATE_NAME, report, "no TLS context");
		certs_free(&certs);
		return NULL;
	}
	set_options(ctx);
	good = set_lists(gate, ctx, ciphers, report) &&
	       set_certificates(gate, ctx, &certs, report) &&
	       set_trust(gate, ctx, &certs, report) &&
	       bundles_enforce(gate, &files->bundles, ctx, lib, report);
	certs_free(&certs);
	if (good && !set_resumption(gate, ctx, files, crls)) {
		failed(gate, GATE_NAME, report, "no session resumption");
		good = false;
	}
	ERR_clear_error();
	if (!good) {
		SSL_CTX_free(ctx);
		return NULL;
	}
	if (crls)
		crls_enable(ctx, crls);
	verdict_watch(ctx);
	secrets_collect(ctx);
	return ctx;
}
