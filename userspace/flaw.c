// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>

#include <openssl/x509v3.h>

#include "dn.h"
#include "flaw.h"
#include "mem.h"
#include "validity.h"

/*
 * OpenSSL is content with keyAgreement alone, but a client of TLS 1.2 or 1.3
 * signs; Java refuses it, too (RFC 8446 4.4.2.4).
 */
bool flaw_find(X509_STORE_CTX *store)
{
	X509 *certificate = X509_STORE_CTX_get_current_cert(store);

	if (X509_STORE_CTX_get_error_depth(store) || !certificate ||
	    X509_get_key_usage(certificate) & KU_DIGITAL_SIGNATURE)
		return false;
	X509_STORE_CTX_set_error(store, X509_V_ERR_INVALID_PURPOSE);
	return true;
}

void flaw_choose_alert(X509_STORE_CTX *store)
{
	switch (X509_STORE_CTX_get_error(store)) {
	case X509_V_ERR_CERT_NOT_YET_VALID:
		X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_HAS_EXPIRED);
		break;
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:
		X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
		break;
	}
}

static char *key_text(X509 *certificate, const char *subject)
{
	EVP_PKEY *key = X509_get0_pubkey(certificate);

	if (!key)
		return xasprintf("certificate %s has a key of a type that is not known here",
				 subject);
	return xasprintf("certificate %s has a key that is too weak (%s, %d bits)",
			 subject, EVP_PKEY_get0_type_name(key),
			 EVP_PKEY_get_bits(key));
}

static char *extension_text(X509 *certificate, const char *subject)
{
	char oid[80] = "of unknown name";
	int i;

	for (i = 0; i < X509_get_ext_count(certificate); i++) {
		X509_EXTENSION *one = X509_get_ext(certificate, i);

		if (X509_EXTENSION_get_critical(one) &&
		    !X509_supported_extension(one)) {
			OBJ_obj2txt(oid, sizeof(oid),
				    X509_EXTENSION_get_object(one), 0);
			break;
		}
	}
	return xasprintf("certificate %s has a critical extension that is not known here: %s",
			 subject, oid);
}

static char *date_text(const ASN1_TIME *when, const char *subject,
		       const char *what)
{
	char text[CERT_TIME_TEXT];

	cert_time_print(when, text);
	return xasprintf("certificate %s %s %s", subject, what, text);
}

/* The reason is the usage of a key, which is another for a CA than for a client. */
static char *purpose_text(X509 *certificate, const char *subject, int depth)
{
	if (X509_get_extended_key_usage(certificate) & XKU_SSL_CLIENT)
		return xasprintf(depth ?
				 "CA certificate %s may not issue any (keyUsage without keyCertSign)" :
				 "certificate %s is not meant for clients (keyUsage without digitalSignature)",
				 subject);
	return xasprintf(depth ?
			 "CA certificate %s is not meant for clients' (extendedKeyUsage without clientAuth)" :
			 "certificate %s is not meant for clients (extendedKeyUsage without clientAuth)",
			 subject);
}

/* A CA that the client sent itself: whose certificate that is tells more. */
static char *root_text(X509_STORE_CTX *store, const char *root)
{
	X509 *leaf = X509_STORE_CTX_get0_cert(store);
	char *subject = dn_print(X509_get_subject_name(leaf));
	char *text = xasprintf("issuer %s is not trusted (certificate %s)",
			       root, subject);

	free(subject);
	return text;
}

static char *sentence(X509_STORE_CTX *store, X509 *certificate,
		      const char *subject, const char *issuer)
{
	int error = X509_STORE_CTX_get_error(store);

	switch (error) {
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_CERT_UNTRUSTED:
		return xasprintf("issuer %s is not trusted (certificate %s)",
				 issuer, subject);
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		return root_text(store, subject);
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		return xasprintf("certificate %s is self-signed and not trusted",
				 subject);
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return date_text(X509_get0_notAfter(certificate), subject,
				 "expired on");
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return date_text(X509_get0_notBefore(certificate), subject,
				 "is not valid before");
	case X509_V_ERR_INVALID_PURPOSE:
		return purpose_text(certificate, subject,
				    X509_STORE_CTX_get_error_depth(store));
	case X509_V_ERR_INVALID_CA:
		return xasprintf("certificate %s is not a CA's, but has issued one (basicConstraints without CA:TRUE, or keyUsage without keyCertSign)",
				 subject);
	case X509_V_ERR_PATH_LENGTH_EXCEEDED:
		return xasprintf("CA certificate %s allows no more than %ld further CAs below it (pathlen)",
				 subject, X509_get_pathlen(certificate));
	case X509_V_ERR_CERT_CHAIN_TOO_LONG:
		return xasprintf("the chain is too long: no trusted certificate among the first %d (certificate %s)",
				 X509_STORE_CTX_get_error_depth(store),
				 subject);
	case X509_V_ERR_EE_KEY_TOO_SMALL:
	case X509_V_ERR_CA_KEY_TOO_SMALL:
		return key_text(certificate, subject);
	case X509_V_ERR_CA_MD_TOO_WEAK:
		return xasprintf("certificate %s has a signature that is too weak (%s)",
				 subject,
				 OBJ_nid2ln(X509_get_signature_nid(certificate)));
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:
		return xasprintf("certificate %s was changed, or %s did not issue it: its signature is wrong",
				 subject, issuer);
	case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION:
		return extension_text(certificate, subject);
	default:
		return xasprintf("certificate %s: %s", subject,
				 X509_verify_cert_error_string(error));
	}
}

char *flaw_text(X509_STORE_CTX *store)
{
	X509 *certificate = X509_STORE_CTX_get_current_cert(store);
	char *subject, *issuer, *text;

	if (!certificate)
		return xstrdup(X509_verify_cert_error_string(
				X509_STORE_CTX_get_error(store)));
	subject = dn_print(X509_get_subject_name(certificate));
	issuer = dn_print(X509_get_issuer_name(certificate));
	text = sentence(store, certificate, subject, issuer);
	free(subject);
	free(issuer);
	return text;
}
