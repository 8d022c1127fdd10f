// SPDX-License-Identifier: GPL-2.0
/* Gates: which listeners of agents stand behind TLS. */
#include <linux/ctype.h>
#include <linux/slab.h>
#include <net/ipv6.h>
#include <net/netlink.h>

#include "address.h"
#include "gate.h"
#include "listener.h"
#include "netlink.h"

/* Of one network namespace. They are in a list that is walked under a spinlock,
 * and root of any user namespace may add to it; the helper has up to 256.
 */
#define GATES_MAX	1024

static atomic64_t gate_ids;

static struct ktlsgate_gate *gate_find(struct ktlsgate_net *kn,
				       const char *name)
{
	struct ktlsgate_gate *gate;

	lockdep_assert_held(&kn->gates_lock);
	list_for_each_entry(gate, &kn->gates, list)
		if (!strcmp(gate->name, name))
			return gate;
	return NULL;
}

/* Two gates before one listener would make it a matter of luck whose rules
 * count. The wildcard address and an exact one may both be there: the exact
 * one is the narrower, as with listening sockets.
 */
static bool gate_where_taken(struct ktlsgate_net *kn,
			     const struct ktlsgate_where *where,
			     const struct ktlsgate_gate *but)
{
	struct ktlsgate_gate *gate;

	lockdep_assert_held(&kn->gates_lock);
	list_for_each_entry(gate, &kn->gates, list)
		if (gate != but && gate->where.port == where->port &&
		    ipv6_addr_equal(&gate->where.address, &where->address))
			return true;
	return false;
}

/**
 * ktlsgate_gate_get() - find a gate by its name
 * @kn: the namespace
 * @name: exact name
 *
 * Return: the gate, with a reference for the caller, or NULL.
 */
struct ktlsgate_gate *ktlsgate_gate_get(struct ktlsgate_net *kn,
					const char *name)
{
	struct ktlsgate_gate *gate;

	spin_lock(&kn->gates_lock);
	gate = gate_find(kn, name);
	if (gate)
		refcount_inc(&gate->ref);
	spin_unlock(&kn->gates_lock);
	return gate;
}

/**
 * ktlsgate_gate_put() - give a reference back
 * @gate: a gate
 */
void ktlsgate_gate_put(struct ktlsgate_gate *gate)
{
	if (!refcount_dec_and_test(&gate->ref))
		return;
	free_percpu(gate->traffic);
	kfree(gate);
}

/* A name is printed in tables and typed in shells. */
static bool gate_name_valid(const char *name)
{
	if (!*name)
		return false;
	for (; *name; name++)
		if (!isascii(*name) || !isgraph(*name))
			return false;
	return true;
}

/**
 * ktlsgate_gate_add() - make a gate
 * @kn: the namespace
 * @name: its name, 1 to KTLSGATE_NAME_MAX graphic ASCII characters
 * @change: its port, and its address and state if not the defaults
 * @extack: where a refusal is explained
 *
 * Return: 0, -EINVAL, -EEXIST (name, or address and port, taken), -ENOSPC or
 * -ENOMEM.
 */
int ktlsgate_gate_add(struct ktlsgate_net *kn, const char *name,
		      const struct ktlsgate_gate_change *change,
		      struct netlink_ext_ack *extack)
{
	struct ktlsgate_gate *gate;
	int err = 0;

	if (!gate_name_valid(name)) {
		NL_SET_ERR_MSG(extack,
			       "a gate's name is graphic ASCII without space");
		return -EINVAL;
	}
	if (!change->has_port) {
		NL_SET_ERR_MSG(extack, "a gate needs the agent's port");
		return -EINVAL;
	}
	gate = kzalloc(sizeof(*gate), GFP_KERNEL_ACCOUNT);
	if (!gate)
		return refuse_no_memory(extack);
	gate->traffic = alloc_percpu_gfp(struct ktlsgate_traffic,
					 GFP_KERNEL_ACCOUNT);
	if (!gate->traffic) {
		kfree(gate);
		return refuse_no_memory(extack);
	}
	gate->id = atomic64_inc_return(&gate_ids);
	strscpy(gate->name, name, sizeof(gate->name));
	gate->where = change->where;
	gate->down = change->down;
	gate->key_records = change->key_records;
	refcount_set(&gate->ref, 1);

	spin_lock(&kn->gates_lock);
	if (gate_find(kn, name)) {
		NL_SET_ERR_MSG(extack, "a gate of this name exists");
		err = -EEXIST;
	} else if (gate_where_taken(kn, &gate->where, NULL)) {
		NL_SET_ERR_MSG(extack,
			       "another gate has this address and port");
		err = -EEXIST;
	} else if (kn->gates_nr >= GATES_MAX) {
		NL_SET_ERR_MSG(extack,
			       "the namespace has 1024 gates, delete one");
		err = -ENOSPC;
	} else {
		gate->seq = ++kn->gate_seq;
		list_add_tail(&gate->list, &kn->gates);
		kn->gates_nr++;
	}
	spin_unlock(&kn->gates_lock);
	if (err)
		ktlsgate_gate_put(gate);
	return err;
}

/**
 * ktlsgate_gate_set() - change a gate
 * @kn: the namespace
 * @name: which one
 * @change: the members that are given; the others stay
 * @extack: where a refusal is explained
 *
 * Connections that passed the gate are not touched.
 *
 * Return: 0, -ENOENT, or -EEXIST when another gate has the address and port.
 */
int ktlsgate_gate_set(struct ktlsgate_net *kn, const char *name,
		      const struct ktlsgate_gate_change *change,
		      struct netlink_ext_ack *extack)
{
	struct ktlsgate_where where;
	struct ktlsgate_gate *gate;
	int err = 0;

	spin_lock(&kn->gates_lock);
	gate = gate_find(kn, name);
	if (!gate) {
		NL_SET_ERR_MSG(extack, "no gate of this name");
		err = -ENOENT;
		goto out;
	}
	where = gate->where;
	if (change->has_port)
		where.port = change->where.port;
	if (change->has_address)
		where.address = change->where.address;
	if (gate_where_taken(kn, &where, gate)) {
		NL_SET_ERR_MSG(extack,
			       "another gate has this address and port");
		err = -EEXIST;
		goto out;
	}
	gate->where = where;
	if (change->has_state)
		gate->down = change->down;
	if (change->has_key_records)
		WRITE_ONCE(gate->key_records, change->key_records);
out:
	spin_unlock(&kn->gates_lock);
	return err;
}

/**
 * ktlsgate_gate_delete() - take a gate out of its namespace
 * @kn: the namespace
 * @name: which one
 *
 * Return: the gate, with the list's reference for the caller, or NULL.
 */
struct ktlsgate_gate *ktlsgate_gate_delete(struct ktlsgate_net *kn,
					   const char *name)
{
	struct ktlsgate_gate *gate;

	spin_lock(&kn->gates_lock);
	gate = gate_find(kn, name);
	if (gate) {
		list_del_init(&gate->list);
		kn->gates_nr--;
	}
	spin_unlock(&kn->gates_lock);
	return gate;
}

/**
 * ktlsgate_gate_delete_all() - the namespace goes
 * @kn: the namespace
 */
void ktlsgate_gate_delete_all(struct ktlsgate_net *kn)
{
	struct ktlsgate_gate *gate, *next;
	LIST_HEAD(gates);

	spin_lock(&kn->gates_lock);
	list_splice_init(&kn->gates, &gates);
	kn->gates_nr = 0;
	spin_unlock(&kn->gates_lock);
	list_for_each_entry_safe(gate, next, &gates, list) {
		list_del_init(&gate->list);
		ktlsgate_gate_put(gate);
	}
}

/**
 * ktlsgate_gate_where() - what a handoff has to know of its gate
 * @kn: the namespace
 * @gate: the gate
 * @where: set to where its agent listens
 *
 * Return: false when the gate is down.
 */
bool ktlsgate_gate_where(struct ktlsgate_net *kn, struct ktlsgate_gate *gate,
			 struct ktlsgate_where *where)
{
	bool up;

	spin_lock(&kn->gates_lock);
	*where = gate->where;
	up = !gate->down;
	spin_unlock(&kn->gates_lock);
	return up;
}

/**
 * ktlsgate_gate_after() - walk the gates
 * @kn: the namespace
 * @seq: number of the gate before, 0 for the first
 *
 * Return: the next gate, with a reference for the caller, or NULL.
 */
struct ktlsgate_gate *ktlsgate_gate_after(struct ktlsgate_net *kn, u32 seq)
{
	struct ktlsgate_gate *gate, *found = NULL;

	spin_lock(&kn->gates_lock);
	list_for_each_entry(gate, &kn->gates, list) {
		if (gate->seq > seq) {
			found = gate;
			refcount_inc(&gate->ref);
			break;
		}
	}
	spin_unlock(&kn->gates_lock);
	return found;
}

static int gate_fill_counts(struct sk_buff *skb, int attr, int key, int value,
			    int pad, const atomic64_t *counts, u32 nr)
{
	struct nlattr *nest;
	u64 count;
	u32 i;

	for (i = 0; i < nr; i++) {
		count = atomic64_read(&counts[i]);
		if (!count)
			continue;
		nest = nla_nest_start(skb, attr);
		if (!nest || nla_put_u32(skb, key, i) ||
		    nla_put_u64_64bit(skb, value, count, pad))
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
	}
	return 0;
}

static int gate_fill_stats(struct sk_buff *skb, struct ktlsgate_gate *gate)
{
	struct ktlsgate_traffic sum = {};
	struct ktlsgate_counters *c = &gate->counters;
	struct nlattr *nest;
	int cpu;

	for_each_possible_cpu(cpu) {
		struct ktlsgate_traffic *t = per_cpu_ptr(gate->traffic, cpu);

		sum.rx_bytes += READ_ONCE(t->rx_bytes);
		sum.tx_bytes += READ_ONCE(t->tx_bytes);
		sum.tx_sendfile_calls += READ_ONCE(t->tx_sendfile_calls);
		sum.tx_sendfile_bytes += READ_ONCE(t->tx_sendfile_bytes);
	}

#define PUT(attr, value)						\
	nla_put_u64_64bit(skb, KTLSGATE_A_GATE_STATS_##attr, value,	\
			  KTLSGATE_A_GATE_STATS_PAD)
	nest = nla_nest_start(skb, KTLSGATE_A_GATE_STATS);
	if (!nest ||
	    PUT(HANDOFFS, atomic64_read(&c->handoffs)) ||
	    PUT(HANDOFF_FAILURES, atomic64_read(&c->handoff_failures)) ||
	    PUT(REFUSALS, atomic64_read(&c->refusals)) ||
	    PUT(CLOSED, atomic64_read(&c->closed)) ||
	    PUT(RX_BYTES, sum.rx_bytes) ||
	    PUT(TX_BYTES, sum.tx_bytes) ||
	    PUT(TX_SENDFILE_CALLS, sum.tx_sendfile_calls) ||
	    PUT(TX_SENDFILE_BYTES, sum.tx_sendfile_bytes) ||
	    PUT(KEY_UPDATES_RECEIVED,
		atomic64_read(&c->key_updates_received)) ||
	    PUT(KEY_UPDATES_SENT, atomic64_read(&c->key_updates_sent)))
		return -EMSGSIZE;
#undef PUT
	if (gate_fill_counts(skb, KTLSGATE_A_GATE_STATS_REFUSED_BY,
			     KTLSGATE_A_REFUSAL_COUNT_CODE,
			     KTLSGATE_A_REFUSAL_COUNT_COUNT,
			     KTLSGATE_A_REFUSAL_COUNT_PAD, gate->refused_by,
			     ARRAY_SIZE(gate->refused_by)) ||
	    gate_fill_counts(skb, KTLSGATE_A_GATE_STATS_CLOSED_BY,
			     KTLSGATE_A_CLOSE_COUNT_REASON,
			     KTLSGATE_A_CLOSE_COUNT_COUNT,
			     KTLSGATE_A_CLOSE_COUNT_PAD, gate->closed_by,
			     ARRAY_SIZE(gate->closed_by)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * ktlsgate_gate_fill() - write a gate's attributes
 * @skb: the message
 * @kn: the namespace
 * @gate: the gate
 *
 * Return: 0 or -EMSGSIZE, then the caller cancels the message.
 */
int ktlsgate_gate_fill(struct sk_buff *skb, struct ktlsgate_net *kn,
		       struct ktlsgate_gate *gate)
{
	struct ktlsgate_listeners listeners;
	u32 key_records = READ_ONCE(gate->key_records);
	struct ktlsgate_where where;
	bool up;

	up = ktlsgate_gate_where(kn, gate, &where);
	ktlsgate_listener_survey(kn->net, &where, &listeners);

	if (nla_put_string(skb, KTLSGATE_A_GATE_NAME, gate->name) ||
	    nla_put_u16(skb, KTLSGATE_A_GATE_PORT, where.port) ||
	    nla_put_u32(skb, KTLSGATE_A_GATE_STATE,
			up ? KTLSGATE_GATE_STATE_UP :
			     KTLSGATE_GATE_STATE_DOWN) ||
	    nla_put_u32(skb, KTLSGATE_A_GATE_LISTENER, listeners.kinds) ||
	    nla_put_u32(skb, KTLSGATE_A_GATE_QUEUE_LENGTH,
			listeners.queue_length) ||
	    nla_put_u32(skb, KTLSGATE_A_GATE_QUEUE_MAX, listeners.queue_max) ||
	    nla_put_u32(skb, KTLSGATE_A_GATE_CONNECTIONS,
			atomic_read(&gate->connections)))
		return -EMSGSIZE;
	if (!ipv6_addr_any(&where.address) &&
	    ktlsgate_put_address(skb, KTLSGATE_A_GATE_ADDRESS, &where.address))
		return -EMSGSIZE;
	if (key_records &&
	    nla_put_u32(skb, KTLSGATE_A_GATE_KEY_RECORDS, key_records))
		return -EMSGSIZE;
	return gate_fill_stats(skb, gate);
}
