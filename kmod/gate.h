/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KTLSGATE_GATE_H
#define _KTLSGATE_GATE_H

#include <linux/in6.h>
#include <linux/list.h>
#include <linux/netlink.h>
#include <linux/percpu.h>
#include <linux/refcount.h>

#include <linux/ktlsgate.h>

#include "conn.h"
#include "namespace.h"

struct sk_buff;

/**
 * struct ktlsgate_where - which listening sockets a gate stands before
 * @address: IPv4 as v4-mapped; all zeroes: the connection's own local address,
 *	then the wildcards
 * @port: host byte order
 */
struct ktlsgate_where {
	struct in6_addr	address;
	u16		port;
};

/**
 * struct ktlsgate_traffic - what the agents behind a gate read and wrote
 *
 * One for each CPU. The sums may be torn on 32-bit machines.
 */
struct ktlsgate_traffic {
	u64	rx_bytes;
	u64	tx_bytes;
	u64	tx_sendfile_calls;
	u64	tx_sendfile_bytes;
};

/**
 * struct ktlsgate_gate - one protected listener of an agent
 * @list: in ktlsgate_net.gates while the gate exists, under gates_lock
 * @ref: the list holds one, each connection holds one
 * @seq: place in the list, for dumps that go on where they stopped
 * @id: no other gate has or had it, in any namespace
 * @name: never changes
 * @where: under gates_lock
 * @down: takes no handoffs, under gates_lock
 * @key_records: records that a key may protect, 0: the cipher's limit alone;
 *	written under gates_lock
 * @connections: live ones
 * @counters: events since the gate was added
 * @refused_by: refusals by enum ktlsgate_refusal
 * @closed_by: ends by enum ktlsgate_close_reason
 * @traffic: bytes
 */
struct ktlsgate_gate {
	struct list_head	list;
	refcount_t		ref;
	u32			seq;
	u64			id;
	char			name[KTLSGATE_NAME_MAX + 1];
	struct ktlsgate_where	where;
	bool			down;
	u32			key_records;
	atomic_t		connections;
	struct ktlsgate_counters counters;
	atomic64_t		refused_by[KTLSGATE_REFUSAL_SOURCE_LIMIT + 1];
	atomic64_t		closed_by[KTLSGATE_CLOSE_REASON_CERTIFICATE_EXPIRED +
					  1];
	struct ktlsgate_traffic __percpu *traffic;
};

/**
 * struct ktlsgate_gate_change - the members that a request gives
 * @where: valid as far as the flags say
 * @has_address: where.address was given
 * @has_port: where.port was given
 * @has_state: down was given
 * @has_key_records: key_records was given
 * @down: the state to take
 * @key_records: the limit to take
 */
struct ktlsgate_gate_change {
	struct ktlsgate_where	where;
	bool			has_address;
	bool			has_port;
	bool			has_state;
	bool			has_key_records;
	bool			down;
	u32			key_records;
};

struct ktlsgate_gate *ktlsgate_gate_get(struct ktlsgate_net *kn,
					const char *name);
void ktlsgate_gate_put(struct ktlsgate_gate *gate);
int ktlsgate_gate_add(struct ktlsgate_net *kn, const char *name,
		      const struct ktlsgate_gate_change *change,
		      struct netlink_ext_ack *extack);
int ktlsgate_gate_set(struct ktlsgate_net *kn, const char *name,
		      const struct ktlsgate_gate_change *change,
		      struct netlink_ext_ack *extack);
struct ktlsgate_gate *ktlsgate_gate_delete(struct ktlsgate_net *kn,
					   const char *name);
void ktlsgate_gate_delete_all(struct ktlsgate_net *kn);
bool ktlsgate_gate_where(struct ktlsgate_net *kn, struct ktlsgate_gate *gate,
			 struct ktlsgate_where *where);
int ktlsgate_gate_fill(struct sk_buff *skb, struct ktlsgate_net *kn,
		       struct ktlsgate_gate *gate);
struct ktlsgate_gate *ktlsgate_gate_after(struct ktlsgate_net *kn, u32 seq);

#endif /* _KTLSGATE_GATE_H */
