// SPDX-License-Identifier: GPL-2.0-or-later
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <openssl/rand.h>

#include "../bpf/steer.h"
#include "mem.h"
#include "sources.h"
#include "timers.h"

#define CHAINS 4096

/* Those without a handshake are forgotten at once when there are more. */
#define IDLE_MAX 65536

struct source_use {
	struct source_use *next;
	uint8_t address[16];
	unsigned int handshakes;
	uint64_t full_at;	/* bucket.h; only without steering */
	bool crowded;		/* the steering map says so */
};

/*
 * Workers meet at a chain's lock only over the same source, or one in CHAINS
 * others; what all sources share is counted without a lock.
 */
struct chain {
	pthread_mutex_t lock;
	struct source_use *first;
};

struct sources {
	atomic_int refs;
	uint32_t seed;		/* clients choose addresses, not chains */
	struct chain chain[CHAINS];
	atomic_size_t idle;	/* without a handshake */
	atomic_uint handshakes;
	atomic_uint max;	/* handshakes */
	/* Written with all chains locked, read with one of them locked. */
	unsigned int max_own;	/* of one source, 0: no limit */
	struct bucket_rate rate;	/* interval 0: no limit, or steering's */
	int map;
	uint32_t id;
	/* Whether the gate as a whole is crowded, as the map was told. */
	pthread_mutex_t crowded_lock;
	atomic_bool crowded;
};

struct sources *sources_new(void)
{
	struct sources *sources = xcalloc(1, sizeof(*sources));
	size_t i;

	atomic_init(&sources->refs, 1);
	for (i = 0; i < CHAINS; i++)
		pthread_mutex_init(&sources->chain[i].lock, NULL);
	pthread_mutex_init(&sources->crowded_lock, NULL);
	RAND_bytes((unsigned char *)&sources->seed, sizeof(sources->seed));
	sources->map = -1;
	return sources;
}

struct sources *sources_get(struct sources *sources)
{
	atomic_fetch_add_explicit(&sources->refs, 1, memory_order_relaxed);
	return sources;
}

void sources_put(struct sources *sources)
{
	size_t i;

	if (!sources || atomic_fetch_sub(&sources->refs, 1) > 1)
		return;
	for (i = 0; i < CHAINS; i++) {
		struct chain *chain = &sources->chain[i];

		while (chain->first) {
			struct source_use *use = chain->first;

			chain->first = use->next;
			free(use);
		}
		pthread_mutex_destroy(&chain->lock);
	}
	pthread_mutex_destroy(&sources->crowded_lock);
	free(sources);
}

struct bucket_rate sources_rate(const struct gate_config *cfg)
{
	struct bucket_rate rate = {};

	if (cfg->max_connection_rate_per_source)
		rate.interval = 1000000000 /
				cfg->max_connection_rate_per_source;
	rate.depth = rate.interval * cfg->max_connection_burst_per_source;
	return rate;
}

static void source_of(const struct address *peer, uint8_t out[16])
{
	address_map(peer, out);
	if (peer->family == AF_INET6)
		memset(out + 8, 0, 8);
}

static struct chain *chain_of(struct sources *sources,
			      const uint8_t address[16])
{
	uint32_t hash = sources->seed;
	size_t i;

	for (i = 0; i < 16; i++)
		hash = (hash ^ address[i]) * 0x01000193;
	return &sources->chain[(hash ^ hash >> 16) % CHAINS];
}

static void forget(struct sources *sources, struct source_use **link)
{
	struct source_use *use = *link;

	*link = use->next;
	free(use);
	sources->idle--;
}

/* Forgets those of the chain that are as if they had never been there. */
static struct source_use *find(struct sources *sources, struct chain *chain,
			       const uint8_t address[16], uint64_t now)
{
	struct source_use **link = &chain->first, *found = NULL;

	while (*link) {
		struct source_use *use = *link;

		if (!memcmp(use->address, address, 16))
			found = use;
		else if (!use->handshakes && use->full_at <= now) {
			forget(sources, link);
			continue;
		}
		link = &use->next;
	}
	return found;
}

static struct source_use *add(struct sources *sources, struct chain *chain,
			      const uint8_t address[16])
{
	struct source_use *use = calloc(1, sizeof(*use));

	if (!use)
		return NULL;
	memcpy(use->address, address, 16);
	use->next = chain->first;
	chain->first = use;
	sources->idle++;
	return use;
}

/* @use NULL: all clients. What the map does not take is turned away here. */
static void tell(const struct sources *sources, const struct source_use *use,
		 bool crowded)
{
	struct steer_client key = { .id = sources->id, .everybody = !use };
	__u8 one = 1;

	if (sources->map < 0)
		return;
	if (use)
		memcpy(key.address, use->address, 16);
	if (crowded)
		bpf_map_update_elem(sources->map, &key, &one, BPF_ANY);
	else
		bpf_map_delete_elem(sources->map, &key);
}

static bool has_all(const struct sources *sources, const struct source_use *use)
{
	return sources->max_own && use->handshakes >= sources->max_own;
}

static void look_at(const struct sources *sources, struct source_use *use)
{
	bool crowded = has_all(sources, use);

	if (crowded != use->crowded)
		tell(sources, use, crowded);
	use->crowded = crowded;
}

static bool has_all_of_gate(struct sources *sources)
{
	return sources->handshakes >= sources->max;
}

/* Seldom anything else than one look. */
static void look_at_gate(struct sources *sources)
{
	if (has_all_of_gate(sources) == sources->crowded)
		return;
	pthread_mutex_lock(&sources->crowded_lock);
	/* Another worker may have changed it before it could be told. */
	while (has_all_of_gate(sources) != sources->crowded) {
		sources->crowded = !sources->crowded;
		tell(sources, NULL, sources->crowded);
	}
	pthread_mutex_unlock(&sources->crowded_lock);
}

/* One of the handshakes that the gate may have. */
static bool take_one(struct sources *sources)
{
	if (sources->handshakes++ < sources->max)
		return true;
	sources->handshakes--;
	return false;
}

static enum sources_answer judge(struct sources *sources,
				 struct source_use *use, uint64_t now)
{
	uint64_t full_at = use->full_at;

	if (has_all(sources, use))
		return SOURCES_OVER_OWN;
	if (sources->rate.interval) {
		full_at = bucket_take(full_at, now, &sources->rate);
		if (!full_at)
			return SOURCES_OVER_RATE;
	}
	if (!take_one(sources))
		return SOURCES_OVER_ALL;
	use->full_at = full_at;
	return SOURCES_ENTERED;
}

enum sources_answer sources_enter(struct sources *sources,
				  const struct address *peer)
{
	enum sources_answer answer = SOURCES_OVER_ALL;
	uint64_t now = now_ns();
	struct source_use *use;
	struct chain *chain;
	uint8_t address[16];

	source_of(peer, address);
	chain = chain_of(sources, address);
	pthread_mutex_lock(&chain->lock);
	use = find(sources, chain, address, now);
	if (!use)
		use = add(sources, chain, address);
	if (use)
		answer = judge(sources, use, now);
	if (answer == SOURCES_ENTERED) {
		if (!use->handshakes++)
			sources->idle--;
		look_at(sources, use);
		look_at_gate(sources);
	}
	pthread_mutex_unlock(&chain->lock);
	return answer;
}

void sources_leave(struct sources *sources, const struct address *peer)
{
	struct source_use *use, **link;
	uint64_t now = now_ns();
	struct chain *chain;
	uint8_t address[16];

	source_of(peer, address);
	chain = chain_of(sources, address);
	pthread_mutex_lock(&chain->lock);
	use = find(sources, chain, address, now);
	sources->handshakes--;
	if (!--use->handshakes)
		sources->idle++;
	look_at(sources, use);
	look_at_gate(sources);
	if (!use->handshakes &&
	    (use->full_at <= now || sources->idle > IDLE_MAX)) {
		for (link = &chain->first; *link != use;)
			link = &(*link)->next;
		forget(sources, link);
	}
	pthread_mutex_unlock(&chain->lock);
}

static void lock_all(struct sources *sources)
{
	size_t i;

	for (i = 0; i < CHAINS; i++)
		pthread_mutex_lock(&sources->chain[i].lock);
}

static void unlock_all(struct sources *sources)
{
	size_t i;

	for (i = 0; i < CHAINS; i++)
		pthread_mutex_unlock(&sources->chain[i].lock);
}

static void for_each(struct sources *sources,
		     void (*call)(const struct sources *sources,
				  struct source_use *use))
{
	struct source_use *use;
	size_t i;

	for (i = 0; i < CHAINS; i++)
		for (use = sources->chain[i].first; use; use = use->next)
			call(sources, use);
}

void sources_limit(struct sources *sources, const struct gate_config *cfg)
{
	lock_all(sources);
	sources->max = cfg->max_handshakes;
	sources->max_own = cfg->max_handshakes_per_source;
	/* Steering counts when they arrive, we would when we are free. */
	sources->rate = cfg->steering ? (struct bucket_rate){} :
			sources_rate(cfg);
	for_each(sources, look_at);
	look_at_gate(sources);
	unlock_all(sources);
}

static void tell_again(const struct sources *sources, struct source_use *use)
{
	if (use->crowded)
		tell(sources, use, true);
}

void sources_steer(struct sources *sources, int map, uint32_t id)
{
	lock_all(sources);
	if (sources->map != map || sources->id != id) {
		sources->map = map;
		sources->id = id;
		for_each(sources, tell_again);
		if (sources->crowded)
			tell(sources, NULL, true);
	}
	unlock_all(sources);
}
