/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the clients of a gate come from, and what each source has of it: the
 * handshakes under way, and new connections as a token bucket. A source is an
 * IPv4 address or the /64 of an IPv6 one. One table for all workers, since the
 * connections of a source are spread over them; it goes on through reloads.
 *
 * With steering, connections that are too many are dropped before accept() by
 * bpf/steer.bpf.c: the rate it knows itself, handshakes it is told from here.
 */
#ifndef KTLSGATED_SOURCES_H
#define KTLSGATED_SOURCES_H

#include <stdint.h>

#include "../bpf/bucket.h"
#include "config.h"

struct sources;

struct sources *sources_new(void);
struct sources *sources_get(struct sources *sources);
void sources_put(struct sources *sources);

/* What the configuration allows a source; interval 0: no limit. */
struct bucket_rate sources_rate(const struct gate_config *cfg);

enum sources_answer {
	SOURCES_ENTERED,
	SOURCES_OVER_RATE,	/* new connections of this source */
	SOURCES_OVER_OWN,	/* its handshakes */
	SOURCES_OVER_ALL,	/* handshakes of the gate */
};

/* A handshake with @peer begins, or is turned away. By any worker. */
enum sources_answer sources_enter(struct sources *sources,
				  const struct address *peer);
/* It ended; only what entered. */
void sources_leave(struct sources *sources, const struct address *peer);

/* The limits that are in force from now on; before that nobody enters. */
void sources_limit(struct sources *sources, const struct gate_config *cfg);

/*
 * From now on crowded ones are told to this steering map, as gate @id; -1:
 * nobody is told. Main thread only; the map stays open as long as gates have
 * the table.
 */
void sources_steer(struct sources *sources, int map, uint32_t id);

#endif
