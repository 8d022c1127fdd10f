// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files of CRLs. An even first byte: the rest is a file as it is, which is refused
 * with a reason if it is not of a CA of the gate. Odd: the rest is one
 * CRL in DER, signed again by the gate's CA; then it is taken whole, or refused
 * with a reason, and who is on it is revoked and nobody else.
 */
#include <openssl/pem.h>

#include "../fuzz.h"
#include "crlset.h"

static struct crls *read_file(const char *path)
{
	struct report report = { .file = "fuzz" };
	char *paths[] = { (char *)path };
	struct gate_config gate = {
		.name = "fuzz", .crl = { .text = paths, .count = 1 },
	};
	struct certs certs = { .ca = sk_X509_new_null() };
	struct crls *crls;

	must(sk_X509_push(certs.ca, fuzz_ca()));
	crls = crls_read(&gate, &certs, NULL, SEVERITY_ERROR, &report);
	must(!crls == (report.errors > 0));
	sk_X509_free(certs.ca);
	report_free(&report);
	return crls;
}

static bool passes(const struct crls *crls, const ASN1_INTEGER *serial)
{
	static char subject[] = "CN=someone", issuer[] = "CN=fuzz-ca";
	struct identity identity = {
		.subject = subject, .issuer = issuer, .chain_count = 1,
	};
	struct verdict verdict;
	uint8_t alert = 0;
	bool good;

	must(chain_link_of(fuzz_ca(), &identity.chain[0]));
	memset(identity.chain[0].serial, 0, SERIAL_MAX);
	identity.chain[0].serial_size = serial_take(serial,
						    identity.chain[0].serial);
	verdict_init(&verdict);
	good = crl_judge(crls, &identity, &verdict, &alert);
	must(good == !verdict.reason);
	must(good || alert == SSL_AD_CERTIFICATE_REVOKED);
	verdict_free(&verdict);
	return good;
}

static bool lists(X509_CRL *crl, const ASN1_INTEGER *serial)
{
	STACK_OF(X509_REVOKED) *all = X509_CRL_get_REVOKED(crl);
	uint8_t wanted[SERIAL_MAX], one[SERIAL_MAX];
	unsigned int size = serial_take(serial, wanted);
	int i;

	for (i = 0; i < sk_X509_REVOKED_num(all); i++)
		if (serial_take(X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(all, i)),
				one) == size && !memcmp(one, wanted, size))
			return true;
	return false;
}

static void check_signed(X509_CRL *crl)
{
	STACK_OF(X509_REVOKED) *all = X509_CRL_get_REVOKED(crl);
	unsigned char *der = NULL;
	ASN1_INTEGER *other = ASN1_INTEGER_new();
	ASN1_TIME *when = ASN1_TIME_new();
	struct crls *crls;
	int size, i;

	must(X509_CRL_set_issuer_name(crl, X509_get_subject_name(fuzz_ca())));
	must(X509_gmtime_adj(when, 86400) && X509_CRL_set1_nextUpdate(crl, when));
	size = X509_CRL_sign(crl, fuzz_key(), NULL) ? i2d_X509_CRL(crl, &der) :
	       -1;
	crls = size > 0 ? read_file(fuzz_file(der, size)) : NULL;
	for (i = 0; crls && i < sk_X509_REVOKED_num(all); i++)
		must(!passes(crls, X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(all, i))));
	for (i = 0; crls && i < 4; i++) {
		must(ASN1_INTEGER_set(other, i << (7 * i)));
		must(passes(crls, other) == !lists(crl, other));
	}
	crls_free(crls);
	ASN1_INTEGER_free(other);
	ASN1_TIME_free(when);
	OPENSSL_free(der);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	const unsigned char *at;
	X509_CRL *crl;

	if (!(fuzz_byte(&in) & 1)) {
		crls_free(read_file(fuzz_file(in.data, in.size)));
		return 0;
	}
	at = in.data;
	crl = d2i_X509_CRL(NULL, &at, in.size);
	if (crl)
		check_signed(crl);
	X509_CRL_free(crl);
	return 0;
}
