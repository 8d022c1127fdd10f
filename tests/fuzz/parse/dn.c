// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names of certificates, in DER. What is printed is UTF-8 and, read back by RFC
 * 2253, gives each value again: no two names print alike.
 */
#include <openssl/asn1.h>

#include "../fuzz.h"
#include "dn.h"
#include "mem.h"

/* One value up to ',' or '+' that nothing escapes; *at stays on that. */
static void unescape(const char **at, struct text *out)
{
	const char *c = *at;

	text_add(out, "", 0);
	for (; *c && *c != ',' && *c != '+'; c++) {
		if (*c != '\\') {
			must(!strchr("=<>#;\"", *c));
			text_add(out, c, 1);
		} else if (!strncmp(c, "\\00", 3)) {
			text_add(out, "", 1);
			c += 2;
		} else {
			must(*++c);
			text_add(out, c, 1);
		}
	}
	*at = c;
}

static void check_string(const char **at, const ASN1_STRING *value)
{
	unsigned char *utf8 = NULL;
	int size = ASN1_STRING_to_UTF8(&utf8, value);
	struct text read = {};

	unescape(at, &read);
	must(size >= 0);
	must(read.length == (size_t)size &&
	     !memcmp(read.data, utf8, read.length));
	text_free(&read);
	OPENSSL_free(utf8);
}

static void check_hex(const char **at, const ASN1_STRING *value)
{
	unsigned char *der = NULL, *read;
	int size = i2d_ASN1_PRINTABLE(value, &der);
	size_t length = strcspn(*at, ",+");
	char *hex = xstrndup(*at, length);
	long got;

	must(*hex == '#');
	read = OPENSSL_hexstr2buf(hex + 1, &got);
	must(read && got == size && !memcmp(read, der, size));
	OPENSSL_free(read);
	OPENSSL_free(der);
	free(hex);
	*at += length;
}

static void check_entry(const char **at, const X509_NAME_ENTRY *entry)
{
	static const char keywords[] = " CN C L ST O OU STREET DC UID ";
	const ASN1_OBJECT *object = X509_NAME_ENTRY_get_object(entry);
	size_t length = strcspn(*at, "=");
	char *type = xasprintf(" %.*s ", (int)length, *at);
	char oid[512];

	must((*at)[length] == '=');
	if (!strstr(keywords, type)) {
		must(OBJ_obj2txt(oid, sizeof(oid), object, 1) < 0 ||
		     strlen(oid) + 1 >= sizeof(oid) ||
		     !strncmp(oid, type + 1, length));
	}
	free(type);
	*at += length + 1;
	if (**at == '#')
		check_hex(at, X509_NAME_ENTRY_get_data(entry));
	else
		check_string(at, X509_NAME_ENTRY_get_data(entry));
}

/* RDNs come last first, those of one set in their order. */
static void check(const X509_NAME *name, const char *text)
{
	int end = X509_NAME_entry_count(name), first, i;

	for (; end > 0; end = first) {
		first = end - 1;
		while (first > 0 &&
		       X509_NAME_ENTRY_set(X509_NAME_get_entry(name,
							       first - 1)) ==
		       X509_NAME_ENTRY_set(X509_NAME_get_entry(name,
							       end - 1)))
			first--;
		for (i = first; i < end; i++) {
			check_entry(&text, X509_NAME_get_entry(name, i));
			if (i + 1 < end)
				must(*text++ == '+');
		}
		if (first)
			must(*text++ == ',');
	}
	must(!*text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const unsigned char *at = data;
	X509_NAME *name = d2i_X509_NAME(NULL, &at, size);
	char *text;

	if (!name)
		return 0;
	text = dn_print(name);
	must(fuzz_is_utf8(text, strlen(text)));
	check(name, text);
	free(text);
	X509_NAME_free(name);
	return 0;
}
