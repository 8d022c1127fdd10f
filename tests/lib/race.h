/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_RACE_H
#define TESTS_RACE_H

#include <stdbool.h>
#include <stdint.h>

#include "agent.h"
#include "pair.h"

/* What waits in spite of all is interrupted so often: a close() that lingers. */
#define RACE_INTERRUPT_MS 5
#define RACE_IDS 16

/* What the threads of an agent, its clients and the administrator have in common. */
struct race {
	const struct pair_params *params;
	bool relayed;
	struct pair *p;
	struct net_listen listen;
	uint64_t seed;
	long operations;	/* of each thread */
	uint32_t ids[RACE_IDS];	/* handed off last */
	int handed_off, accepted, killed;
	int running;		/* threads of the agent */
	char wrong[640];	/* what must not be */
};

struct racer {
	struct race *race;
	struct agent agent;
};

static inline void race_count(int *what)
{
	__atomic_fetch_add(what, 1, __ATOMIC_RELAXED);
}

/* The thread of all clients, and of the helper that hands them off. */
void *race_clients(void *racer);

#endif
