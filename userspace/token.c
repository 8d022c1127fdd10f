// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <openssl/store.h>
#include <openssl/ui.h>

#include "mem.h"
#include "token.h"

#define SCHEME "pkcs11:"

/* The provider loads one module, and for the whole process. */
static char *loaded_module;

bool token_is_uri(const char *text)
{
	return text && !strncmp(text, SCHEME, strlen(SCHEME));
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent-encoding as in RFC 3986 2.1. */
static char *decode(const char *text, size_t length)
{
	char *out = xcalloc(1, length + 1);
	size_t used = 0, i;

	for (i = 0; i < length; i++) {
		if (text[i] == '%' && i + 2 < length &&
		    hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0) {
			out[used++] = hex(text[i + 1]) << 4 | hex(text[i + 2]);
			i += 2;
		} else {
			out[used++] = text[i];
		}
	}
	return out;
}

/* The value of an attribute after the '?', or NULL. */
static char *query(const char *uri, const char *name)
{
	const char *at = strchr(uri, '?');

	while (at) {
		size_t length = strcspn(++at, "&");

		if (!strncmp(at, name, strlen(name)) &&
		    at[strlen(name)] == '=') {
			at += strlen(name) + 1;
			return decode(at, strcspn(at, "&"));
		}
		at = at[length] ? at + length : NULL;
	}
	return NULL;
}

static char *check_attributes(const char *uri)
{
	static const char *const known[] = { "pin-source", "module-path" };
	const char *at = strchr(uri, '?');
	size_t i;

	while (at) {
		size_t length = strcspn(++at, "=&");

		if (length == strlen("pin-value") &&
		    !strncmp(at, "pin-value", length))
			return xstrdup("a PIN has no place in the configuration: put it into a file and name that by passphrase-file instead of pin-value");
		for (i = 0; i < 2; i++)
			if (length == strlen(known[i]) &&
			    !strncmp(at, known[i], length))
				break;
		if (i == 2)
			return xasprintf("'%.*s' is not known after the '?' of a pkcs11: URI: pin-source and module-path are",
					 (int)length, at);
		at = strchr(at, '&');
	}
	return NULL;
}

char *token_check(const char *uri, char **pin)
{
	char *error = check_attributes(uri), *source;

	*pin = NULL;
	if (error)
		return error;
	source = query(uri, "pin-source");
	if (!source)
		return NULL;
	if (!strncmp(source, "file:///", 8))
		*pin = xstrdup(source + 7);
	else if (!strncmp(source, "file:/", 6))
		*pin = xstrdup(source + 5);
	else if (*source == '/')
		*pin = xstrdup(source);
	else
		error = xasprintf("pin-source '%s' is not the absolute path of a file",
				  source);
	free(source);
	return error;
}

/* The private key alone, and without what was for us. */
static char *uri_for_provider(const char *uri)
{
	int length = (int)strcspn(uri, "?");
	char *path = xstrndup(uri, length), *out;
	bool typed = strstr(path, ";type=") || strstr(path, ":type=");

	out = xasprintf("%s%s%s", path, typed || !strcmp(path, SCHEME) ?
			"" : ";", typed ? "" : "type=private");
	free(path);
	return out;
}

/* NULL when it fails. */
static OSSL_PROVIDER *load(OSSL_LIB_CTX *lib, char *module)
{
	OSSL_PARAM params[] = {
		/*
		 * Not ended with OpenSSL: other contexts use the module, too,
		 * and some of them are gone before.
		 */
		OSSL_PARAM_construct_utf8_string("pkcs11-module-quirks",
						 (char *)"no-deinit", 0),
		OSSL_PARAM_END, OSSL_PARAM_END,
	};

	if (module)
		params[1] = OSSL_PARAM_construct_utf8_string(
				"pkcs11-module-path", module, 0);
	/* There is nobody to ask for a PIN. */
	UI_set_default_method(UI_null());
	/* The default provider first: what both have shall be its. */
	OSSL_PROVIDER_available(lib, "default");
	return OSSL_PROVIDER_try_load_ex(lib, "pkcs11", params, 1);
}

static EVP_PKEY *find_key(OSSL_STORE_CTX *store)
{
	EVP_PKEY *key = NULL;

	OSSL_STORE_expect(store, OSSL_STORE_INFO_PKEY);
	while (!key && !OSSL_STORE_eof(store)) {
		OSSL_STORE_INFO *info = OSSL_STORE_load(store);

		if (!info)
			break;
		key = OSSL_STORE_INFO_get1_PKEY(info);
		OSSL_STORE_INFO_free(info);
	}
	return key;
}

/* *@works: whether there is a module that can be asked. */
static EVP_PKEY *open_key(const struct material *material,
			  struct passphrase *pin, bool *works)
{
	UI_METHOD *method = UI_UTIL_wrap_read_pem_callback(passphrase_give, 0);
	char *uri = uri_for_provider(material->path);
	OSSL_STORE_CTX *store;
	EVP_PKEY *key = NULL;

	ERR_clear_error();
	store = OSSL_STORE_open_ex(uri, material->lib, NULL, method, pin, NULL,
				   NULL, NULL);
	*works = store;
	if (store)
		key = find_key(store);
	OSSL_STORE_close(store);
	UI_destroy_method(method);
	free(uri);
	return key;
}

/*
 * What the provider has to say is lost on the way. But a token that accepted
 * a PIN from this process asks for none: if it does so once more, it refused
 * the one it got. That one is not tried twice, or the token locks itself.
 */
static bool pin_refused(const struct material *material)
{
	struct passphrase none = {};
	bool works;

	EVP_PKEY_free(open_key(material, &none, &works));
	return none.asked;
}

static void explain(const struct material *material, bool works,
		    const char *module)
{
	const struct passphrase *pin = &material->passphrase;

	if (!works && module)
		material_error(material, "%s: %s is no PKCS#11 module that can be used",
			       material->path, module);
	else if (!works)
		material_error(material, "%s: the URI is not one of RFC 7512, or there is no PKCS#11 module for it: name one by ?module-path=, or install p11-kit-modules",
			       material->path);
	else if (pin->asked && !pin->path)
		material_error(material, "%s: the token wants a PIN: put it into a file and name that by passphrase-file",
			       material->path);
	else if (pin->asked && pin_refused(material))
		material_error(material, "%s: the token refuses the PIN in %s, and locks itself after some more of such",
			       material->path, pin->path);
	else if (pin->asked)
		material_error(material, "%s: the token has no such private key: pkcs11-tool --login --list-objects tells those that it has",
			       material->path);
	else
		material_error(material, "%s: no such private key, and no such token that would ask for a PIN: pkcs11-tool --list-token-slots tells the tokens",
			       material->path);
}

/* One that cannot be used is not kept: the next configuration may be right. */
static EVP_PKEY *key_of_module(struct material *material, char *module)
{
	bool loaded = OSSL_PROVIDER_available(material->lib, "pkcs11"), works;
	OSSL_PROVIDER *provider = NULL;
	EVP_PKEY *key;

	if (!loaded) {
		provider = load(material->lib, module);
		if (!provider) {
			material_error(material, "OpenSSL cannot load its provider for PKCS#11: install pkcs11-provider (%s)",
				       openssl_reason());
			return NULL;
		}
	}
	key = open_key(material, &material->passphrase, &works);
	if (!key)
		explain(material, works, module);
	if (!works && provider)
		OSSL_PROVIDER_unload(provider);
	else if (module && !loaded_module)
		loaded_module = xstrdup(module);
	ERR_clear_error();
	return key;
}

EVP_PKEY *token_key(struct material *material)
{
	char *module = query(material->path, "module-path");
	EVP_PKEY *key = NULL;

	if (module && loaded_module && strcmp(module, loaded_module))
		material_error(material, "%s: another module is in use (%s), which only a restart changes; p11-kit's proxy module serves several",
			       material->path, loaded_module);
	else
		key = key_of_module(material, module);
	free(module);
	return key;
}

/* The key's own kind of signature, in the way that TLS 1.3 has it. */
static bool sign(EVP_PKEY *key, bool signing, OSSL_LIB_CTX *lib,
		 unsigned char *signature, size_t *size)
{
	static const unsigned char text[] = "is this key the certificate's?";
	const char *digest = EVP_PKEY_is_a(key, "ED25519") ||
			     EVP_PKEY_is_a(key, "ED448") ? NULL : "SHA256";
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *how;
	bool good;

	good = ctx && (signing ? EVP_DigestSignInit_ex : EVP_DigestVerifyInit_ex)
		(ctx, &how, digest, lib, NULL, key, NULL) == 1;
	if (good && EVP_PKEY_is_a(key, "RSA"))
		good = EVP_PKEY_CTX_set_rsa_padding(how,
						    RSA_PKCS1_PSS_PADDING) == 1;
	if (good && signing)
		good = EVP_DigestSign(ctx, signature, size, text,
				      sizeof(text)) == 1;
	else if (good)
		good = EVP_DigestVerify(ctx, signature, *size, text,
					sizeof(text)) == 1;
	EVP_MD_CTX_free(ctx);
	return good;
}

char *token_try(EVP_PKEY *key, X509 *certificate, OSSL_LIB_CTX *lib)
{
	EVP_PKEY *public = X509_get0_pubkey(certificate);
	const char *type = public ? EVP_PKEY_get0_type_name(public) : NULL;
	unsigned char signature[2048];
	size_t size = sizeof(signature);

	if (!type || !EVP_PKEY_is_a(key, type))
		return xasprintf("it is of another type (%s)",
				 EVP_PKEY_get0_type_name(key));
	if (!sign(key, true, lib, signature, &size))
		return xasprintf("the token does not sign: %s",
				 openssl_reason());
	if (!sign(public, false, lib, signature, &size))
		return xstrdup("it is not the certificate's, for what the token signs does not verify");
	if (EVP_PKEY_eq(public, key) != 1)
		return xstrdup("the token has no public key of the same ID, which OpenSSL needs: write that to the token as well");
	return NULL;
}
