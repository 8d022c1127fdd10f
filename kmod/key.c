// SPDX-License-Identifier: GPL-2.0
/* Traffic keys: the next generation of RFC 8446 7.2, and setting it in kTLS.
 *
 * kTLS of 6.14 can rekey by setsockopt(), but that puts kTLS's own proto back
 * on the socket (update_sk_prot()), and older kernels cannot at all. So the
 * AEAD, the IV and the record number are set here, where kTLS keeps them.
 */
#include <crypto/aead.h>
#include <crypto/hash.h>
#include <net/tcp.h>
#include <net/tls.h>

#include "compat/compat.h"
#include "key.h"

#define KEY_BLOCK_MAX	128	/* SHA-384, RFC 2104 */
#define KEY_IV_LEN	12	/* all cipher suites of TLS 1.3 that kTLS has */

/* Without a key set they have no state and serve all connections at once. */
static struct crypto_shash *key_sha256;
static struct crypto_shash *key_sha384;

struct key_generation {
	u8	secret[KTLSGATE_SECRET_MAX];
	u8	key[32];
	u8	iv[KEY_IV_LEN];
};

/* HMAC of RFC 2104 with a key no longer than the block. The crypto API's own
 * hmac() keeps the key in the transform, which would need one, or a lock, for
 * each connection.
 */
static int key_hmac(struct crypto_shash *tfm, const u8 *key, size_t key_len,
		    const u8 *data, size_t len, u8 *out)
{
	unsigned int block = crypto_shash_blocksize(tfm);
	u8 pad[KEY_BLOCK_MAX] = {};
	SHASH_DESC_ON_STACK(desc, tfm);
	unsigned int i;
	int err;

	desc->tfm = tfm;
	memcpy(pad, key, key_len);
	for (i = 0; i < block; i++)
		pad[i] ^= 0x36;
	err = crypto_shash_init(desc) ?:
	      crypto_shash_update(desc, pad, block) ?:
	      crypto_shash_finup(desc, data, len, out);
	for (i = 0; i < block; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	if (!err)
		err = crypto_shash_init(desc) ?:
		      crypto_shash_update(desc, pad, block) ?:
		      crypto_shash_finup(desc, out,
					 crypto_shash_digestsize(tfm), out);
	shash_desc_zero(desc);
	memzero_explicit(pad, sizeof(pad));
	return err;
}

/* HKDF-Expand-Label(secret, label, "", len) of RFC 8446 7.1. One block of
 * HKDF-Expand is enough for any secret, key and IV.
 */
static int key_expand_label(struct crypto_shash *tfm, const u8 *secret,
			    const char *label, u8 *out, size_t len)
{
	u8 block[KTLSGATE_SECRET_MAX];
	size_t label_len = strlen(label);
	u8 info[32];
	size_t n = 0;
	int err;

	info[n++] = len >> 8;
	info[n++] = len;
	info[n++] = 6 + label_len;
	memcpy(info + n, "tls13 ", 6);
	n += 6;
	memcpy(info + n, label, label_len);
	n += label_len;
	info[n++] = 0;		/* no context */
	info[n++] = 1;		/* number of the block */

	err = key_hmac(tfm, secret, crypto_shash_digestsize(tfm), info, n,
		       block);
	if (!err)
		memcpy(out, block, len);
	memzero_explicit(block, sizeof(block));
	return err;
}

static size_t key_length(const struct tls_context *ctx)
{
	switch (ctx->prot_info.cipher_type) {
	case TLS_CIPHER_AES_GCM_128:
	case TLS_CIPHER_AES_CCM_128:
		return 16;
	default:
		return 32;
	}
}

static int key_derive(const struct tls_context *ctx,
		      const struct ktlsgate_secret *secret,
		      struct key_generation *next)
{
	struct crypto_shash *tfm = secret->len == 48 ? key_sha384 : key_sha256;

	return key_expand_label(tfm, secret->bytes, "traffic upd",
				next->secret, secret->len) ?:
	       key_expand_label(tfm, next->secret, "key", next->key,
				key_length(ctx)) ?:
	       key_expand_label(tfm, next->secret, "iv", next->iv,
				KEY_IV_LEN);
}

/* kTLS keeps what it was given: getsockopt() and the device offload read it.
 * The layouts of the ciphers differ only in where salt and IV are cut.
 */
static void key_note(union tls_crypto_context *info, u16 cipher_type,
		     const struct key_generation *next)
{
	switch (cipher_type) {
	case TLS_CIPHER_AES_GCM_256:
		memcpy(info->aes_gcm_256.salt, next->iv, 4);
		memcpy(info->aes_gcm_256.iv, next->iv + 4, 8);
		memcpy(info->aes_gcm_256.key, next->key, 32);
		memset(info->aes_gcm_256.rec_seq, 0, 8);
		break;
	case TLS_CIPHER_CHACHA20_POLY1305:
		memcpy(info->chacha20_poly1305.iv, next->iv, 12);
		memcpy(info->chacha20_poly1305.key, next->key, 32);
		memset(info->chacha20_poly1305.rec_seq, 0, 8);
		break;
	case TLS_CIPHER_AES_GCM_128:
	case TLS_CIPHER_AES_CCM_128:
		/* tls12_crypto_info_aes_ccm_128 is the same structure */
		memcpy(info->aes_gcm_128.salt, next->iv, 4);
		memcpy(info->aes_gcm_128.iv, next->iv + 4, 8);
		memcpy(info->aes_gcm_128.key, next->key, 16);
		memset(info->aes_gcm_128.rec_seq, 0, 8);
		break;
	}
}

static int key_set(struct tls_context *ctx, struct crypto_aead *aead,
		   struct cipher_context *cipher,
		   union tls_crypto_context *info,
		   struct ktlsgate_secret *secret,
		   const struct key_generation *next)
{
	int err;

	err = crypto_aead_setkey(aead, next->key, key_length(ctx));
	if (err)
		return err;
	memcpy(cipher->iv, next->iv, KEY_IV_LEN);
	memset(cipher->rec_seq, 0, ctx->prot_info.rec_seq_size);
	key_note(info, ctx->prot_info.cipher_type, next);
	memcpy(secret->bytes, next->secret, secret->len);
	return 0;
}

/**
 * ktlsgate_key_update_receive() - the client has changed its key
 * @sk: the connection, its receive lock held, its socket lock not
 * @secret: the client's secret, replaced by the next one
 *
 * The KeyUpdate was the last record that was decrypted, and nobody decrypts
 * while the receive lock is held.
 *
 * Return: 0, or an error of the crypto API, then the connection is beyond use.
 */
int ktlsgate_key_update_receive(struct sock *sk,
				struct ktlsgate_secret *secret)
{
	struct tls_context *ctx = tls_get_ctx(sk);
	struct tls_sw_context_rx *rx = tls_sw_ctx_rx(ctx);
	struct key_generation next;
	int err;

	err = key_derive(ctx, secret, &next);
	if (!err) {
		lock_sock(sk);
		err = key_set(ctx, rx->aead_recv, &ctx->rx, &ctx->crypto_recv,
			      secret, &next);
		if (!err)
			ktlsgate_rekeyed(rx);
		release_sock(sk);
	}
	memzero_explicit(&next, sizeof(next));
	return err;
}

/**
 * ktlsgate_key_update_send() - change our key
 * @sk: the connection, its send lock held, its socket lock not
 * @secret: our secret, replaced by the next one
 * @send_message: sends the KeyUpdate message; kTLS pushes an open record
 *	before it
 * @flags: MSG_DONTWAIT or 0, for @send_message
 * @sent: set to whether the message is out
 *
 * Return: 0 or an error. With the message out it is the crypto API's, which
 * would not have the key, and then nothing can be sent any more.
 */
int ktlsgate_key_update_send(struct sock *sk, struct ktlsgate_secret *secret,
			     int (*send_message)(struct sock *sk, int flags),
			     int flags, bool *sent)
{
	struct tls_context *ctx = tls_get_ctx(sk);
	struct tls_sw_context_tx *tx = tls_sw_ctx_tx(ctx);
	struct key_generation next;
	int err;

	*sent = false;
	err = key_derive(ctx, secret, &next);
	if (err)
		goto out;
	err = send_message(sk, flags);
	if (err)
		goto out;
	*sent = true;

	lock_sock(sk);
	/* Records that an asynchronous cipher still works on use the old key:
	 * wait for them as tls_encrypt_async_wait() does.
	 */
	if (!atomic_dec_and_test(&tx->encrypt_pending))
		crypto_wait_req(-EINPROGRESS, &tx->async_wait);
	atomic_inc(&tx->encrypt_pending);
	err = key_set(ctx, tx->aead_send, &ctx->tx, &ctx->crypto_send, secret,
		      &next);
	release_sock(sk);
out:
	memzero_explicit(&next, sizeof(next));
	return err;
}

/**
 * ktlsgate_key_records_max() - how many records a key may protect
 * @sk: the connection
 *
 * RFC 8446 5.5 allows AES-GCM 2^24.5 records of full length; RFC 9325 4.4 wants
 * the same of TLS 1.2. AES-CCM has 2^23 (RFC 9147 4.5.3). Below that is room for
 * a write that is under way, and for a client that is asked for its KeyUpdate.
 * ChaCha20-Poly1305 has no limit but the record number.
 */
u64 ktlsgate_key_records_max(const struct sock *sk)
{
	switch (tls_get_ctx(sk)->prot_info.cipher_type) {
	case TLS_CIPHER_AES_CCM_128:
		return BIT_ULL(22);
	case TLS_CIPHER_CHACHA20_POLY1305:
		return BIT_ULL(62);
	default:
		return BIT_ULL(24);
	}
}

/* kTLS counts them for the nonce, from 0 with each key of TLS 1.3. */
static u64 key_records(const struct cipher_context *cipher)
{
	return get_unaligned_be64(cipher->rec_seq);
}

/**
 * ktlsgate_key_records_sent() - how many records our key has protected
 * @sk: the connection, its send lock held
 */
u64 ktlsgate_key_records_sent(const struct sock *sk)
{
	return key_records(&tls_get_ctx(sk)->tx);
}

/**
 * ktlsgate_key_records_received() - how many the client's key has
 * @sk: the connection, its receive lock held
 */
u64 ktlsgate_key_records_received(const struct sock *sk)
{
	return key_records(&tls_get_ctx(sk)->rx);
}

int ktlsgate_key_init(void)
{
	key_sha256 = crypto_alloc_shash("sha256", 0, 0);
	if (IS_ERR(key_sha256))
		return PTR_ERR(key_sha256);
	key_sha384 = crypto_alloc_shash("sha384", 0, 0);
	if (IS_ERR(key_sha384)) {
		crypto_free_shash(key_sha256);
		return PTR_ERR(key_sha384);
	}
	return 0;
}

void ktlsgate_key_exit(void)
{
	crypto_free_shash(key_sha384);
	crypto_free_shash(key_sha256);
}
