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

static const char replacement[] = "\xef\xbf\xbd";	/* U+FFFD */

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

static bool continues(unsigned char byte)
{
	return (byte & 0xc0) == 0x80;
}

/* Whether the second byte of a sequence fits the first. */
static bool second_fits(unsigned char first, unsigned char second)
{
	switch (first) {
	case 0xe0:
		return second >= 0xa0 && second <= 0xbf;
	case 0xf0:
		return second >= 0x90 && second <= 0xbf;
	case 0xf4:
		return second >= 0x80 && second <= 0x8f;
	default:
		return continues(second);
	}
}

/*
 * Takes one character off the front of @in and tells how many bytes it has.
 * *valid is false when Java would print U+FFFD for these bytes instead.
 */
static size_t take(const unsigned char *in, size_t left, bool *valid)
{
	size_t want, have;

	*valid = false;
	if (in[0] < 0x80)
		want = 1;
	else if (in[0] >= 0xc2 && in[0] <= 0xdf)
		want = 2;
	else if (in[0] >= 0xe0 && in[0] <= 0xef)
		want = 3;
	else if (in[0] >= 0xf0 && in[0] <= 0xf4)
		want = 4;
	else
		return 1;

	for (have = 1; have < want && have < left; have++) {
		if (have == 1 ? !second_fits(in[0], in[1]) :
		    !continues(in[have]))
			return have;
	}
	/* Java takes a whole encoded surrogate for one bad character. */
	*valid = have == want &&
		 !(in[0] == 0xed && want == 3 && in[1] >= 0xa0);
	return have;
}

static void print_string(struct text *out, const unsigned char *in, size_t left)
{
	struct text value = {};
	size_t lead, trail, i;

	while (left) {
		bool valid;
		size_t size = take(in, left, &valid);

		if (!valid)
			text_puts(&value, replacement);
		else if (*in == '\0')
			text_puts(&value, "\\00");
		else if (size == 1 && strchr(",=+<>#;\"\\", *in))
			text_printf(&value, "\\%c", *in);
		else
			text_add(&value, (const char *)in, size);
		in += size;
		left -= size;
	}
	for (lead = 0; lead < value.length; lead++)
		if (value.data[lead] != ' ' && value.data[lead] != '\r')
			break;
	for (trail = value.length; trail > 0; trail--)
		if (value.data[trail - 1] != ' ' &&
		    value.data[trail - 1] != '\r')
			break;
	for (i = 0; i < value.length; i++) {
		if (i < lead || i >= trail)
			text_puts(out, "\\");
		text_add(out, &value.data[i], 1);
	}
	text_free(&value);
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
	/* BMPString is read as UTF-8 by Java, too. */
	if (word && has_string_form(ASN1_STRING_type(value)))
		print_string(out, ASN1_STRING_get0_data(value),
			     ASN1_STRING_length(value));
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
