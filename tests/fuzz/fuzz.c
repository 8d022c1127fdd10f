// SPDX-License-Identifier: GPL-2.0-or-later
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "fuzz.h"

uint8_t fuzz_byte(struct fuzz_input *in)
{
	if (!in->size)
		return 0;
	in->size--;
	return *in->data++;
}

static char *copy(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	must(text);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

char *fuzz_text(struct fuzz_input *in)
{
	const uint8_t *end = in->size ? memchr(in->data, 0, in->size) : NULL;
	size_t size = end ? (size_t)(end - in->data) : in->size;
	char *text = copy(in->data, size);

	if (end)
		size++;
	in->data += size;
	in->size -= size;
	return text;
}

char *fuzz_rest(struct fuzz_input *in)
{
	if (in->size && memchr(in->data, 0, in->size))
		return NULL;
	return copy(in->data, in->size);
}

const char *fuzz_file(const void *data, size_t size)
{
	static char path[32];
	static int fd = -1;

	if (fd < 0) {
		fd = memfd_create("fuzz", MFD_CLOEXEC);
		must(fd >= 0);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	must(!ftruncate(fd, size));
	must(pwrite(fd, data, size, 0) == (ssize_t)size);
	return path;
}

/* RFC 3629: no surrogates, nothing overlong, nothing above U+10FFFF. */
bool fuzz_is_utf8(const char *text, size_t size)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const uint8_t *at = (const uint8_t *)text, *end = at + size;

	while (at < end) {
		uint32_t value = *at++;
		int count, i;

		if (value < 0x80)
			continue;
		count = value >= 0xf0 ? 4 : value >= 0xe0 ? 3 : 2;
		if (value < 0xc2 || value > 0xf4 || end - at < count - 1)
			return false;
		value &= 0x7f >> count;
		for (i = 1; i < count; i++) {
			if ((*at & 0xc0) != 0x80)
				return false;
			value = value << 6 | (*at++ & 0x3f);
		}
		if (value < least[count] || value > 0x10ffff ||
		    (value >= 0xd800 && value < 0xe000))
			return false;
	}
	return true;
}

bool fuzz_is_printable(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

EVP_PKEY *fuzz_key(void)
{
	static const unsigned char seed[32] = "ktlsgate fuzz, no secret at all";
	static EVP_PKEY *key;

	if (!key)
		key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed,
						   sizeof(seed));
	must(key);
	return key;
}

static void add_extension(X509 *to, int nid, const char *value)
{
	X509_EXTENSION *one = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	must(one && X509_add_ext(to, one, -1));
	X509_EXTENSION_free(one);
}

static X509 *certificate(const char *name, long serial, bool ca)
{
	X509_NAME *issuer = X509_NAME_new(), *subject = X509_NAME_new();
	X509 *one = X509_new();

	must(X509_NAME_add_entry_by_txt(issuer, "CN", MBSTRING_UTF8,
					(const unsigned char *)"fuzz-ca", -1,
					-1, 0));
	must(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
					(const unsigned char *)name, -1, -1,
					0));
	must(X509_set_version(one, X509_VERSION_3) &&
	     ASN1_INTEGER_set(X509_get_serialNumber(one), serial) &&
	     X509_set_subject_name(one, subject) &&
	     X509_set_issuer_name(one, issuer) &&
	     X509_gmtime_adj(X509_getm_notBefore(one), -86400) &&
	     X509_gmtime_adj(X509_getm_notAfter(one), 86400) &&
	     X509_set_pubkey(one, fuzz_key()));
	if (ca) {
		add_extension(one, NID_basic_constraints, "critical,CA:TRUE");
		add_extension(one, NID_key_usage,
			      "critical,keyCertSign,cRLSign,digitalSignature");
	}
	must(X509_sign(one, fuzz_key(), NULL));
	X509_NAME_free(issuer);
	X509_NAME_free(subject);
	return one;
}

X509 *fuzz_ca(void)
{
	static X509 *ca;

	if (!ca)
		ca = certificate("fuzz-ca", 1, true);
	return ca;
}

X509 *fuzz_leaf(long serial)
{
	return certificate("fuzz-client", serial, false);
}
