// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "log.h"
#include "tickets.h"

/* The newest key encrypts, these many decrypt. */
#define TICKET_KEYS 3

struct ticket_key {
	unsigned char name[16];
	unsigned char aes[32];
	unsigned char hmac[32];
};

struct ticket_keys {
	struct ticket_key key[TICKET_KEYS];
	int count;
};

/*
 * Workers read without a lock. A set is replaced as a whole, and its memory is
 * used again only two rotations, that is hours, later.
 */
static struct ticket_keys *sets;
static struct ticket_keys *_Atomic current;
static int turn;

void tickets_open(void)
{
	size_t size = 3 * sizeof(*sets);

	sets = mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (sets == MAP_FAILED)
		abort();
	mlock(sets, size);
	madvise(sets, size, MADV_DONTDUMP);
	tickets_rotate();
}

void tickets_rotate(void)
{
	struct ticket_keys *old = atomic_load(&current);
	struct ticket_keys *new = &sets[turn];

	turn = (turn + 1) % 3;
	OPENSSL_cleanse(new, sizeof(*new));
	if (RAND_priv_bytes((unsigned char *)&new->key[0],
			    sizeof(new->key[0])) != 1) {
		log_msg(LOG_ERR, "no random bytes for a new ticket key, the old one stays in use");
		turn = (turn + 2) % 3;
		if (!old)
			abort();
		return;
	}
	new->count = 1;
	if (old) {
		memcpy(&new->key[1], &old->key[0],
		       (TICKET_KEYS - 1) * sizeof(new->key[0]));
		new->count = old->count < TICKET_KEYS ? old->count + 1 :
			     TICKET_KEYS;
	}
	atomic_store(&current, new);
}

static int set_up(const struct ticket_key *key, unsigned char *iv,
		  EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int encrypt)
{
	static char sha256[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_octet_string(OSSL_MAC_PARAM_KEY,
					(void *)key->hmac, sizeof(key->hmac)),
		OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_DIGEST, sha256,
				       sizeof(sha256) - 1),
		OSSL_PARAM_END
	};

	if (!EVP_CipherInit_ex2(cipher, EVP_aes_256_cbc(), key->aes, iv,
				encrypt, NULL))
		return -1;
	return EVP_MAC_CTX_set_params(mac, params) ? 1 : -1;
}

static int on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv,
		     EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int encrypt)
{
	const struct ticket_keys *keys = atomic_load(&current);
	int i;

	(void)ssl;
	if (encrypt) {
		memcpy(name, keys->key[0].name, sizeof(keys->key[0].name));
		if (RAND_bytes(iv, EVP_MAX_IV_LENGTH) != 1)
			return -1;
		return set_up(&keys->key[0], iv, cipher, mac, 1);
	}
	for (i = 0; i < keys->count; i++) {
		if (CRYPTO_memcmp(name, keys->key[i].name,
				  sizeof(keys->key[i].name)))
			continue;
		if (set_up(&keys->key[i], iv, cipher, mac, 0) < 0)
			return -1;
		/* 2: good, and give the client one of the newest key. */
		return i ? 2 : 1;
	}
	return 0;
}

void tickets_enable(SSL_CTX *ctx, const unsigned char scope[32])
{
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_session_id_context(ctx, scope, 32);
	SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, on_ticket);
	/* One ticket: it is sent before the handoff and must be acknowledged. */
	SSL_CTX_set_num_tickets(ctx, 1);
	SSL_CTX_set_timeout(ctx, TICKET_KEY_LIFE);
}
