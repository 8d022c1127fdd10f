// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <openssl/crypto.h>

#include "log.h"
#include "secrets.h"

#define POOL_BYTES 65536

static int ex_index = -1;
static atomic_flag mlock_told = ATOMIC_FLAG_INIT;

static bool pool_grow(struct secrets_pool *pool)
{
	struct secrets *slots;
	size_t i;

	slots = mmap(NULL, POOL_BYTES, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (slots == MAP_FAILED)
		return false;
	if (mlock(slots, POOL_BYTES) && !atomic_flag_test_and_set(&mlock_told))
		log_msg(LOG_WARNING,
			"cannot lock memory (%s): traffic secrets may be swapped out; raise LimitMEMLOCK",
			strerror(errno));
	madvise(slots, POOL_BYTES, MADV_DONTDUMP);
	madvise(slots, POOL_BYTES, MADV_WIPEONFORK);
	for (i = 0; i < POOL_BYTES / sizeof(*slots); i++) {
		slots[i].next = pool->free;
		pool->free = &slots[i];
	}
	return true;
}

struct secrets *secrets_new(struct secrets_pool *pool)
{
	struct secrets *secrets;

	if (!pool->free && !pool_grow(pool))
		return NULL;
	secrets = pool->free;
	pool->free = secrets->next;
	secrets->next = NULL;
	return secrets;
}

void secrets_free(struct secrets_pool *pool, struct secrets *secrets)
{
	if (!secrets)
		return;
	OPENSSL_cleanse(secrets, sizeof(*secrets));
	secrets->next = pool->free;
	pool->free = secrets;
}

static uint8_t unhex(const char *text, uint8_t *out)
{
	size_t size;

	return OPENSSL_hexstr2buf_ex(out, SECRET_MAX, &size, text, '\0') ?
	       size : 0;
}

/* "LABEL <client random> <secret>", the format of NSS key logs. */
static void on_key_log(const SSL *ssl, const char *line)
{
	static const char rx[] = "CLIENT_TRAFFIC_SECRET_0 ";
	static const char tx[] = "SERVER_TRAFFIC_SECRET_0 ";
	bool is_rx = !strncmp(line, rx, sizeof(rx) - 1);
	bool is_tx = !strncmp(line, tx, sizeof(tx) - 1);
	struct secrets *secrets;
	const char *hex;

	if (!is_rx && !is_tx)
		return;
	secrets = SSL_get_ex_data(ssl, ex_index);
	hex = strrchr(line, ' ');
	if (!secrets || !hex)
		return;
	if (is_rx)
		secrets->rx_size = unhex(hex + 1, secrets->rx);
	else
		secrets->tx_size = unhex(hex + 1, secrets->tx);
}

void secrets_attach(SSL *ssl, struct secrets *secrets)
{
	SSL_set_ex_data(ssl, ex_index, secrets);
}

void secrets_collect(SSL_CTX *ctx)
{
	SSL_CTX_set_keylog_callback(ctx, on_key_log);
}

void secrets_protect_process(void)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
	ex_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}
