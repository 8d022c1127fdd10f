// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "certs.h"
#include "choice.h"
#include "dn.h"
#include "mem.h"
#include "token.h"

static bool told(char *error, const struct gate_config *gate,
		 const struct pair_config *pair, enum pair_key key,
		 struct report *report)
{
	struct place place = config_pair_place(gate, pair, key);

	if (!error)
		return true;
	report_add(report, SEVERITY_ERROR, &place, "%s", error);
	free(error);
	return false;
}

static bool read_pair(const struct gate_config *gate,
		      const struct pair_config *pair, struct pair_files *out,
		      struct report *report)
{
	bool good;

	good = told(file_read(pair->certificate, &out->certificate), gate,
		    pair, PAIR_CERTIFICATE, report);
	if (!token_is_uri(pair->private_key))
		good &= told(file_read(pair->private_key, &out->key), gate,
			     pair, PAIR_PRIVATE_KEY, report);
	if (pair->passphrase_file)
		good &= told(passphrase_read(pair->passphrase_file,
					     &out->passphrase), gate, pair,
			     PAIR_PASSPHRASE_FILE, report);
	return good;
}

bool cert_files_read(const struct gate_config *gate, struct cert_files *out,
		     struct report *report)
{
	bool good = true;
	size_t i;

	memset(out, 0, sizeof(*out));
	out->pair_count = gate->pair_count;
	out->pairs = xcalloc(out->pair_count, sizeof(*out->pairs));
	for (i = 0; i < out->pair_count; i++)
		good &= read_pair(gate, &gate->pairs[i], &out->pairs[i],
				  report);
	good &= trust_read(gate, &out->trust, report);
	good &= bundles_read(gate, &out->bundles, report);
	if (!good)
		cert_files_free(out);
	return good;
}

void cert_files_free(struct cert_files *files)
{
	size_t i;

	for (i = 0; i < files->pair_count; i++) {
		blob_free(&files->pairs[i].certificate);
		blob_free(&files->pairs[i].key);
		blob_free(&files->pairs[i].passphrase);
	}
	free(files->pairs);
	trust_free(&files->trust);
	bundles_free(&files->bundles);
	memset(files, 0, sizeof(*files));
}

static bool check_match(const struct pair_config *config,
			const struct pair *pair,
			const struct material *material)
{
	char *subject = dn_print(X509_get_subject_name(pair->leaf));
	bool match = true;
	char *reason;

	if (token_is_uri(config->private_key)) {
		reason = token_try(pair->key, pair->leaf, material->lib);
		match = !reason;
		if (reason)
			material_error(material, "%s does not serve certificate %s (%s): %s",
				       config->private_key,
				       config->certificate, subject, reason);
		free(reason);
	} else if (X509_check_private_key(pair->leaf, pair->key) != 1) {
		match = false;
		material_error(material, "%s does not match certificate %s (%s)",
			       config->private_key, config->certificate,
			       subject);
	}
	free(subject);
	return match;
}

static bool parse_pair(const struct gate_config *gate,
		       const struct pair_config *config,
		       const struct pair_files *files, OSSL_LIB_CTX *lib,
		       struct pair *out, struct report *report)
{
	struct material material = {
		.place = config_pair_place(gate, config, PAIR_CERTIFICATE),
		.path = config->certificate, .blob = &files->certificate,
		.passphrase.path = config->passphrase_file,
		.passphrase.blob = &files->passphrase,
		.lib = lib, .report = report,
	};

	out->chain = material_certificates(&material);
	if (out->chain)
		out->leaf = sk_X509_shift(out->chain);
	material.place = config_pair_place(gate, config, PAIR_PRIVATE_KEY);
	material.path = config->private_key;
	material.blob = &files->key;
	out->key = material_key(&material);
	return out->leaf && out->key && check_match(config, out, &material);
}

bool certs_parse(const struct gate_config *gate, const struct cert_files *files,
		 OSSL_LIB_CTX *lib, struct certs *out, struct report *report)
{
	bool good = true;
	size_t i;

	memset(out, 0, sizeof(*out));
	out->count = files->pair_count;
	out->pairs = xcalloc(out->count, sizeof(*out->pairs));
	for (i = 0; i < out->count; i++)
		good &= parse_pair(gate, &gate->pairs[i], &files->pairs[i],
				   lib, &out->pairs[i], report);
	good &= trust_parse(gate, &files->trust, lib, &out->ca, report);
	out->bundled = bundles_all(gate, &files->bundles, lib);
	if (!good)
		certs_free(out);
	return good;
}

void certs_free(struct certs *certs)
{
	size_t i;

	for (i = 0; i < certs->count; i++) {
		X509_free(certs->pairs[i].leaf);
		sk_X509_pop_free(certs->pairs[i].chain, X509_free);
		EVP_PKEY_free(certs->pairs[i].key);
	}
	free(certs->pairs);
	sk_X509_pop_free(certs->ca, X509_free);
	sk_X509_pop_free(certs->bundled, X509_free);
	memset(certs, 0, sizeof(*certs));
}

const char *pair_key_type(const struct pair *pair)
{
	return EVP_PKEY_get0_type_name(X509_get0_pubkey(pair->leaf));
}

static void check_chain(const struct pair_config *config,
			const struct pair *pair, const struct place *place,
			struct report *report)
{
	X509 *below = pair->leaf;
	int i;

	for (i = 0; i < sk_X509_num(pair->chain); i++) {
		X509 *issuer = sk_X509_value(pair->chain, i);
		char *name;

		if (X509_check_issued(issuer, below) != X509_V_OK) {
			name = dn_print(X509_get_subject_name(issuer));
			report_add(report, SEVERITY_WARNING, place,
				   "certificate %d of %s (%s) did not issue the one before it",
				   i + 2, config->certificate, name);
			free(name);
		}
		below = issuer;
	}
}

static void check_mode(const struct gate_config *gate,
		       const struct pair_config *pair, enum pair_key key,
		       const char *path, const struct blob *blob,
		       struct report *report)
{
	struct place place = config_pair_place(gate, pair, key);

	if (blob->mode & 077)
		report_add(report, SEVERITY_WARNING, &place,
			   "%s is open to others (mode %04o): chmod 600",
			   path, blob->mode);
}

static void check_pair(const struct gate_config *gate,
		       const struct pair_config *config,
		       const struct pair_files *files, const struct pair *pair,
		       enum severity dates, struct report *report)
{
	struct place place = config_pair_place(gate, config, PAIR_CERTIFICATE);
	int i;

	validity_check(pair->leaf, &place, dates, report);
	check_chain(config, pair, &place, report);
	for (i = 0; i < sk_X509_num(pair->chain); i++)
		validity_check(sk_X509_value(pair->chain, i), &place, dates,
			       report);
	if (X509_check_purpose(pair->leaf, X509_PURPOSE_SSL_SERVER, 0) != 1)
		report_add(report, SEVERITY_WARNING, &place,
			   "%s is not meant for servers (extendedKeyUsage without serverAuth): clients will refuse it",
			   config->certificate);
	check_mode(gate, config, PAIR_PRIVATE_KEY, config->private_key,
		   &files->key, report);
	check_mode(gate, config, PAIR_PASSPHRASE_FILE, config->passphrase_file,
		   &files->passphrase, report);
}

/* Of two with one type of key and a name in common only the first is shown. */
static void check_rivals(const struct gate_config *gate,
			 const struct certs *certs, size_t second,
			 struct report *report)
{
	const struct pair *pair = &certs->pairs[second];
	struct place place = config_pair_place(gate, &gate->pairs[second],
					       PAIR_CERTIFICATE);
	size_t i;

	for (i = 0; i < second; i++) {
		char *name;

		if (strcmp(pair_key_type(&certs->pairs[i]),
			   pair_key_type(pair)))
			continue;
		name = choice_common_name(&certs->pairs[i], pair);
		if (!name)
			continue;
		report_add(report, SEVERITY_WARNING, &place,
			   "%s is not shown to clients that ask for %s: %s has that name and a key of the same type (%s), and stands first",
			   gate->pairs[second].certificate, name,
			   gate->pairs[i].certificate, pair_key_type(pair));
		free(name);
		return;
	}
}

void certs_check(const struct gate_config *gate, const struct cert_files *files,
		 const struct certs *certs, enum severity dates,
		 struct report *report)
{
	size_t i;

	for (i = 0; i < certs->count; i++) {
		check_pair(gate, &gate->pairs[i], &files->pairs[i],
			   &certs->pairs[i], dates, report);
		check_rivals(gate, certs, i, report);
	}
	if (certs->ca)
		trust_check(gate, certs->ca, report);
	bundles_check(gate, &files->bundles, NULL, report);
}
