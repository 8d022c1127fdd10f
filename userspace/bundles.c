// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "anchors.h"
#include "bundles.h"
#include "material.h"
#include "mem.h"
#include "spiffe.h"
#include "svid.h"
#include "validity.h"
#include "verdict.h"

/* The CAs of one context: each worker has its own, with no lock shared. */
struct trusted {
	char *domain;
	STACK_OF(X509) *ca;
};

struct domains {
	struct trusted *trusted;
	size_t count;		/* 0: what the context trusts */
};

static const char *domain_of(const struct gate_config *gate, size_t i)
{
	return gate->spiffe_bundles.text[2 * i];
}

static const char *path_of(const struct gate_config *gate, size_t i)
{
	return gate->spiffe_bundles.text[2 * i + 1];
}

bool bundles_read(const struct gate_config *gate, struct bundles *out,
		  struct report *report)
{
	struct place place = config_place(gate, GATE_SPIFFE_BUNDLES);
	bool good = true;
	size_t i;

	out->count = gate->spiffe_bundles.count / 2;
	out->file = xcalloc(out->count, sizeof(*out->file));
	for (i = 0; i < out->count; i++) {
		char *error = file_read(path_of(gate, i), &out->file[i]);

		if (!error)
			continue;
		report_add(report, SEVERITY_ERROR, &place, "%s: %s",
			   domain_of(gate, i), error);
		free(error);
		good = false;
	}
	return good;
}

void bundles_free(struct bundles *bundles)
{
	size_t i;

	for (i = 0; i < bundles->count; i++)
		blob_free(&bundles->file[i]);
	free(bundles->file);
	bundles->file = NULL;
	bundles->count = 0;
}

static STACK_OF(X509) *parse(const struct gate_config *gate,
			     const struct bundles *bundles, size_t i,
			     OSSL_LIB_CTX *lib, struct report *report)
{
	struct material material = {
		.place = config_place(gate, GATE_SPIFFE_BUNDLES),
		.path = path_of(gate, i), .blob = &bundles->file[i],
		.lib = lib, .report = report,
	};

	return material_certificates(&material);
}

STACK_OF(X509) *bundles_all(const struct gate_config *gate,
			    const struct bundles *bundles, OSSL_LIB_CTX *lib)
{
	/* What is damaged is told by bundles_enforce(). */
	struct report ignored = {};
	STACK_OF(X509) *all;
	size_t i;

	if (!bundles->count)
		return NULL;
	all = sk_X509_new_null();
	for (i = 0; i < bundles->count; i++) {
		STACK_OF(X509) *some = parse(gate, bundles, i, lib, &ignored);

		while (sk_X509_num(some) > 0)
			sk_X509_push(all, sk_X509_shift(some));
		sk_X509_free(some);
	}
	report_free(&ignored);
	return all;
}

void bundles_check(const struct gate_config *gate,
		   const struct bundles *bundles, OSSL_LIB_CTX *lib,
		   struct report *report)
{
	struct place place = config_place(gate, GATE_SPIFFE_BUNDLES);
	/* What is damaged is told by bundles_enforce(). */
	struct report ignored = {};
	size_t i;
	int j;

	for (i = 0; i < bundles->count; i++) {
		STACK_OF(X509) *all = parse(gate, bundles, i, lib, &ignored);

		for (j = 0; j < sk_X509_num(all); j++)
			validity_check(sk_X509_value(all, j), &place,
				       SEVERITY_WARNING, report);
		sk_X509_pop_free(all, X509_free);
	}
	report_free(&ignored);
}

void bundles_anchors(const struct gate_config *gate,
		     const struct bundles *bundles, OSSL_LIB_CTX *lib,
		     struct anchors *anchors)
{
	struct report ignored = {};
	size_t i;

	for (i = 0; i < bundles->count; i++) {
		STACK_OF(X509) *all = parse(gate, bundles, i, lib, &ignored);

		anchors_add(anchors, domain_of(gate, i), all);
		sk_X509_pop_free(all, X509_free);
	}
	report_free(&ignored);
}

static bool digest_text(EVP_MD_CTX *digest, const void *data, size_t size)
{
	uint64_t length = size;

	return EVP_DigestUpdate(digest, &length, sizeof(length)) &&
	       EVP_DigestUpdate(digest, data, size);
}

bool bundles_digest(const struct gate_config *gate,
		    const struct bundles *bundles, EVP_MD_CTX *digest)
{
	bool good = digest_text(digest, &gate->spiffe, sizeof(gate->spiffe));
	size_t i;

	for (i = 0; i < bundles->count; i++)
		good = good && digest_text(digest, domain_of(gate, i),
					   strlen(domain_of(gate, i))) &&
		       digest_text(digest, bundles->file[i].data,
				   bundles->file[i].size);
	return good;
}

static void domains_free(struct domains *trust)
{
	size_t i;

	for (i = 0; i < trust->count; i++) {
		free(trust->trusted[i].domain);
		sk_X509_pop_free(trust->trusted[i].ca, X509_free);
	}
	free(trust->trusted);
	free(trust);
}

static void on_free(void *ctx, void *trust, CRYPTO_EX_DATA *data, int index,
		    long argl, void *argp)
{
	(void)ctx;
	(void)data;
	(void)index;
	(void)argl;
	(void)argp;
	if (trust)
		domains_free(trust);
}

static STACK_OF(X509) *find_domain(const struct domains *trust, const char *id)
{
	STACK_OF(X509) *found = NULL;
	char *domain = spiffe_domain(id);
	size_t i;

	for (i = 0; i < trust->count && !found; i++)
		if (!strcmp(trust->trusted[i].domain, domain))
			found = trust->trusted[i].ca;
	free(domain);
	return found;
}

static int refuse(X509_STORE_CTX *store, int error, char *sentence)
{
	verdict_note(store, sentence);
	X509_STORE_CTX_set_error(store, error);
	return 0;
}

/* False, and refused, when the certificate's own trust domain has no CA. */
static bool choose_trust(X509_STORE_CTX *store, const struct domains *trust,
			 const char *id)
{
	STACK_OF(X509) *ca;

	if (!trust->count)
		return true;
	ca = find_domain(trust, id);
	if (ca) {
		X509_STORE_CTX_set0_trusted_stack(store, ca);
		return true;
	}
	refuse(store, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
	       xasprintf("there is no bundle for the trust domain of %s", id));
	return false;
}

static int check_signers(X509_STORE_CTX *store)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(store);
	int i;

	for (i = 1; i < sk_X509_num(chain); i++) {
		char *error = svid_check_signer(sk_X509_value(chain, i));

		if (error)
			return refuse(store, X509_V_ERR_CERT_REJECTED, error);
	}
	return 1;
}

/* In place of X509_verify_cert(), which does the path. */
static int verify(X509_STORE_CTX *store, void *arg)
{
	X509 *leaf = X509_STORE_CTX_get0_cert(store);
	const struct domains *trust = arg;
	char *id, *error;
	bool known;
	int good;

	id = svid_id(leaf, &error);
	if (!id)
		return refuse(store, X509_V_ERR_CERT_REJECTED, error);
	error = svid_check_leaf(leaf);
	if (error) {
		free(id);
		return refuse(store, X509_V_ERR_CERT_REJECTED, error);
	}
	known = choose_trust(store, trust, id);
	free(id);
	if (!known)
		return 0;
	good = X509_verify_cert(store);
	return good > 0 ? check_signers(store) : good;
}

static bool add_domain(const struct gate_config *gate, struct trusted *out,
		       SSL_CTX *ctx, struct report *report)
{
	struct place place = config_place(gate, GATE_SPIFFE_BUNDLES);
	int i;

	for (i = 0; i < sk_X509_num(out->ca); i++) {
		if (SSL_CTX_add_client_CA(ctx, sk_X509_value(out->ca, i)))
			continue;
		report_add(report, SEVERITY_ERROR, &place, "%s: %s",
			   out->domain, openssl_reason());
		return false;
	}
	return true;
}

static bool make_trust(const struct gate_config *gate,
		       const struct bundles *bundles, struct domains *trust,
		       SSL_CTX *ctx, OSSL_LIB_CTX *lib, struct report *report)
{
	bool good = true;
	size_t i;

	trust->count = bundles->count;
	trust->trusted = xcalloc(trust->count, sizeof(*trust->trusted));
	for (i = 0; i < bundles->count; i++) {
		struct trusted *one = &trust->trusted[i];

		one->domain = xstrdup(domain_of(gate, i));
		one->ca = parse(gate, bundles, i, lib, report);
		good &= one->ca && add_domain(gate, one, ctx, report);
	}
	return good;
}

bool bundles_enforce(const struct gate_config *gate,
		     const struct bundles *bundles, SSL_CTX *ctx,
		     OSSL_LIB_CTX *lib, struct report *report)
{
	static int index = -1;
	struct domains *trust;

	if (!gate->spiffe)
		return true;
	/* Contexts are made by the main thread alone. */
	if (index < 0)
		index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, on_free);
	trust = xcalloc(1, sizeof(*trust));
	if (!SSL_CTX_set_ex_data(ctx, index, trust)) {
		domains_free(trust);
		abort();
	}
	SSL_CTX_set_cert_verify_callback(ctx, verify, trust);
	return make_trust(gate, bundles, trust, ctx, lib, report);
}
