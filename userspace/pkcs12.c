// SPDX-License-Identifier: GPL-2.0-or-later
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>

#include "pkcs12.h"

/* Made in the library context of the material: what it decrypts with. */
static PKCS12 *decode(const struct material *material)
{
	PKCS12 *file = PKCS12_init_ex(NID_pkcs7_data, material->lib, NULL);
	BIO *bio = BIO_new_mem_buf(material->blob->data, material->blob->size);

	ERR_clear_error();
	/* Of what has no length it leaves the empty one where it is. */
	if (!d2i_PKCS12_bio(bio, &file)) {
		PKCS12_free(file);
		file = NULL;
	}
	BIO_free(bio);
	return file;
}

/* A file without a passphrase has none, or one of no bytes. */
static bool opens(PKCS12 *file, struct passphrase *passphrase)
{
	if (!PKCS12_mac_present(file))
		return true;
	if (passphrase->path)
		return PKCS12_verify_mac(file, (char *)passphrase->blob->data,
					 (int)passphrase->blob->size);
	return PKCS12_verify_mac(file, NULL, 0) ||
	       PKCS12_verify_mac(file, "", 0);
}

/* RC2 and single DES are not in OpenSSL's default provider any more. */
static bool is_legacy(void)
{
	unsigned long code = ERR_peek_last_error();

	return ERR_GET_REASON(code) == ERR_R_UNSUPPORTED ||
	       ERR_GET_REASON(code) == EVP_R_UNSUPPORTED_ALGORITHM ||
	       ERR_GET_REASON(ERR_peek_error()) == ERR_R_UNSUPPORTED ||
	       ERR_GET_REASON(ERR_peek_error()) == EVP_R_UNSUPPORTED_ALGORITHM;
}

static bool parse(const struct material *material, PKCS12 *file,
		  struct pkcs12 *out)
{
	const struct passphrase *passphrase = &material->passphrase;
	X509 *leaf = NULL;

	ERR_clear_error();
	if (!PKCS12_parse(file, passphrase->path ?
			  (char *)passphrase->blob->data : NULL,
			  &out->key, &leaf, &out->certificates)) {
		if (is_legacy())
			material_error(material, "%s is encrypted in the way of old programs (RC2 or DES), which this OpenSSL does not read: write it again with openssl pkcs12",
				       material->path);
		else
			material_error(material, "%s is damaged: %s",
				       material->path, openssl_reason());
		return false;
	}
	if (!out->certificates)
		out->certificates = sk_X509_new_null();
	if (leaf)
		sk_X509_unshift(out->certificates, leaf);
	ERR_clear_error();
	return true;
}

bool pkcs12_read(struct material *material, struct pkcs12 *out)
{
	struct passphrase *passphrase = &material->passphrase;
	PKCS12 *file = decode(material);
	bool good = false;

	*out = (struct pkcs12){};
	if (!file)
		material_error(material, "%s is neither PEM nor PKCS#12: %s",
			       material->path, openssl_reason());
	else if (opens(file, passphrase))
		good = parse(material, file, out);
	else if (passphrase->path)
		material_error(material, "%s does not open with the passphrase in %s",
			       material->path, passphrase->path);
	else
		material_error(material, "%s is encrypted: name the file with its passphrase by passphrase-file",
			       material->path);
	PKCS12_free(file);
	return good;
}
