// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include "certs.h"
#include "mem.h"
#include "ocsphttp.h"
#include "ocspquery.h"

/* Clocks may differ by so many seconds. */
#define SKEW 300

/* Without nextUpdate an answer may be so many seconds old. */
#define AGE_MAX 86400

void ocsp_no_answer(struct ocsp_answer *answer, const char *format, ...)
{
	va_list args;

	memset(answer, 0, sizeof(*answer));
	answer->status = OCSP_NO_ANSWER;
	va_start(args, format);
	vsnprintf(answer->why, sizeof(answer->why), format, args);
	va_end(args);
}

static bool to_der(const X509 *certificate, struct blob *out)
{
	unsigned char *at;
	int size;

	size = certificate ? i2d_X509(certificate, NULL) : -1;
	if (size <= 0)
		return false;
	out->data = xcalloc(1, size);
	out->size = size;
	at = out->data;
	return i2d_X509(certificate, &at) == size;
}

bool ocsp_question_fill(struct ocsp_question *question, const X509 *leaf,
			const X509 *issuer, const char *url)
{
	memset(question, 0, sizeof(*question));
	if (!to_der(leaf, &question->leaf) ||
	    !to_der(issuer, &question->issuer)) {
		ocsp_question_clear(question);
		return false;
	}
	question->url = xstrdup(url);
	return true;
}

static void copy_blob(const struct blob *from, struct blob *to)
{
	*to = *from;
	to->data = xcalloc(1, from->size + 1);
	memcpy(to->data, from->data, from->size);
}

void ocsp_question_copy(const struct ocsp_question *from,
			struct ocsp_question *to)
{
	*to = *from;
	copy_blob(&from->leaf, &to->leaf);
	copy_blob(&from->issuer, &to->issuer);
	to->url = xstrdup(from->url);
}

void ocsp_question_clear(struct ocsp_question *question)
{
	blob_free(&question->leaf);
	blob_free(&question->issuer);
	free(question->url);
	memset(question, 0, sizeof(*question));
}

char *ocsp_responder_of(const X509 *certificate)
{
	STACK_OF(OPENSSL_STRING) *all;
	char *url = NULL;
	int i;

	all = X509_get1_ocsp((X509 *)certificate);
	for (i = 0; i < sk_OPENSSL_STRING_num(all) && !url; i++) {
		const char *one = sk_OPENSSL_STRING_value(all, i);

		if (!strncmp(one, "http://", 7))
			url = xstrdup(one);
	}
	X509_email_free(all);
	return url;
}

static X509 *from_der(const struct blob *der, OSSL_LIB_CTX *lib)
{
	X509 *certificate = X509_new_ex(lib, NULL);
	const unsigned char *at = der->data;

	if (d2i_X509(&certificate, &at, der->size))
		return certificate;
	X509_free(certificate);
	return NULL;
}

/* SHA-1 only names the issuer here, and is what each responder knows. */
static OCSP_REQUEST *make_request(const struct ocsp_question *question,
				  OCSP_CERTID *id)
{
	OCSP_REQUEST *request = OCSP_REQUEST_new();
	OCSP_CERTID *copy = OCSP_CERTID_dup(id);

	if (request && copy && OCSP_request_add0_id(request, copy) &&
	    (!question->nonce || OCSP_request_add1_nonce(request, NULL, -1)))
		return request;
	OCSP_REQUEST_free(request);
	return NULL;
}

/*
 * Signed by the issuer itself, or by one whom it delegated: a certificate of
 * the issuer's with OCSPSigning. Nobody else is believed.
 */
static bool verify(OCSP_BASICRESP *basic, X509 *issuer)
{
	STACK_OF(X509) *certificates = sk_X509_new_null();
	X509_STORE *store = X509_STORE_new();
	bool good;

	X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
	good = X509_STORE_add_cert(store, issuer) &&
	       sk_X509_push(certificates, issuer) &&
	       OCSP_basic_verify(basic, certificates, store, 0) == 1;
	X509_STORE_free(store);
	sk_X509_free(certificates);
	return good;
}

static int64_t seconds_of(const ASN1_GENERALIZEDTIME *when)
{
	struct tm tm;

	return when && ASN1_TIME_to_tm(when, &tm) ? timegm(&tm) : 0;
}

static void judge_status(OCSP_BASICRESP *basic, OCSP_CERTID *id,
			 struct ocsp_answer *answer)
{
	/* Left as they are when nothing was revoked. */
	ASN1_GENERALIZEDTIME *revoked = NULL, *from, *until;
	int status, reason = -1;

	if (!OCSP_resp_find_status(basic, id, &status, &reason, &revoked, &from,
				   &until)) {
		ocsp_no_answer(answer, "the response is about another certificate");
		return;
	}
	if (!OCSP_check_validity(from, until, SKEW, until ? -1 : AGE_MAX)) {
		ocsp_no_answer(answer, "the response is not of today: %s",
			       openssl_reason());
		return;
	}
	if (status == V_OCSP_CERTSTATUS_UNKNOWN) {
		ocsp_no_answer(answer, "it does not know the certificate (status unknown)");
		return;
	}
	memset(answer, 0, sizeof(*answer));
	answer->status = status == V_OCSP_CERTSTATUS_GOOD ? OCSP_GOOD :
			 OCSP_REVOKED;
	answer->reason = reason;
	answer->revoked_at = seconds_of(revoked);
	answer->next_update = seconds_of(until);
}

static void judge_response(OCSP_RESPONSE *response, OCSP_REQUEST *request,
			   const struct ocsp_question *question,
			   OCSP_CERTID *id, X509 *issuer,
			   struct ocsp_answer *answer)
{
	int status = OCSP_response_status(response);
	OCSP_BASICRESP *basic;

	if (status != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
		ocsp_no_answer(answer, "it said %s",
			       OCSP_response_status_str(status));
		return;
	}
	basic = OCSP_response_get1_basic(response);
	if (!basic)
		ocsp_no_answer(answer, "the response is of a kind that is not known here");
	else if (question->nonce && OCSP_check_nonce(request, basic) != 1)
		ocsp_no_answer(answer, "the response has not the nonce of the request (ocsp-nonce)");
	else if (!verify(basic, issuer))
		ocsp_no_answer(answer, "the response is not signed by the certificate's issuer, nor by whom that delegated: %s",
			       openssl_reason());
	else
		judge_status(basic, id, answer);
	OCSP_BASICRESP_free(basic);
}

static void keep(OCSP_RESPONSE *response, struct blob *der)
{
	unsigned char *at;
	int size = i2d_OCSP_RESPONSE(response, NULL);

	if (size <= 0)
		return;
	der->data = xcalloc(1, size);
	der->size = size;
	at = der->data;
	i2d_OCSP_RESPONSE(response, &at);
}

void ocsp_query(const struct ocsp_question *question, OSSL_LIB_CTX *lib,
		int stop_fd, struct ocsp_answer *answer, struct blob *der)
{
	X509 *leaf = from_der(&question->leaf, lib);
	X509 *issuer = from_der(&question->issuer, lib);
	OCSP_RESPONSE *response = NULL;
	OCSP_REQUEST *request = NULL;
	OCSP_CERTID *id = NULL;

	ERR_clear_error();
	ocsp_no_answer(answer, "no memory for the question");
	if (leaf && issuer)
		id = OCSP_cert_to_id(EVP_sha1(), leaf, issuer);
	if (id)
		request = make_request(question, id);
	if (request)
		response = ocsp_http(question, request, stop_fd, answer);
	if (response) {
		judge_response(response, request, question, id, issuer, answer);
		if (der && answer->status != OCSP_NO_ANSWER)
			keep(response, der);
	}
	ERR_clear_error();
	OCSP_RESPONSE_free(response);
	OCSP_REQUEST_free(request);
	OCSP_CERTID_free(id);
	X509_free(issuer);
	X509_free(leaf);
}
