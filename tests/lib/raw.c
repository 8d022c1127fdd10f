// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * TLS 1.3 records made by hand (RFC 8446 5.2), for those that OpenSSL's
 * client never sends: empty, padded, of an unknown type, broken.
 */
#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <string.h>
#include <sys/socket.h>

#include "tls.h"

struct suite {
	uint16_t id;
	const char *cipher;
	const char *digest;
	size_t key_len;
};

static const struct suite suites[] = {
	{ 0x1301, "AES-128-GCM", "SHA256", 16 },
	{ 0x1302, "AES-256-GCM", "SHA384", 32 },
	{ 0x1303, "ChaCha20-Poly1305", "SHA256", 32 },
	{ 0x1304, "AES-128-CCM", "SHA256", 16 },
};

static const struct suite *suite_of(uint16_t id)
{
	size_t i;

	for (i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
		if (suites[i].id == id)
			return &suites[i];
	return NULL;
}

/* HKDF-Expand-Label with an empty context */
static int expand(const struct suite *suite, const uint8_t *secret,
		  size_t secret_len, const char *label, uint8_t *out,
		  size_t len)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS13-KDF", NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY, ok;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST,
						 (char *)suite->digest, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY,
						  (void *)secret, secret_len),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PREFIX,
						  "tls13 ", 6),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_LABEL,
						  (void *)label,
						  strlen(label)),
		OSSL_PARAM_END
	};

	ok = ctx && EVP_KDF_derive(ctx, out, len, params) == 1;
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return ok ? 0 : -1;
}

static int keys(struct tls_raw *raw)
{
	const struct suite *suite = suite_of(raw->suite);

	if (!suite)
		return -1;
	raw->seq = 0;
	raw->key_len = suite->key_len;
	return expand(suite, raw->secret, raw->secret_len, "key", raw->key,
		      raw->key_len) ?:
	       expand(suite, raw->secret, raw->secret_len, "iv", raw->iv,
		      sizeof(raw->iv));
}

int tls_raw_open(struct tls_raw *raw, const struct tls_client *c)
{
	raw->fd = c->fd;
	raw->suite = c->suite;
	raw->secret_len = c->secret_len;
	memcpy(raw->secret, c->secret, sizeof(raw->secret));
	return raw->secret_len ? keys(raw) : -1;
}

int tls_raw_update(struct tls_raw *raw)
{
	uint8_t next[TLS_SECRET_MAX];

	if (expand(suite_of(raw->suite), raw->secret, raw->secret_len,
		   "traffic upd", next, raw->secret_len))
		return -1;
	memcpy(raw->secret, next, raw->secret_len);
	return keys(raw);
}

int tls_raw_seal(struct tls_raw *raw, uint8_t type, const void *buf, size_t len,
		 size_t pad, uint8_t *out)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL,
					      suite_of(raw->suite)->cipher,
					      NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	size_t inner = len + 1 + pad, total = inner + 16;
	uint8_t plain[16384 + 512], nonce[12];
	int n, ok, i;

	if (inner > sizeof(plain))
		return -1;
	memcpy(plain, buf, len);
	plain[len] = type;
	memset(plain + len + 1, 0, pad);
	memcpy(nonce, raw->iv, sizeof(nonce));
	for (i = 0; i < 8; i++)
		nonce[4 + i] ^= raw->seq >> (56 - 8 * i);
	raw->seq++;
	memcpy(out, (uint8_t[]){ 23, 3, 3, total >> 8, total }, 5);

	/* CCM wants to know the tag's length before, the data's length first */
	ok = cipher && ctx &&
	     EVP_EncryptInit_ex2(ctx, cipher, NULL, NULL, NULL) &&
	     EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, 12, NULL) &&
	     (raw->suite != 0x1304 ||
	      EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, 16, NULL)) &&
	     EVP_EncryptInit_ex2(ctx, NULL, raw->key, nonce, NULL) &&
	     (raw->suite != 0x1304 ||
	      EVP_EncryptUpdate(ctx, NULL, &n, NULL, inner)) &&
	     EVP_EncryptUpdate(ctx, NULL, &n, out, 5) &&
	     EVP_EncryptUpdate(ctx, out + 5, &n, plain, inner) &&
	     EVP_EncryptFinal_ex(ctx, out + 5 + n, &i) &&
	     EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16,
				 out + 5 + inner);
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
	return ok ? (int)(total + 5) : -1;
}

int tls_raw_send(struct tls_raw *raw, uint8_t type, const void *buf, size_t len)
{
	uint8_t record[16384 + 512];
	int n = tls_raw_seal(raw, type, buf, len, 0, record);

	if (n < 0)
		return -1;
	return send(raw->fd, record, n, MSG_NOSIGNAL) == n ? 0 : -1;
}
