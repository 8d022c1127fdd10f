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

#define STEER_PIN_ROOT	"/sys/fs/bpf/ktlsgate"

/* Counted up whenever a key or a value below changes its meaning or size. */
#define STEER_LAYOUT	"1"

#define STEER_MAX_GATES		256
#define STEER_MAX_WORKERS	128
#define STEER_MAX_EXEMPT	16384

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
};

/* Key of "exempt", a longest-prefix-match trie; the value is always 1. */
struct steer_source {
	__u32	prefixlen;	/* 32 (the id) + 0..128 */
	__u32	id;		/* of the gate */
	__u8	address[16];	/* IPv4: v4-mapped, so 96 is added to its length */
};

/* Value of "stats", a per-CPU array indexed by the gate's id. In packets. */
struct steer_stats {
	__u64	steered;	/* to a socket of the helper */
	__u64	exempt;		/* passed to the agent: the source is exempt */
	__u64	dropped;	/* no socket of the helper was there */
};

#endif
