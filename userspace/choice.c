// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "choice.h"
#include "mem.h"

static int ex_index = -1;

struct choice {
	struct pair *pairs;
	size_t count;
};

static void choice_free(struct choice *choice)
{
	size_t i;

	for (i = 0; choice && i < choice->count; i++) {
		X509_free(choice->pairs[i].leaf);
		sk_X509_pop_free(choice->pairs[i].chain, X509_free);
		EVP_PKEY_free(choice->pairs[i].key);
	}
	if (choice)
		free(choice->pairs);
	free(choice);
}

static void on_free(void *parent, void *data, CRYPTO_EX_DATA *ex, int index,
		    long argl, void *argp)
{
	(void)parent;
	(void)ex;
	(void)index;
	(void)argl;
	(void)argp;
	choice_free(data);
}

void choice_open(void)
{
	ex_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, on_free);
}

/* Case does not count, and a wildcard stands for one label (RFC 6125). */
static bool has_name(const struct pair *pair, const char *name)
{
	return X509_check_host(pair->leaf, name, 0,
			       X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
			       NULL) == 1;
}

/* A name of @a that @b is good for, too; "*.x" is one for any of its. */
static char *name_of_both(const struct pair *a, const struct pair *b)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(a->leaf, NID_subject_alt_name,
						NULL, NULL);
	char *found = NULL;
	int i;

	for (i = 0; i < sk_GENERAL_NAME_num(names) && !found; i++) {
		const GENERAL_NAME *one = sk_GENERAL_NAME_value(names, i);
		char *name, *tried;

		if (one->type != GEN_DNS)
			continue;
		name = xstrndup((const char *)
				ASN1_STRING_get0_data(one->d.dNSName),
				ASN1_STRING_length(one->d.dNSName));
		tried = xasprintf("%s%s", *name == '*' ? "x" : "",
				  *name == '*' ? name + 1 : name);
		if (has_name(b, tried))
			found = xstrdup(name);
		free(tried);
		free(name);
	}
	GENERAL_NAMES_free(names);
	return found;
}

char *choice_common_name(const struct pair *a, const struct pair *b)
{
	char *name = name_of_both(a, b);

	return name ? name : name_of_both(b, a);
}

static bool has_type(const struct pair *const *set, size_t count,
		     const struct pair *pair)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!strcmp(pair_key_type(set[i]), pair_key_type(pair)))
			return true;
	return false;
}

/* Those with @name, of each type of key the first. */
static size_t choose(const struct choice *choice, const char *name,
		     const struct pair **set)
{
	size_t count = 0, i;

	for (i = 0; i < choice->count; i++) {
		const struct pair *pair = &choice->pairs[i];

		if (has_name(pair, name) && !has_type(set, count, pair))
			set[count++] = pair;
	}
	return count;
}

/*
 * Called for full handshakes, where a certificate is shown. The SSL comes with
 * the context's certificates, which are those for an unknown name.
 */
static int on_certificate(SSL *ssl, void *arg)
{
	const struct pair *set[CONFIG_MAX_PAIRS];
	const struct choice *choice = arg;
	const char *name;
	size_t count, i;

	name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	if (!name || !*name)
		return 1;
	count = choose(choice, name, set);
	if (!count)
		return 1;
	SSL_certs_clear(ssl);
	for (i = 0; i < count; i++)
		if (SSL_use_cert_and_key(ssl, set[i]->leaf, set[i]->key,
					 set[i]->chain, 1) != 1)
			return 0;
	return 1;
}

static bool add(SSL_CTX *ctx, const struct pair *pair)
{
	return SSL_CTX_use_cert_and_key(ctx, pair->leaf, pair->key,
					pair->chain, 1) == 1;
}

/* The first and, with other types of keys, those that share a name with it. */
static const struct pair *add_first(SSL_CTX *ctx, const struct certs *certs)
{
	const struct pair *set[CONFIG_MAX_PAIRS] = { &certs->pairs[0] };
	size_t count = 1, i;

	if (!add(ctx, set[0]))
		return set[0];
	for (i = 1; i < certs->count; i++) {
		const struct pair *pair = &certs->pairs[i];
		char *name;

		if (has_type(set, count, pair))
			continue;
		name = choice_common_name(set[0], pair);
		if (!name)
			continue;
		free(name);
		if (!add(ctx, pair))
			return pair;
		set[count++] = pair;
	}
	return NULL;
}

/* All of them now, so that none is refused when a client comes. */
static const struct pair *try_all(SSL_CTX *ctx, const struct certs *certs)
{
	SSL *ssl = SSL_new(ctx);
	size_t i;

	if (!ssl)
		return &certs->pairs[0];
	for (i = 0; i < certs->count; i++) {
		const struct pair *pair = &certs->pairs[i];

		if (SSL_use_cert_and_key(ssl, pair->leaf, pair->key,
					 pair->chain, 1) != 1)
			break;
	}
	SSL_free(ssl);
	return i < certs->count ? &certs->pairs[i] : NULL;
}

static struct choice *choice_new(const struct certs *certs)
{
	struct choice *choice = xcalloc(1, sizeof(*choice));
	size_t i;

	choice->count = certs->count;
	choice->pairs = xcalloc(choice->count, sizeof(*choice->pairs));
	for (i = 0; i < choice->count; i++) {
		struct pair *pair = &choice->pairs[i];

		*pair = certs->pairs[i];
		X509_up_ref(pair->leaf);
		EVP_PKEY_up_ref(pair->key);
		pair->chain = X509_chain_up_ref(certs->pairs[i].chain);
	}
	return choice;
}

const struct pair *choice_set(SSL_CTX *ctx, const struct certs *certs)
{
	const struct pair *refused = add_first(ctx, certs);
	struct choice *choice;

	if (refused || certs->count == 1)
		return refused;
	choice = choice_new(certs);
	SSL_CTX_set_ex_data(ctx, ex_index, choice);
	SSL_CTX_set_cert_cb(ctx, on_certificate, choice);
	return try_all(ctx, certs);
}
