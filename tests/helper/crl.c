// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A CRL of 100,000 entries as the helper reads it and judges by it: every
 * revoked serial is found, no other is. Prints what it took.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "../../userspace/crlset.h"

#define ENTRIES 100000

#define must(condition) do { \
	if (!(condition)) { \
		fprintf(stderr, "line %d: %s\n", __LINE__, #condition); \
		exit(1); \
	} \
} while (0)

static X509_NAME *name(const char *text)
{
	X509_NAME *out = X509_NAME_new();

	must(X509_NAME_add_entry_by_txt(out, "CN", MBSTRING_UTF8,
					(const unsigned char *)text, -1, -1,
					0));
	return out;
}

static X509 *authority(EVP_PKEY *key, const X509_NAME *subject)
{
	X509 *ca = X509_new();

	must(X509_set_version(ca, X509_VERSION_3));
	must(ASN1_INTEGER_set(X509_get_serialNumber(ca), 1));
	must(X509_set_subject_name(ca, subject));
	must(X509_set_issuer_name(ca, subject));
	must(X509_gmtime_adj(X509_getm_notBefore(ca), -60));
	must(X509_gmtime_adj(X509_getm_notAfter(ca), 86400));
	must(X509_set_pubkey(ca, key));
	must(X509_sign(ca, key, EVP_sha256()));
	return ca;
}

/* 20 bytes, not in the order of @number. */
static void serial_of(unsigned int number, uint8_t out[SERIAL_MAX])
{
	unsigned int size;

	must(EVP_Digest(&number, sizeof(number), out, &size, EVP_sha1(), NULL));
	must(size == SERIAL_MAX);
	out[0] = (out[0] & 0x7f) | 0x40;
}

static void add_entry(X509_CRL *crl, unsigned int number, const ASN1_TIME *when)
{
	X509_REVOKED *one = X509_REVOKED_new();
	ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();
	ASN1_INTEGER *serial = ASN1_INTEGER_new();
	uint8_t bytes[SERIAL_MAX];

	serial_of(number, bytes);
	must(ASN1_STRING_set(serial, bytes, sizeof(bytes)));
	must(X509_REVOKED_set_serialNumber(one, serial));
	must(X509_REVOKED_set_revocationDate(one, (ASN1_TIME *)when));
	must(ASN1_ENUMERATED_set(reason, number % 2 ? 1 : 4));
	must(X509_REVOKED_add1_ext_i2d(one, NID_crl_reason, reason, 0, 0));
	must(X509_CRL_add0_revoked(crl, one));
	ASN1_ENUMERATED_free(reason);
	ASN1_INTEGER_free(serial);
}

static void write_crl(const char *path, EVP_PKEY *key, const X509_NAME *issuer)
{
	ASN1_TIME *when = ASN1_TIME_set(NULL, time(NULL) - 60);
	X509_CRL *crl = X509_CRL_new();
	FILE *file = fopen(path, "w");
	unsigned int i;

	must(file);
	must(X509_CRL_set_version(crl, X509_CRL_VERSION_2));
	must(X509_CRL_set_issuer_name(crl, issuer));
	must(X509_CRL_set1_lastUpdate(crl, when));
	for (i = 0; i < ENTRIES; i++)
		add_entry(crl, i, when);
	ASN1_TIME_set(when, time(NULL) + 86400);
	must(X509_CRL_set1_nextUpdate(crl, when));
	must(X509_CRL_sign(crl, key, EVP_sha256()));
	must(PEM_write_X509_CRL(file, crl));
	must(!fclose(file));
	ASN1_TIME_free(when);
	X509_CRL_free(crl);
}

static void judge_all(const struct crls *crls, const X509_NAME *issuer)
{
	static char subject[] = "CN=someone";
	struct identity identity = { .subject = subject, .chain_count = 1 };
	struct chain_link *link = &identity.chain[0];
	unsigned int size = sizeof(link->issuer), i;

	must(X509_NAME_digest(issuer, EVP_sha256(), link->issuer, &size));
	link->serial_size = SERIAL_MAX;
	for (i = 0; i < 2 * ENTRIES; i++) {
		struct verdict verdict;
		uint8_t alert = 0;

		verdict_init(&verdict);
		serial_of(i, link->serial);
		must(crl_judge(crls, &identity, &verdict, &alert) ==
		     (i >= ENTRIES));
		must(i >= ENTRIES ||
		     (alert == SSL_AD_CERTIFICATE_REVOKED &&
		      strstr(verdict.reason, i % 2 ? "keyCompromise" :
			     "superseded")));
		verdict_free(&verdict);
	}
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

int main(void)
{
	char path[] = "/tmp/ktlsgate-crl-XXXXXX";
	char *files[] = { path };
	struct gate_config gate = {
		.name = path, .crl = { .text = files, .count = 1 },
	};
	struct report report = { .file = "test" };
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509_NAME *issuer = name("big-ca");
	X509 *ca = authority(key, issuer);
	struct certs certs = { .ca = sk_X509_new_null() };
	double began, read;
	struct crls *crls;

	must(sk_X509_push(certs.ca, ca));
	must(close(mkstemp(path)) == 0);
	write_crl(path, key, issuer);
	began = seconds();
	crls = crls_read(&gate, &certs, NULL, SEVERITY_ERROR, &report);
	unlink(path);
	if (!crls)
		report_log(&report);
	must(crls);
	must(!report.count);
	must(crls->count == 1 && crls->crl[0].count == ENTRIES);
	read = seconds();
	judge_all(crls, issuer);
	printf("%d entries read in %.3f s, %d judged in %.3f s\n", ENTRIES,
	       read - began, 2 * ENTRIES, seconds() - read);
	crls_free(crls);
	report_free(&report);
	sk_X509_pop_free(certs.ca, X509_free);
	X509_NAME_free(issuer);
	EVP_PKEY_free(key);
	return 0;
}
