/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The maps of the steering program: the one contract between bpf/steer.bpf.c
 * and those who fill or read the maps (ktlsgated, ktlsgate doctor).
 *
 * Everything is pinned below STEER_PIN_ROOT/netns-<cookie>/, where cookie is
 * the network namespace's SO_NETNS_COOKIE in decimal:
 *
 *	link		the attachment to the namespace; it keeps steering in
 *			force when the helper is gone, so that the agent's port
 *			stays closed to plaintext
 *	gates_v1 ...	the maps; the number is STEER_LAYOUT
 */
#ifndef KTLSGATE_STEER_H
#define KTLSGATE_STEER_H

#include <linux/types.h>

#include "bucket.h"

#define STEER_PIN_ROOT	"/sys/fs/bpf/ktlsgate"

/* Counted up whenever a key or a value below changes its meaning or size. */
#define STEER_LAYOUT	"2"

#define STEER_MAX_GATES		256
#define STEER_MAX_WORKERS	128
#define STEER_MAX_EXEMPT	16384
#define STEER_MAX_SOURCES	65536	/* with a bucket; more push out old ones */
#define STEER_MAX_CROWDED	16384

/*
 * The sockets of gate G: AF_INET ones in slots G * STEER_SLOTS + worker,
 * AF_INET6 ones (dual-stack) STEER_MAX_WORKERS further on.
 */
#define STEER_SLOTS		(2 * STEER_MAX_WORKERS)

/* Key of "gates". IPv4 addresses are v4-mapped; all zeroes is the wildcard. */
struct steer_key {
	__u8	address[16];	/* network byte order */
	__u32	port;		/* host byte order */
};

/* Value of "gates". */
struct steer_gate {
	__u32	id;		/* below STEER_MAX_GATES, unique in the map */
	__u32	workers;	/* sockets of each family */
	__u32	ipv4_by_ipv6;	/* 1: IPv4 packets go to AF_INET6 sockets */
	char	name[36];	/* for people, NUL-terminated */
	struct bucket_rate rate;	/* new connections of one client */
};

/* Key of "exempt", a longest-prefix-match trie; the value is always 1. */
struct steer_source {
	__u32	prefixlen;	/* 32 (the id) + 0..128 */
	__u32	id;		/* of the gate */
	__u8	address[16];	/* IPv4: v4-mapped, so 96 is added to its length */
};

/*
 * Key of "buckets" and "crowded". IPv4: v4-mapped; IPv6: the /64, for that is
 * what one host or one customer has.
 */
struct steer_client {
	__u32	id;		/* of the gate */
	__u32	everybody;	/* 1: all clients of the gate, no address */
	__u8	address[16];
};

/*
 * "buckets", an LRU hash: when the bucket of a client is full again, see
 * bucket.h. "crowded", a hash; the value is always 1: written by the helper for
 * clients that have as many handshakes under way as they may.
 */

/* Value of "stats", a per-CPU array indexed by the gate's id. In packets. */
struct steer_stats {
	__u64	steered;	/* to a socket of the helper */
	__u64	exempt;		/* passed to the agent: the source is exempt */
	__u64	no_helper;	/* dropped: no socket of the helper was there */
	__u64	source_rate;	/* dropped: new connections of one client */
	__u64	source_handshakes;	/* dropped: its handshakes */
	__u64	gate_handshakes;	/* dropped: those of all clients */
	__u64	last_at;	/* when one was dropped for its source */
	__u8	last[16];	/* and its address */
};

static inline void steer_stats_add(struct steer_stats *sum,
				   const struct steer_stats *one)
{
	sum->steered += one->steered;
	sum->exempt += one->exempt;
	sum->no_helper += one->no_helper;
	sum->source_rate += one->source_rate;
	sum->source_handshakes += one->source_handshakes;
	sum->gate_handshakes += one->gate_handshakes;
	if (one->last_at <= sum->last_at)
		return;
	sum->last_at = one->last_at;
	__builtin_memcpy(sum->last, one->last, sizeof(sum->last));
}

#endif
