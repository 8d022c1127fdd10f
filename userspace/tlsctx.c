// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "ktls.h"
#include "profile.h"
#include "secrets.h"
#include "tickets.h"
#include "tlsctx.h"
#include "verdict.h"

/* Certificates between a client's and its CA. */
#define CHAIN_DEPTH 10

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
	char *tls12, *tls13;
	struct profile_lists lists;
	bool good;

	profile_lists(gate, &lists);
	tls12 = ktls_filter(lists.ciphers, ciphers);
	tls13 = ktls_filter(lists.suites, ciphers);
	good = SSL_CTX_set_min_proto_version(ctx, lists.min_version) &&
	       SSL_CTX_set_max_proto_version(ctx, lists.max_version) &&
	       SSL_CTX_set_ciphersuites(ctx, tls13) &&
	       SSL_CTX_set_cipher_list(ctx, tls12) &&
	       SSL_CTX_set1_groups_list(ctx, lists.groups);
	free(tls12);
	free(tls13);
	if (!good)
		failed(gate, GATE_TLS_PROFILE, report,
		       "this OpenSSL refuses the cipher suites");
	return good;
}

static bool set_certificate(const struct gate_config *gate, SSL_CTX *ctx,
			    const struct certs *certs, struct report *report)
{
	int i;

	if (!SSL_CTX_use_certificate(ctx, certs->leaf)) {
		failed(gate, GATE_CERTIFICATE, report, gate->certificate);
		return false;
	}
	for (i = 0; i < sk_X509_num(certs->chain); i++) {
		X509 *one = sk_X509_value(certs->chain, i);

		if (!SSL_CTX_add1_chain_cert(ctx, one)) {
			failed(gate, GATE_CERTIFICATE, report,
			       gate->certificate);
			return false;
		}
	}
	if (!SSL_CTX_use_PrivateKey(ctx, certs->key)) {
		failed(gate, GATE_PRIVATE_KEY, report, gate->private_key);
		return false;
	}
	return true;
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
	if (gate->client_auth == CLIENT_AUTH_NONE) {
		SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
		return true;
	}
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER |
			   (gate->client_auth == CLIENT_AUTH_REQUIRED ?
			    SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), NULL);
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
	}
	return true;
}

/* Whatever decides who passes: a session is resumed only under the same. */
static bool set_resumption(const struct gate_config *gate, SSL_CTX *ctx,
			   const struct cert_files *files)
{
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	unsigned char scope[EVP_MAX_MD_SIZE];
	bool good;

	good = digest && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) &&
	       EVP_DigestUpdate(digest, gate->name, strlen(gate->name) + 1) &&
	       EVP_DigestUpdate(digest, &gate->client_auth,
				sizeof(gate->client_auth)) &&
	       EVP_DigestUpdate(digest, files->ca.data ?
				files->ca.data : (unsigned char *)"",
				files->ca.size) &&
	       EVP_DigestFinal_ex(digest, scope, NULL);
	EVP_MD_CTX_free(digest);
	if (good)
		tickets_enable(ctx, scope);
	return good;
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
		    const struct cert_files *files, unsigned int ciphers,
		    OSSL_LIB_CTX *lib, struct report *report)
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
	       set_certificate(gate, ctx, &certs, report) &&
	       set_trust(gate, ctx, &certs, report);
	certs_free(&certs);
	if (good && !set_resumption(gate, ctx, files)) {
		failed(gate, GATE_NAME, report, "no session tickets");
		good = false;
	}
	ERR_clear_error();
	if (!good) {
		SSL_CTX_free(ctx);
		return NULL;
	}
	verdict_watch(ctx);
	secrets_collect(ctx);
	return ctx;
}
