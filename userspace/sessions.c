// SPDX-License-Identifier: GPL-2.0-or-later
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "ocsp.h"
#include "sessions.h"

#define BUCKETS		8192	/* a power of two */
#define ID_SIZE		SSL_MAX_SSL_SESSION_ID_LENGTH

/* An identity that sessions share: each resumption makes another session. */
struct owner {
	atomic_int refs;
	struct identity identity;
};

struct entry {
	struct entry *next;		/* in its bucket */
	struct entry *older, *newer;
	SSL_SESSION *session;		/* holds its owner as ex_data */
	unsigned char id[ID_SIZE];
};

/* All of it under the lock, which is held for a look or a change only. */
static struct {
	pthread_mutex_t lock;
	struct entry *bucket[BUCKETS];
	struct entry *oldest, *newest;
	size_t count;
} cache = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int ex_index = -1;

static void owner_put(struct owner *owner)
{
	if (!owner || atomic_fetch_sub(&owner->refs, 1) > 1)
		return;
	identity_free(&owner->identity);
	free(owner);
}

/* TLS 1.3 makes a copy of the session for the next ticket. */
static int on_copy(CRYPTO_EX_DATA *to, const CRYPTO_EX_DATA *from, void **data,
		   int index, long number, void *arg)
{
	struct owner *owner = *data;

	(void)to;
	(void)from;
	(void)index;
	(void)number;
	(void)arg;
	if (owner)
		atomic_fetch_add(&owner->refs, 1);
	return 1;
}

static void on_free(void *session, void *data, CRYPTO_EX_DATA *all, int index,
		    long number, void *arg)
{
	(void)session;
	(void)all;
	(void)index;
	(void)number;
	(void)arg;
	owner_put(data);
}

void sessions_open(void)
{
	ex_index = SSL_SESSION_get_ex_new_index(0, NULL, NULL, on_copy,
						on_free);
}

/* Session ids are random: any bits of them are as good as a hash. */
static struct entry **bucket_of(const unsigned char *id)
{
	unsigned int hash;

	memcpy(&hash, id, sizeof(hash));
	return &cache.bucket[hash % BUCKETS];
}

static struct entry **find(const unsigned char *id)
{
	struct entry **at = bucket_of(id);

	while (*at && memcmp((*at)->id, id, ID_SIZE))
		at = &(*at)->next;
	return at;
}

static void unlink_age(struct entry *entry)
{
	if (entry->older)
		entry->older->newer = entry->newer;
	else
		cache.oldest = entry->newer;
	if (entry->newer)
		entry->newer->older = entry->older;
	else
		cache.newest = entry->older;
}

static void link_newest(struct entry *entry)
{
	entry->newer = NULL;
	entry->older = cache.newest;
	if (cache.newest)
		cache.newest->newer = entry;
	else
		cache.oldest = entry;
	cache.newest = entry;
}

static void drop(struct entry **at)
{
	struct entry *entry = *at;

	*at = entry->next;
	unlink_age(entry);
	cache.count--;
	SSL_SESSION_free(entry->session);
	free(entry);
}

/* Otherwise a full handshake, which finds out more. */
static bool may_resume(const SSL *ssl, const SSL_SESSION *session)
{
	const struct owner *owner = SSL_SESSION_get_ex_data(session, ex_index);

	return owner && ocsp_knows(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)),
				   &owner->identity);
}

static SSL_SESSION *on_lookup(SSL *ssl, const unsigned char *id, int size,
			      int *copy)
{
	SSL_SESSION *session = NULL;
	struct entry *entry;

	*copy = 0;	/* the reference taken here is the caller's */
	if (size != ID_SIZE)
		return NULL;
	pthread_mutex_lock(&cache.lock);
	entry = *find(id);
	if (entry) {
		session = entry->session;
		SSL_SESSION_up_ref(session);
		unlink_age(entry);
		link_newest(entry);
	}
	pthread_mutex_unlock(&cache.lock);
	if (!session || may_resume(ssl, session))
		return session;
	SSL_SESSION_free(session);
	return NULL;
}

/* OpenSSL found it over, or its connection ended badly. */
static void on_remove(SSL_CTX *ctx, SSL_SESSION *session)
{
	const unsigned char *id;
	struct entry **at;
	unsigned int size;

	(void)ctx;
	id = SSL_SESSION_get_id(session, &size);
	if (size != ID_SIZE)
		return;
	pthread_mutex_lock(&cache.lock);
	at = find(id);
	if (*at && (*at)->session == session)
		drop(at);
	pthread_mutex_unlock(&cache.lock);
}

static void add(SSL_SESSION *session, const unsigned char *id)
{
	struct entry **at = find(id), *entry;

	if (*at)
		drop(at);
	if (cache.count == SESSIONS_MAX)
		drop(find(cache.oldest->id));
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return;
	SSL_SESSION_up_ref(session);
	entry->session = session;
	memcpy(entry->id, id, ID_SIZE);
	at = bucket_of(id);
	entry->next = *at;
	*at = entry;
	link_newest(entry);
	cache.count++;
}

void sessions_keep(SSL *ssl, const struct identity *identity)
{
	SSL_SESSION *session = SSL_get0_session(ssl);
	const unsigned char *id;
	struct owner *owner;
	unsigned int size;

	if (!session || !SSL_SESSION_is_resumable(session))
		return;
	id = SSL_SESSION_get_id(session, &size);
	if (size != ID_SIZE)
		return;
	if (!SSL_SESSION_get_ex_data(session, ex_index)) {
		owner = xcalloc(1, sizeof(*owner));
		atomic_init(&owner->refs, 1);
		identity_copy(identity, &owner->identity);
		SSL_SESSION_set_ex_data(session, ex_index, owner);
	}
	pthread_mutex_lock(&cache.lock);
	add(session, id);
	pthread_mutex_unlock(&cache.lock);
}

bool sessions_identity(SSL *ssl, struct identity *out)
{
	SSL_SESSION *session = SSL_get0_session(ssl);
	const struct owner *owner;

	owner = session ? SSL_SESSION_get_ex_data(session, ex_index) : NULL;
	if (!owner)
		return false;
	identity_copy(&owner->identity, out);
	return true;
}

void sessions_enable(SSL_CTX *ctx, const unsigned char scope[32],
		     const struct gate_config *gate)
{
	SSL_CTX_set_app_data(ctx, (void *)gate);
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_SERVER |
				       SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_get_cb(ctx, on_lookup);
	SSL_CTX_sess_set_remove_cb(ctx, on_remove);
	SSL_CTX_set_session_id_context(ctx, scope, 32);
	/* One, for it is sent before the handoff and must be acknowledged. */
	SSL_CTX_set_num_tickets(ctx, 1);
	SSL_CTX_set_timeout(ctx, SESSION_LIFE);
}

void sessions_close(void)
{
	pthread_mutex_lock(&cache.lock);
	while (cache.oldest)
		drop(find(cache.oldest->id));
	pthread_mutex_unlock(&cache.lock);
}
