// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Equality with Java is what counts here, not the RFC: who may read a topic
 * hangs on this very text. tests/helper/dn compares both on random names.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/crypto.h>
#include <openssl/objects.h>

#include "dn.h"
#include "mem.h"

static const char *keyword(int nid)
{
	switch (nid) {
	case NID_commonName:
		return "CN";
	case NID_countryName:
		return "C";
	case NID_localityName:
		return "L";
	case NID_stateOrProvinceName:
		return "ST";
	case NID_organizationName:
		return "O";
	case NID_organizationalUnitName:
		return "OU";
	case NID_streetAddress:
		return "STREET";
	case NID_domainComponent:
		return "DC";
	case NID_userId:
		return "UID";
	default:
		return NULL;
	}
}

/*
 * As Java reads them: Printable-, IA5- and T61String as ISO 8859-1, BMPString
 * as UTF-16, UTF8String as it is. OpenSSL's parser has turned away what is
 * no proper encoding of its type.
 */
static void print_string(struct text *out, const ASN1_STRING *value)
{
	struct text escaped = {};
	unsigned char *utf8 = NULL;
	size_t lead, trail, i;
	int size;

	size = ASN1_STRING_to_UTF8(&utf8, value);
	for (i = 0; size > 0 && i < (size_t)size; i++) {
		if (utf8[i] == '\0') {
			text_puts(&escaped, "\\00");
			continue;
		}
		if (strchr(",=+<>#;\"\\", utf8[i]))
			text_puts(&escaped, "\\");
		text_add(&escaped, (const char *)&utf8[i], 1);
	}
	OPENSSL_free(utf8);
	for (lead = 0; lead < escaped.length; lead++)
		if (escaped.data[lead] != ' ' && escaped.data[lead] != '\r')
			break;
	for (trail = escaped.length; trail > 0; trail--)
		if (escaped.data[trail - 1] != ' ' &&
		    escaped.data[trail - 1] != '\r')
			break;
	for (i = 0; i < escaped.length; i++) {
		if (i < lead || i >= trail)
			text_puts(out, "\\");
		text_add(out, &escaped.data[i], 1);
	}
	text_free(&escaped);
}

static void print_hex(struct text *out, const ASN1_STRING *value)
{
	unsigned char *der = NULL;
	int size, i;

	size = i2d_ASN1_PRINTABLE(value, &der);
	text_puts(out, "#");
	for (i = 0; i < size; i++)
		text_printf(out, "%02x", der[i]);
	OPENSSL_free(der);
}

static bool has_string_form(int type)
{
	switch (type) {
	case V_ASN1_PRINTABLESTRING:
	case V_ASN1_T61STRING:
	case V_ASN1_IA5STRING:
	case V_ASN1_GENERALSTRING:
	case V_ASN1_BMPSTRING:
	case V_ASN1_UTF8STRING:
		return true;
	default:
		return false;
	}
}

static void print_entry(struct text *out, const X509_NAME_ENTRY *entry)
{
	const ASN1_OBJECT *object = X509_NAME_ENTRY_get_object(entry);
	const ASN1_STRING *value = X509_NAME_ENTRY_get_data(entry);
	const char *word = keyword(OBJ_obj2nid(object));
	char *oid;
	int size;

	if (word) {
		text_printf(out, "%s=", word);
	} else {
		size = OBJ_obj2txt(NULL, 0, object, 1);
		oid = xcalloc(size > 0 ? size + 1 : 1, 1);
		OBJ_obj2txt(oid, size + 1, object, 1);
		text_printf(out, "%s=", oid);
		free(oid);
	}
	if (word && has_string_form(ASN1_STRING_type(value)))
		print_string(out, value);
	else
		print_hex(out, value);
}

char *dn_print(const X509_NAME *name)
{
	int count = X509_NAME_entry_count(name);
	struct text out = {};
	int first, i;
	int end;

	text_add(&out, "", 0);
	for (end = count; end > 0; end = first) {
		int rdn;

		first = end - 1;
		rdn = X509_NAME_ENTRY_set(X509_NAME_get_entry(name, first));
		while (first > 0 &&
		       X509_NAME_ENTRY_set(X509_NAME_get_entry(name,
							       first - 1)) ==
		       rdn)
			first--;
		if (end != count)
			text_puts(&out, ",");
		for (i = first; i < end; i++) {
			if (i != first)
				text_puts(&out, "+");
			print_entry(&out, X509_NAME_get_entry(name, i));
		}
	}
	return out.data;
}
