// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "material.h"
#include "mem.h"
#include "pkcs12.h"
#include "token.h"

const char *openssl_reason(void)
{
	unsigned long code = ERR_get_error();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;

	ERR_clear_error();
	return reason ? reason : "no reason given by OpenSSL";
}

void material_error(const struct material *material, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = xvasprintf(format, args);
	va_end(args);
	report_add(material->report, SEVERITY_ERROR, &material->place, "%s",
		   text);
	free(text);
	ERR_clear_error();
}

static const unsigned char *find(const struct blob *blob, size_t from,
				 const char *text)
{
	return memmem(blob->data + from, blob->size - from, text,
		      strlen(text));
}

/* DER, which a PKCS#12 file is: a SEQUENCE, and no text that begins so. */
static bool is_der(const struct blob *blob)
{
	return blob->size > 2 && blob->data[0] == 0x30 &&
	       blob->data[1] & 0x80 && !find(blob, 0, "-----BEGIN ");
}

/* The line of the first block that begins at or after an offset. */
static int line_of_block(const struct blob *blob, size_t offset)
{
	const unsigned char *at = find(blob, offset, "-----BEGIN ");
	int line = 1;

	while (at && at-- > blob->data)
		line += *at == '\n';
	return line;
}

/*
 * How many certificates begin, or end, in the file. With a damaged BEGIN line
 * OpenSSL takes a certificate for text, of which there may be any, and without
 * an END line it skips the next one: the number of the lines betrays both.
 */
static int count_lines(const struct blob *blob, const char *mark)
{
	static const char label[] = "CERTIFICATE-----";
	const unsigned char *at, *end = blob->data + blob->size;
	int count = 0;

	for (at = find(blob, 0, mark); at;
	     at = find(blob, at + 1 - blob->data, mark)) {
		const unsigned char *eol = memchr(at, '\n', end - at);
		size_t length = (eol ? eol : end) - at;

		if (memmem(at, length, label, strlen(label)))
			count++;
	}
	return count;
}

static bool at_end(void)
{
	unsigned long code = ERR_peek_last_error();

	return ERR_GET_LIB(code) == ERR_LIB_PEM &&
	       ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
}

/* False at the end of the file, and when the next certificate is damaged. */
static bool read_certificate(BIO *bio, OSSL_LIB_CTX *lib,
			     STACK_OF(X509) *all)
{
	X509 *one = X509_new_ex(lib, NULL);

	ERR_clear_error();
	if (PEM_read_bio_X509(bio, &one, NULL, NULL)) {
		sk_X509_push(all, one);
		return true;
	}
	X509_free(one);
	return false;
}

static STACK_OF(X509) *pem_certificates(const struct material *material)
{
	const struct blob *blob = material->blob;
	int begins = count_lines(blob, "-----BEGIN ");
	int ends = count_lines(blob, "-----END ");
	STACK_OF(X509) *all = sk_X509_new_null();
	BIO *bio = BIO_new_mem_buf(blob->data, blob->size);
	size_t offset;

	do {
		offset = blob->size - BIO_pending(bio);
	} while (read_certificate(bio, material->lib, all));
	BIO_free(bio);
	if (!at_end())
		material_error(material, "certificate %d of %s (line %d) is damaged: %s",
			       sk_X509_num(all) + 1, material->path,
			       line_of_block(blob, offset), openssl_reason());
	else if (begins != sk_X509_num(all) || ends != sk_X509_num(all))
		material_error(material, "%s has %d BEGIN and %d END lines of certificates, but %d can be read: one of these lines is damaged",
			       material->path, begins, ends, sk_X509_num(all));
	else if (!sk_X509_num(all))
		material_error(material, "%s holds no certificate in PEM form",
			       material->path);
	else
		goto good;
	sk_X509_pop_free(all, X509_free);
	return NULL;
good:
	ERR_clear_error();
	return all;
}

STACK_OF(X509) *material_certificates(struct material *material)
{
	struct pkcs12 found;

	if (!is_der(material->blob))
		return pem_certificates(material);
	if (!pkcs12_read(material, &found))
		return NULL;
	EVP_PKEY_free(found.key);
	if (sk_X509_num(found.certificates) > 0)
		return found.certificates;
	material_error(material, "%s holds no certificate", material->path);
	sk_X509_free(found.certificates);
	return NULL;
}

static EVP_PKEY *pem_key(struct material *material)
{
	struct passphrase *passphrase = &material->passphrase;
	BIO *bio = BIO_new_mem_buf(material->blob->data, material->blob->size);
	EVP_PKEY *key;

	ERR_clear_error();
	key = PEM_read_bio_PrivateKey_ex(bio, NULL, passphrase_give, passphrase,
					 material->lib, NULL);
	BIO_free(bio);
	if (!key && passphrase->asked && !passphrase->path)
		material_error(material, "%s is encrypted: name the file with its passphrase by passphrase-file, or store the key without one, readable for root alone",
			       material->path);
	else if (!key && passphrase->asked)
		material_error(material, "%s is encrypted, and not with the passphrase in %s",
			       material->path, passphrase->path);
	else if (!key)
		material_error(material, "%s holds no private key in PEM form: %s",
			       material->path, openssl_reason());
	ERR_clear_error();
	return key;
}

EVP_PKEY *material_key(struct material *material)
{
	struct pkcs12 found;

	if (token_is_uri(material->path))
		return token_key(material);
	if (!is_der(material->blob))
		return pem_key(material);
	if (!pkcs12_read(material, &found))
		return NULL;
	sk_X509_pop_free(found.certificates, X509_free);
	if (!found.key)
		material_error(material, "%s holds no private key",
			       material->path);
	return found.key;
}
