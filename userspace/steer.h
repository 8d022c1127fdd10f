/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Steering of one network namespace: program, maps and attachment, all pinned,
 * so that a gate's port stays closed to plaintext when the helper is gone and
 * the next helper takes over without a gap. Main thread only.
 */
#ifndef KTLSGATED_STEER_H
#define KTLSGATED_STEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"

struct steer;

/* One gate, as it should be in the maps. */
struct steered {
	const struct gate_config *config;
	const int *ipv4;	/* listening sockets, one for each worker */
	const int *ipv6;	/* dual-stack; NULL when there is no IPv6 */
	unsigned int workers;
	bool ipv4_by_ipv6;
};

/* NULL and a sentence to be freed. Attaches nothing yet. */
struct steer *steer_open(uint64_t cookie, char **error);
void steer_close(struct steer *steer);	/* what is pinned stays in force */

/* The map of crowded clients and the gate's number in it, for sources.h. */
bool steer_crowded(struct steer *steer, const struct gate_config *gate,
		   int *map, uint32_t *id);

struct steer_stats;

/* What it has counted, of all CPUs; false when the gate is not there. */
bool steer_counts(struct steer *steer, const struct gate_config *gate,
		  struct steer_stats *out);

/* Each is one atomic step for the packets of that gate. */
bool steer_set(struct steer *steer, const struct steered *gate, char **error);

/* Forgets every gate that is not in the list. */
void steer_keep(struct steer *steer, const struct steered *gates, size_t count);

/* Puts it in force, in place of an older helper's in one step. */
bool steer_attach(struct steer *steer, int netns, char **error);

/*
 * Takes steering out of force: the agents' ports are open to plaintext again.
 * 0, 1 when there was none, -1 and a sentence.
 */
int steer_detach(uint64_t cookie, char **error);

/* Whether the steering of that namespace is in force, helper or not. */
bool steer_attached(uint64_t cookie);

#endif
