// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "certs.h"
#include "dn.h"
#include "mem.h"

/* A certificate that ends within so many days is warned of. */
#define WARN_DAYS 14

const char *openssl_reason(void)
{
	unsigned long code = ERR_get_error();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;

	ERR_clear_error();
	return reason ? reason : "no reason given by OpenSSL";
}

void cert_time_print(const ASN1_TIME *when, char out[CERT_TIME_TEXT])
{
	struct tm tm;

	if (!ASN1_TIME_to_tm(when, &tm) ||
	    !strftime(out, CERT_TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm))
		snprintf(out, CERT_TIME_TEXT, "an unreadable date");
}

static bool read_file(const struct gate_config *gate, enum gate_key key,
		      const char *path, struct blob *out,
		      struct report *report)
{
	struct place place = config_place(gate, key);
	char *error = file_read(path, out);

	if (!error)
		return true;
	report_add(report, SEVERITY_ERROR, &place, "%s", error);
	free(error);
	return false;
}

bool cert_files_read(const struct gate_config *gate, struct cert_files *out,
		     struct report *report)
{
	bool good;

	memset(out, 0, sizeof(*out));
	good = read_file(gate, GATE_CERTIFICATE, gate->certificate,
			 &out->certificate, report);
	good &= read_file(gate, GATE_PRIVATE_KEY, gate->private_key, &out->key,
			  report);
	if (gate->client_ca && gate->client_auth != CLIENT_AUTH_NONE)
		good &= read_file(gate, GATE_CLIENT_CA, gate->client_ca,
				  &out->ca, report);
	good &= bundles_read(gate, &out->bundles, report);
	if (!good)
		cert_files_free(out);
	return good;
}

bool cert_files_equal(const struct cert_files *a, const struct cert_files *b)
{
	return blob_equal(&a->certificate, &b->certificate) &&
	       blob_equal(&a->key, &b->key) && blob_equal(&a->ca, &b->ca);
}

void cert_files_free(struct cert_files *files)
{
	blob_free(&files->certificate);
	blob_free(&files->key);
	blob_free(&files->ca);
	bundles_free(&files->bundles);
}

STACK_OF(X509) *certs_parse_pem(const struct gate_config *gate,
				enum gate_key key, const char *path,
				const struct blob *blob, OSSL_LIB_CTX *lib,
				struct report *report)
{
	struct place place = config_place(gate, key);
	STACK_OF(X509) *all = sk_X509_new_null();
	BIO *bio = BIO_new_mem_buf(blob->data, blob->size);
	unsigned long code;

	for (;;) {
		X509 *one = X509_new_ex(lib, NULL);

		ERR_clear_error();
		if (!PEM_read_bio_X509(bio, &one, NULL, NULL)) {
			X509_free(one);
			break;
		}
		sk_X509_push(all, one);
	}
	BIO_free(bio);
	code = ERR_peek_last_error();
	if (ERR_GET_LIB(code) == ERR_LIB_PEM &&
	    ERR_GET_REASON(code) == PEM_R_NO_START_LINE &&
	    sk_X509_num(all) > 0) {
		ERR_clear_error();
		return all;
	}
	if (ERR_GET_REASON(code) == PEM_R_NO_START_LINE)
		report_add(report, SEVERITY_ERROR, &place,
			   "%s holds no certificate in PEM form", path);
	else
		report_add(report, SEVERITY_ERROR, &place,
			   "certificate %d of %s is damaged: %s",
			   sk_X509_num(all) + 1, path, openssl_reason());
	ERR_clear_error();
	sk_X509_pop_free(all, X509_free);
	return NULL;
}

/* There is nobody to ask for a passphrase. */
static int no_passphrase(char *buffer, int size, int writing, void *asked)
{
	(void)buffer;
	(void)size;
	(void)writing;
	*(bool *)asked = true;
	return -1;
}

static EVP_PKEY *parse_key(const struct gate_config *gate,
			   const struct blob *blob, OSSL_LIB_CTX *lib,
			   struct report *report)
{
	struct place place = config_place(gate, GATE_PRIVATE_KEY);
	BIO *bio = BIO_new_mem_buf(blob->data, blob->size);
	bool asked = false;
	EVP_PKEY *key;

	key = PEM_read_bio_PrivateKey_ex(bio, NULL, no_passphrase, &asked, lib,
					 NULL);
	BIO_free(bio);
	if (!key && asked)
		report_add(report, SEVERITY_ERROR, &place,
			   "%s is encrypted: store it without a passphrase, readable for root alone",
			   gate->private_key);
	else if (!key)
		report_add(report, SEVERITY_ERROR, &place,
			   "%s holds no private key in PEM form: %s",
			   gate->private_key, openssl_reason());
	ERR_clear_error();
	return key;
}

static bool check_match(const struct gate_config *gate,
			const struct certs *certs, struct report *report)
{
	struct place place = config_place(gate, GATE_PRIVATE_KEY);
	char *subject;
	int match;

	match = X509_check_private_key(certs->leaf, certs->key);
	ERR_clear_error();
	if (match == 1)
		return true;
	subject = dn_print(X509_get_subject_name(certs->leaf));
	report_add(report, SEVERITY_ERROR, &place,
		   "%s does not match certificate %s (%s)", gate->private_key,
		   gate->certificate, subject);
	free(subject);
	return false;
}

bool certs_parse(const struct gate_config *gate, const struct cert_files *files,
		 OSSL_LIB_CTX *lib, struct certs *out, struct report *report)
{
	bool good;

	memset(out, 0, sizeof(*out));
	out->chain = certs_parse_pem(gate, GATE_CERTIFICATE, gate->certificate,
				     &files->certificate, lib, report);
	if (out->chain)
		out->leaf = sk_X509_shift(out->chain);
	out->key = parse_key(gate, &files->key, lib, report);
	good = out->leaf && out->key && check_match(gate, out, report);
	if (files->ca.data) {
		out->ca = certs_parse_pem(gate, GATE_CLIENT_CA,
					  gate->client_ca, &files->ca, lib,
					  report);
		good &= out->ca != NULL;
	}
	if (!good)
		certs_free(out);
	return good;
}

void certs_free(struct certs *certs)
{
	X509_free(certs->leaf);
	sk_X509_pop_free(certs->chain, X509_free);
	EVP_PKEY_free(certs->key);
	sk_X509_pop_free(certs->ca, X509_free);
	memset(certs, 0, sizeof(*certs));
}

void certs_check_dates(const struct gate_config *gate, enum gate_key key,
		       X509 *certificate, enum severity severity,
		       struct report *report)
{
	const ASN1_TIME *until = X509_get0_notAfter(certificate);
	const ASN1_TIME *from = X509_get0_notBefore(certificate);
	struct place place = config_place(gate, key);
	time_t soon = time(NULL) + WARN_DAYS * 86400;
	char *subject = dn_print(X509_get_subject_name(certificate));
	char when[CERT_TIME_TEXT];
	int days, seconds;

	if (X509_cmp_current_time(until) < 0) {
		cert_time_print(until, when);
		report_add(report, severity, &place,
			   "certificate %s expired on %s", subject, when);
	} else if (X509_cmp_current_time(from) > 0) {
		cert_time_print(from, when);
		report_add(report, severity, &place,
			   "certificate %s is not valid before %s", subject,
			   when);
	} else if (X509_cmp_time(until, &soon) < 0 &&
		   ASN1_TIME_diff(&days, &seconds, NULL, until)) {
		report_add(report, SEVERITY_WARNING, &place,
			   "certificate %s ends in %d days", subject, days);
	}
	free(subject);
}

static void check_chain(const struct gate_config *gate,
			const struct certs *certs, struct report *report)
{
	struct place place = config_place(gate, GATE_CERTIFICATE);
	X509 *below = certs->leaf;
	int i;

	for (i = 0; i < sk_X509_num(certs->chain); i++) {
		X509 *issuer = sk_X509_value(certs->chain, i);
		char *name;

		if (X509_check_issued(issuer, below) != X509_V_OK) {
			name = dn_print(X509_get_subject_name(issuer));
			report_add(report, SEVERITY_WARNING, &place,
				   "certificate %d of %s (%s) did not issue the one before it",
				   i + 2, gate->certificate, name);
			free(name);
		}
		below = issuer;
	}
}

void certs_check(const struct gate_config *gate, const struct cert_files *files,
		 const struct certs *certs, enum severity dates,
		 struct report *report)
{
	struct place place = config_place(gate, GATE_CERTIFICATE);
	int i;

	certs_check_dates(gate, GATE_CERTIFICATE, certs->leaf, dates, report);
	check_chain(gate, certs, report);
	for (i = 0; i < sk_X509_num(certs->chain); i++)
		certs_check_dates(gate, GATE_CERTIFICATE,
				  sk_X509_value(certs->chain, i), dates,
				  report);
	if (X509_check_purpose(certs->leaf, X509_PURPOSE_SSL_SERVER, 0) != 1)
		report_add(report, SEVERITY_WARNING, &place,
			   "%s is not meant for servers (extendedKeyUsage without serverAuth): clients will refuse it",
			   gate->certificate);
	place = config_place(gate, GATE_PRIVATE_KEY);
	if (files->key.mode & 077)
		report_add(report, SEVERITY_WARNING, &place,
			   "%s is open to others (mode %04o): chmod 600",
			   gate->private_key, files->key.mode);
	bundles_check(gate, &files->bundles, NULL, report);
	if (!certs->ca)
		return;
	for (i = 0; i < sk_X509_num(certs->ca); i++)
		certs_check_dates(gate, GATE_CLIENT_CA,
				  sk_X509_value(certs->ca, i),
				  SEVERITY_WARNING, report);
}
