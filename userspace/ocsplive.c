// SPDX-License-Identifier: GPL-2.0-or-later
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "identity.h"
#include "mem.h"
#include "ocsp.h"
#include "ocspcache.h"
#include "ocsplive.h"
#include "sessions.h"
#include "timers.h"

#define BUCKETS		4096	/* a power of two */

/* A client between its handshake and its handoff is not connected yet. */
#define YOUNG_NS	60000000000ULL

/* As long as it may come back with a session, without its certificate. */
#define KEPT_NS		(2 * SESSION_LIFE * 1000000000ULL)

struct kept {
	struct kept *next;
	uint8_t key[OCSP_KEY];
	struct ocsp_question question;
	unsigned int timeout;		/* milliseconds */
	uint64_t since;			/* its last handshake */
	bool connected;			/* as far as is known */
	bool met;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct kept *bucket[BUCKETS];
static size_t count;

/* Keys are digests: any bits of them do. */
static struct kept **bucket_of(const uint8_t key[OCSP_KEY])
{
	return &bucket[(key[0] | key[1] << 8) % BUCKETS];
}

static struct kept *find(const uint8_t key[OCSP_KEY])
{
	struct kept *kept = *bucket_of(key);

	while (kept && memcmp(kept->key, key, OCSP_KEY))
		kept = kept->next;
	return kept;
}

/* Under the lock, as all here. */
static void shook_hands(const uint8_t key[OCSP_KEY])
{
	struct kept *kept = find(key);

	if (!kept)
		return;
	kept->since = now_ns();
	kept->connected = true;
}

static void add(const struct gate_config *gate, const X509 *leaf,
		const X509 *issuer, const uint8_t key[OCSP_KEY])
{
	char *url = gate->ocsp_responder ? xstrdup(gate->ocsp_responder) :
		    ocsp_responder_of(leaf);
	struct kept *kept = xcalloc(1, sizeof(*kept)), **at = bucket_of(key);

	if (!url || !ocsp_question_fill(&kept->question, leaf, issuer, url)) {
		free(url);
		free(kept);
		return;
	}
	free(url);
	memcpy(kept->key, key, OCSP_KEY);
	kept->question.nonce = gate->ocsp_nonce;
	kept->timeout = gate->ocsp_timeout;
	kept->next = *at;
	*at = kept;
	count++;
}

void ocsplive_keep(const struct gate_config *gate, const X509 *leaf,
		   const X509 *issuer)
{
	struct chain_link link;
	uint8_t key[OCSP_KEY];

	if (!gate->cut_refused || !issuer || !chain_link_of(leaf, &link))
		return;
	ocsp_key(gate, link.fingerprint, key);
	pthread_mutex_lock(&lock);
	if (!find(key) && count < OCSPLIVE_MAX)
		add(gate, leaf, issuer, key);
	shook_hands(key);
	pthread_mutex_unlock(&lock);
}

void ocsplive_come_back(const struct gate_config *gate,
			const uint8_t fingerprint[32])
{
	uint8_t key[OCSP_KEY];

	ocsp_key(gate, fingerprint, key);
	pthread_mutex_lock(&lock);
	shook_hands(key);
	pthread_mutex_unlock(&lock);
}

bool ocsplive_due(void)
{
	bool due = false;
	size_t i;

	pthread_mutex_lock(&lock);
	for (i = 0; i < BUCKETS && !due; i++) {
		const struct kept *kept;

		for (kept = bucket[i]; kept && !due; kept = kept->next)
			due = kept->connected && !ocsp_is_answered(kept->key);
	}
	pthread_mutex_unlock(&lock);
	return due;
}

void ocsplive_meet(const struct gate_config *gate,
		   const uint8_t fingerprint[32])
{
	uint8_t key[OCSP_KEY];
	struct kept *kept;

	ocsp_key(gate, fingerprint, key);
	pthread_mutex_lock(&lock);
	kept = find(key);
	if (kept) {
		kept->met = true;
		ocsp_ask_again(key, &kept->question, kept->timeout);
	}
	pthread_mutex_unlock(&lock);
}

void ocsplive_sweep(void)
{
	uint64_t now = now_ns();
	size_t i;

	pthread_mutex_lock(&lock);
	for (i = 0; i < BUCKETS; i++) {
		struct kept **at = &bucket[i];

		while (*at) {
			struct kept *kept = *at;

			kept->connected = kept->met ||
					  now - kept->since < YOUNG_NS;
			kept->met = false;
			if (kept->connected || now - kept->since < KEPT_NS) {
				at = &kept->next;
				continue;
			}
			*at = kept->next;
			ocsp_question_clear(&kept->question);
			free(kept);
			count--;
		}
	}
	pthread_mutex_unlock(&lock);
}
