/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A worker: one thread with its own sockets, contexts, timers and netlink
 * channels. What workers share and lock is counts (sources.h, refusals.h); they
 * learn of new gates by a snapshot that replaces the old one whole.
 */
#ifndef KTLSGATED_WORKER_H
#define KTLSGATED_WORKER_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "gate.h"
#include "listeners.h"
#include "ocsp.h"
#include "secrets.h"
#include "timers.h"

/* What all workers serve. Made by the main thread, not changed afterwards. */
struct snapshot {
	size_t count;
	struct serving {
		struct gate *gate;
		const struct listeners *listeners;
	} *gates;
};

/* What an epoll event is about. */
struct source {
	enum { SOURCE_WAKE, SOURCE_LISTENER, SOURCE_HANDSHAKE,
	       SOURCE_RELAY } kind;
};

struct handshake;
struct relay;

struct worker {
	unsigned int index;
	pthread_t thread;
	OSSL_LIB_CTX *lib;
	int epoll;
	struct source wake;
	int wake_fd;			/* written by the main thread */
	struct ocsp_inbox ocsp;		/* wakes it, too */
	const struct snapshot *_Atomic next;	/* to be taken over */
	sem_t taken;			/* posted when it was */
	atomic_bool stop;
	struct port {			/* a listening socket */
		struct source source;
		int fd;
		struct gate *gate;
		bool kept;
	} **ports;
	size_t port_count;
	struct timers timers;
	struct timer accept_pause;	/* when descriptors ran out */
	bool paused;
	uint64_t short_since;		/* when they did, 0: they did not */
	struct secrets_pool secrets;
	struct handshake *handshakes;	/* list of those under way */
	struct handshake *dead;		/* freed once all events are served */
	size_t handshake_count;
	struct relay *relays;		/* list of those that live */
	struct relay *dead_relays;	/* as dead */
	atomic_bool *agent_changed;	/* asks the main thread to look */
	int main_fd;			/* wakes it */
};

/* NULL and a sentence to be freed. */
struct worker *worker_start(unsigned int index, int main_fd,
			    atomic_bool *agent_changed, char **error);

/* Returns when the worker uses nothing of its former snapshot's sockets. */
void worker_serve(struct worker *worker, const struct snapshot *snapshot);

/* Accepts no more, lets handshakes and relays end for a moment, and joins. */
void worker_stop(struct worker *worker);

/* Once nothing is left that was made with its library context. */
void worker_free(struct worker *worker);

#endif
