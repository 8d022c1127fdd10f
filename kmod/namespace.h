/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KTLSGATE_NAMESPACE_H
#define _KTLSGATE_NAMESPACE_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/xarray.h>
#include <net/net_namespace.h>

/**
 * struct ktlsgate_counters - what is counted since the module came
 * @handoffs: connections put on an accept queue
 * @handoff_failures: handoffs that were refused
 * @refusals: clients that the handshake helper refused
 * @closed: connections that ended
 * @key_updates_received: KeyUpdates of clients that were applied
 * @key_updates_sent: own KeyUpdates
 */
struct ktlsgate_counters {
	atomic64_t	handoffs;
	atomic64_t	handoff_failures;
	atomic64_t	refusals;
	atomic64_t	closed;
	atomic64_t	key_updates_received;
	atomic64_t	key_updates_sent;
};

/**
 * struct ktlsgate_net - everything of one network namespace
 * @net: the namespace; it outlives this
 * @gates_lock: protects @gates, @gates_nr, @gate_seq and the changeable
 *	members of each gate
 * @gates: struct ktlsgate_gate.list, ordered by .seq
 * @gates_nr: length of @gates
 * @gate_seq: number of the last gate added
 * @conns: live connections by id, its own lock
 * @conn_next: where the next id is looked for, under the lock of @conns
 * @live: connections in @conns
 * @queued: of these, not accepted yet
 * @counters: totals, gates that are gone included
 */
struct ktlsgate_net {
	struct net		*net;
	spinlock_t		gates_lock;	/* protects gates */
	struct list_head	gates;
	u32			gates_nr;
	u32			gate_seq;
	struct xarray		conns;
	u32			conn_next;
	atomic_t		live;
	atomic_t		queued;
	struct ktlsgate_counters counters;
};

struct ktlsgate_net *ktlsgate_net(const struct net *net);
int ktlsgate_namespace_init(void);
void ktlsgate_namespace_exit(void);

#endif /* _KTLSGATE_NAMESPACE_H */
