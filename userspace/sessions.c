// SPDX-License-Identifier: GPL-2.0-or-later
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exdata.h"
#include "keyshare.h"
#include "mem.h"
#include "ocsp.h"
#include "sessions.h"

#define BUCKETS		8192	/* a power of two */
#define ID_SIZE		SSL_MAX_SSL_SESSION_ID_LENGTH

/* An identity that sessions share: each resumption makes another session. */
struct owner {
	atomic_int refs;
	time_t since;			/* the full handshake */
	struct identity identity;	/* and the group of that */
};

/* What a context resumes, and how. */
struct resumption {
	unsigned char scope[SESSION_SCOPE];
	const struct gate_config *gate;
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

static int owner_index = -1;		/* of sessions */
static int resumption_index = -1;	/* of contexts */
static int x25519_index = -1;		/* of connections: a share was sent */

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
	owner_index = SSL_SESSION_get_ex_new_index(0, NULL, NULL, on_copy,
						   on_free);
	resumption_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL,
						    exdata_free);
	x25519_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
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

static const struct resumption *resumption_of(const SSL *ssl)
{
	return SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), resumption_index);
}

/*
 * OpenSSL gives each session a life of its own. All that come from one full
 * handshake have one together (RFC 8446 4.6.1).
 */
static bool is_over(const struct owner *owner)
{
	time_t now = time(NULL);

	return now < owner->since || now - owner->since >= SESSION_LIFE;
}

/* Otherwise a full handshake, which finds out more. */
static bool may_resume(const SSL *ssl, const struct owner *owner)
{
	return owner && !is_over(owner) &&
	       ocsp_knows(resumption_of(ssl)->gate, &owner->identity);
}

static int on_hello(SSL *ssl, int *alert, void *arg)
{
	static const char yes;
	const unsigned char *shares;
	size_t size;
	bool sent;

	(void)alert;
	(void)arg;
	sent = SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_key_share, &shares,
					 &size) &&
	       keyshare_has(shares, size, GROUP_X25519);
	/* Also the second hello, after a HelloRetryRequest. */
	SSL_set_ex_data(ssl, x25519_index, sent ? (void *)&yes : NULL);
	return SSL_CLIENT_HELLO_SUCCESS;
}

/* What OpenSSL asks itself once it has the session. */
static bool will_resume(const SSL *ssl, const SSL_SESSION *session)
{
	const SSL_CIPHER *of_session = SSL_SESSION_get0_cipher(session);
	const SSL_CIPHER *chosen = SSL_get_pending_cipher(ssl);
	const unsigned char *scope;
	unsigned int size;

	scope = SSL_SESSION_get0_id_context(session, &size);
	return size == SESSION_SCOPE && of_session && chosen &&
	       !memcmp(scope, resumption_of(ssl)->scope, SESSION_SCOPE) &&
	       SSL_CIPHER_get_handshake_digest(of_session) ==
	       SSL_CIPHER_get_handshake_digest(chosen);
}

/*
 * The secret of a session that began with a hybrid key exchange is one that no
 * quantum computer finds in what went over the wire, and is mixed into all keys
 * of the connection that resumes it. So X25519 beside it is enough, which is two
 * thirds of the work, if the client has sent a share for it. The group is chosen
 * after this; in a full handshake it must be the hybrid one, so nothing is
 * changed unless the session is sure to be resumed.
 */
static void choose_group(SSL *ssl, const SSL_SESSION *session,
			 const struct owner *owner)
{
	int x25519 = NID_X25519;

	if (owner->identity.group == GROUP_X25519MLKEM768 &&
	    !resumption_of(ssl)->gate->hybrid_resumption &&
	    SSL_version(ssl) == TLS1_3_VERSION &&
	    SSL_get_ex_data(ssl, x25519_index) && will_resume(ssl, session))
		SSL_set1_groups(ssl, &x25519, 1);
}

static SSL_SESSION *on_lookup(SSL *ssl, const unsigned char *id, int size,
			      int *copy)
{
	SSL_SESSION *session = NULL;
	const struct owner *owner;
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
	if (!session)
		return NULL;
	owner = SSL_SESSION_get_ex_data(session, owner_index);
	if (may_resume(ssl, owner)) {
		choose_group(ssl, session, owner);
		return session;
	}
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
	if (!SSL_SESSION_get_ex_data(session, owner_index)) {
		owner = xcalloc(1, sizeof(*owner));
		atomic_init(&owner->refs, 1);
		owner->since = time(NULL);
		identity_copy(identity, &owner->identity);
		SSL_SESSION_set_ex_data(session, owner_index, owner);
	}
	pthread_mutex_lock(&cache.lock);
	add(session, id);
	pthread_mutex_unlock(&cache.lock);
}

bool sessions_identity(SSL *ssl, struct identity *out)
{
	SSL_SESSION *session = SSL_get0_session(ssl);
	const struct owner *owner;

	owner = session ? SSL_SESSION_get_ex_data(session, owner_index) : NULL;
	if (!owner)
		return false;
	identity_copy(&owner->identity, out);
	return true;
}

bool sessions_enable(SSL_CTX *ctx, const unsigned char scope[SESSION_SCOPE],
		     const struct gate_config *gate)
{
	struct resumption *resumption = xcalloc(1, sizeof(*resumption));

	memcpy(resumption->scope, scope, SESSION_SCOPE);
	resumption->gate = gate;
	if (!SSL_CTX_set_ex_data(ctx, resumption_index, resumption)) {
		free(resumption);
		return false;
	}
	SSL_CTX_set_client_hello_cb(ctx, on_hello, NULL);
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_SERVER |
				       SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_get_cb(ctx, on_lookup);
	SSL_CTX_sess_set_remove_cb(ctx, on_remove);
	SSL_CTX_set_session_id_context(ctx, scope, SESSION_SCOPE);
	/* One, for it is sent before the handoff and must be acknowledged. */
	SSL_CTX_set_num_tickets(ctx, 1);
	SSL_CTX_set_timeout(ctx, SESSION_LIFE);
	return true;
}

void sessions_close(void)
{
	pthread_mutex_lock(&cache.lock);
	while (cache.oldest)
		drop(find(cache.oldest->id));
	pthread_mutex_unlock(&cache.lock);
}
