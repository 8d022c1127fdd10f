// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "dn.h"
#include "mem.h"
#include "spiffe.h"
#include "svid.h"

/* Of a wrong URI, which may be anything, so many bytes are told. */
#define SHOWN_MAX 300

/* X509_get_ext_d2i() says by these that there is no such extension, or two. */
#define NO_EXTENSION	-1
#define TWICE		-2

/* Printable whatever it holds: it goes to the log. */
static char *shown(const ASN1_STRING *uri)
{
	const unsigned char *data = ASN1_STRING_get0_data(uri);
	int size = ASN1_STRING_length(uri), i;
	struct text out = {};

	text_add(&out, "", 0);
	for (i = 0; i < size && i < SHOWN_MAX; i++) {
		if (data[i] > ' ' && data[i] < 0x7f)
			text_add(&out, (const char *)&data[i], 1);
		else
			text_printf(&out, "\\x%02x", data[i]);
	}
	if (i < size)
		text_puts(&out, "...");
	return out.data;
}

/* "certificate CN=x: WHAT"; takes what. */
static char *about(const char *kind, X509 *certificate, char *what)
{
	char *subject = dn_print(X509_get_subject_name(certificate));
	char *text;

	text = xasprintf("%s %s is no X.509-SVID: %s", kind,
			 *subject ? subject : "without a subject", what);
	free(subject);
	free(what);
	return text;
}

/* How many URIs there are among the names, and the last of them. */
static unsigned int count_uris(const GENERAL_NAMES *names,
			       const ASN1_STRING **uri)
{
	unsigned int count = 0;
	int i;

	for (i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type != GEN_URI)
			continue;
		*uri = name->d.uniformResourceIdentifier;
		count++;
	}
	return count;
}

static char *check_uri(const ASN1_STRING *uri)
{
	const char *data = (const char *)ASN1_STRING_get0_data(uri);
	size_t size = ASN1_STRING_length(uri), scheme = strlen(SPIFFE_SCHEME);
	char *error = spiffe_check_id(data, size);
	char *text, *told;

	if (!error && !memchr(data + scheme, '/', size - scheme))
		error = xstrdup("it has no path, so it names a trust domain and no workload");
	if (!error)
		return NULL;
	text = shown(uri);
	told = xasprintf("its URI %s is not valid: %s", text, error);
	free(text);
	free(error);
	return told;
}

static char *no_names(int critical)
{
	return xstrdup(critical == NO_EXTENSION ?
		       "it has no subjectAltName" : critical == TWICE ?
		       "it has two subjectAltName extensions" :
		       "its subjectAltName is damaged");
}

static char *check_names(X509 *leaf, const GENERAL_NAMES *names, int critical,
			 const ASN1_STRING **uri)
{
	unsigned int count = count_uris(names, uri);

	if (!count)
		return xstrdup("it has no URI in its subjectAltName");
	if (count > 1)
		return xasprintf("it has %u URIs in its subjectAltName, where one is allowed",
				 count);
	if (!critical && !X509_NAME_entry_count(X509_get_subject_name(leaf)))
		return xstrdup("it has no subject, and a subjectAltName that is not critical");
	return check_uri(*uri);
}

char *svid_id(X509 *leaf, char **error)
{
	const ASN1_STRING *uri = NULL;
	GENERAL_NAMES *names;
	char *id = NULL, *what;
	int critical;

	names = X509_get_ext_d2i(leaf, NID_subject_alt_name, &critical, NULL);
	what = names ? check_names(leaf, names, critical, &uri) :
	       no_names(critical);
	if (what)
		*error = about("certificate", leaf, what);
	else
		id = xstrndup((const char *)ASN1_STRING_get0_data(uri),
			      ASN1_STRING_length(uri));
	GENERAL_NAMES_free(names);
	return id;
}

static const char *leaf_usage(X509 *leaf)
{
	int at = X509_get_ext_by_NID(leaf, NID_key_usage, -1);
	uint32_t usage = X509_get_key_usage(leaf);

	if (at < 0)
		return "it has no keyUsage";
	if (!X509_EXTENSION_get_critical(X509_get_ext(leaf, at)))
		return "its keyUsage is not critical";
	if (usage & KU_KEY_CERT_SIGN)
		return "its keyUsage has keyCertSign, which is a CA's";
	if (usage & KU_CRL_SIGN)
		return "its keyUsage has cRLSign, which is a CA's";
	if (!(usage & KU_DIGITAL_SIGNATURE))
		return "its keyUsage lacks digitalSignature";
	return NULL;
}

/* The extension may be left out; if it is there, it has both. */
static const char *leaf_purpose(X509 *leaf, uint32_t flags)
{
	uint32_t purpose = X509_get_extended_key_usage(leaf);

	if (!(flags & EXFLAG_XKUSAGE))
		return NULL;
	if (!(purpose & XKU_SSL_CLIENT))
		return "its extendedKeyUsage lacks clientAuth";
	if (!(purpose & XKU_SSL_SERVER))
		return "its extendedKeyUsage lacks serverAuth";
	return NULL;
}

char *svid_check_leaf(X509 *leaf)
{
	uint32_t flags = X509_get_extension_flags(leaf);
	const char *what = NULL;

	if (flags & EXFLAG_INVALID)
		what = "its extensions are damaged";
	else if (flags & EXFLAG_CA)
		what = "it is a CA's (basicConstraints)";
	if (!what)
		what = leaf_usage(leaf);
	if (!what)
		what = leaf_purpose(leaf, flags);
	return what ? about("certificate", leaf, xstrdup(what)) : NULL;
}

/* A URI of another scheme is no business of SPIFFE's. */
static bool is_workload(const ASN1_STRING *uri)
{
	const char *data = (const char *)ASN1_STRING_get0_data(uri);
	size_t size = ASN1_STRING_length(uri), scheme = strlen(SPIFFE_SCHEME);

	return size >= scheme && !memcmp(data, SPIFFE_SCHEME, scheme) &&
	       memchr(data + scheme, '/', size - scheme);
}

char *svid_check_signer(X509 *signer)
{
	GENERAL_NAMES *names;
	char *error = NULL, *uri;
	int critical, i;

	names = X509_get_ext_d2i(signer, NID_subject_alt_name, &critical,
				 NULL);
	for (i = 0; !error && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type != GEN_URI ||
		    !is_workload(name->d.uniformResourceIdentifier))
			continue;
		uri = shown(name->d.uniformResourceIdentifier);
		error = about("signing certificate", signer,
			      xasprintf("its URI %s has a path, as only a workload's has",
					uri));
		free(uri);
	}
	GENERAL_NAMES_free(names);
	return error;
}
