// SPDX-License-Identifier: GPL-2.0
/* Connections: their making, finding and freeing. */
#include <linux/module.h>
#include <linux/slab.h>
#include <net/inet_sock.h>
#include <net/netlink.h>
#include <net/tls.h>

#include "address.h"
#include "close.h"
#include "conn.h"
#include "gate.h"
#include "identity.h"
#include "namespace.h"
#include "netlink.h"

/**
 * ktlsgate_conn_create() - make a connection that has no socket yet
 * @kn: the namespace
 * @gate: the gate; the connection takes a reference of its own
 *
 * Return: the connection, with one reference, or NULL.
 */
struct ktlsgate_conn *ktlsgate_conn_create(struct ktlsgate_net *kn,
					   struct ktlsgate_gate *gate)
{
	struct ktlsgate_conn *conn;

	conn = kzalloc(sizeof(*conn), GFP_KERNEL_ACCOUNT);
	if (!conn)
		return NULL;
	refcount_set(&conn->ref, 1);
	spin_lock_init(&conn->sk_lock);
	mutex_init(&conn->rx_lock);
	mutex_init(&conn->tx_lock);
	INIT_WORK(&conn->work, ktlsgate_close_work);
	conn->kn = kn;
	conn->gate = gate;
	refcount_inc(&gate->ref);
	/* The caller is a netlink operation, which holds the module. */
	__module_get(THIS_MODULE);
	return conn;
}

/**
 * ktlsgate_conn_addresses() - take over a socket's addresses
 * @conn: a connection nobody else knows yet
 * @sk: the socket, whose peer is the client
 */
void ktlsgate_conn_addresses(struct ktlsgate_conn *conn, const struct sock *sk)
{
	ktlsgate_peer_address(sk, &conn->peer);
	ktlsgate_local_address(sk, &conn->local);
	conn->peer_port = ntohs(inet_sk(sk)->inet_dport);
	conn->local_port = inet_sk(sk)->inet_num;
}

/**
 * ktlsgate_conn_register() - give a connection its id and show it
 * @conn: a connection nobody else knows yet
 * @sk: its socket
 * @extack: where an error is explained
 *
 * Return: 0 or -ENOMEM, or -EBUSY when there are 2^31 connections.
 */
int ktlsgate_conn_register(struct ktlsgate_conn *conn, struct sock *sk,
			   struct netlink_ext_ack *extack)
{
	struct ktlsgate_net *kn = conn->kn;
	int err;

	conn->sk = sk;
	conn->started = ktime_get_boottime_ns();

	/* The id is set before the entry can be seen. */
	err = xa_alloc_cyclic(&kn->conns, &conn->id, conn, xa_limit_31b,
			      &kn->conn_next, GFP_KERNEL);
	if (err == -ENOMEM)
		return refuse_no_memory(extack);
	if (err < 0)
		return refuse(extack, err, "no number is left for it");
	atomic_inc(&kn->live);
	atomic_inc(&kn->queued);
	atomic_inc(&conn->gate->connections);
	return 0;
}

/**
 * ktlsgate_conn_unregister() - the socket goes; nobody finds it any more
 * @conn: a registered connection
 *
 * The reference stays with the caller.
 */
void ktlsgate_conn_unregister(struct ktlsgate_conn *conn)
{
	struct ktlsgate_net *kn = conn->kn;
	struct ktlsgate_gate *gate = conn->gate;

	spin_lock_bh(&conn->sk_lock);
	conn->sk = NULL;
	spin_unlock_bh(&conn->sk_lock);

	xa_erase(&kn->conns, conn->id);
	atomic_dec(&kn->live);
	if (!test_bit(KTLSGATE_CONN_ACCEPTED, &conn->flags))
		atomic_dec(&kn->queued);
	atomic_dec(&gate->connections);
	atomic64_inc(&kn->counters.closed);
	atomic64_inc(&gate->counters.closed);
	atomic64_inc(&gate->closed_by[conn->close_reason]);
}

/**
 * ktlsgate_conn_get() - find a connection by its id
 * @kn: the namespace
 * @id: the id
 *
 * Return: the connection, with a reference for the caller, or NULL.
 */
struct ktlsgate_conn *ktlsgate_conn_get(struct ktlsgate_net *kn, u32 id)
{
	struct ktlsgate_conn *conn;

	rcu_read_lock();
	conn = xa_load(&kn->conns, id);
	if (conn && !refcount_inc_not_zero(&conn->ref))
		conn = NULL;
	rcu_read_unlock();
	return conn;
}

/**
 * ktlsgate_conn_after() - walk the connections
 * @kn: the namespace
 * @id: id of the connection before, 0 for the first; set to the one found
 *
 * Return: the next connection, with a reference for the caller, or NULL.
 */
struct ktlsgate_conn *ktlsgate_conn_after(struct ktlsgate_net *kn,
					  unsigned long *id)
{
	struct ktlsgate_conn *conn;

	rcu_read_lock();
	do {
		conn = xa_find_after(&kn->conns, id, ULONG_MAX, XA_PRESENT);
	} while (conn && !refcount_inc_not_zero(&conn->ref));
	rcu_read_unlock();
	return conn;
}

/**
 * ktlsgate_conn_put() - give a reference back
 * @conn: a connection
 */
void ktlsgate_conn_put(struct ktlsgate_conn *conn)
{
	if (!refcount_dec_and_test(&conn->ref))
		return;
	ktlsgate_gate_put(conn->gate);
	ktlsgate_identity_free(conn->identity);
	kfree(conn->note);
	kfree(conn->relay_reason);
	kfree(conn->close_text);
	memzero_explicit(&conn->rx_secret, sizeof(conn->rx_secret));
	memzero_explicit(&conn->tx_secret, sizeof(conn->tx_secret));
	memzero_explicit(conn->control, sizeof(conn->control));
	kfree_rcu(conn, rcu);
	/* The code that runs here is held by others: a netlink operation, the
	 * work queue that the module's exit drains, or the socket's operations
	 * (ktlsgate_layer_graft()).
	 */
	module_put(THIS_MODULE);
}

/**
 * ktlsgate_conn_sock() - reach the socket from outside of it
 * @conn: a connection that the caller holds
 *
 * Return: the socket, with a reference for the caller, or NULL when it is
 * closing.
 */
struct sock *ktlsgate_conn_sock(struct ktlsgate_conn *conn)
{
	struct sock *sk;

	spin_lock_bh(&conn->sk_lock);
	sk = conn->sk;
	if (sk)
		sock_hold(sk);
	spin_unlock_bh(&conn->sk_lock);
	return sk;
}

/**
 * ktlsgate_conn_accepted() - the agent has it now
 * @conn: the connection, which was queued
 */
void ktlsgate_conn_accepted(struct ktlsgate_conn *conn)
{
	if (!test_and_set_bit(KTLSGATE_CONN_ACCEPTED, &conn->flags))
		atomic_dec(&conn->kn->queued);
}

/**
 * ktlsgate_conn_sent() - count what the agent wrote
 * @conn: the connection, its send lock held
 * @sent: bytes
 * @sendfile: the pages came by sendfile or splice
 */
void ktlsgate_conn_sent(struct ktlsgate_conn *conn, int sent, bool sendfile)
{
	lockdep_assert_held(&conn->tx_lock);
	WRITE_ONCE(conn->tx_bytes, conn->tx_bytes + sent);
	WRITE_ONCE(conn->tx_records, conn->tx_records + 1 +
		   sent / TLS_MAX_PAYLOAD_SIZE);
	this_cpu_add(conn->gate->traffic->tx_bytes, sent);
	if (!sendfile)
		return;
	WRITE_ONCE(conn->tx_sendfile_calls, conn->tx_sendfile_calls + 1);
	WRITE_ONCE(conn->tx_sendfile_bytes, conn->tx_sendfile_bytes + sent);
	this_cpu_inc(conn->gate->traffic->tx_sendfile_calls);
	this_cpu_add(conn->gate->traffic->tx_sendfile_bytes, sent);
}

/**
 * ktlsgate_conn_end() - note why a connection ends
 * @conn: the connection
 * @reason: why
 * @alert: AlertDescription, or -1
 *
 * The first reason stays.
 *
 * Return: true if this was it.
 */
bool ktlsgate_conn_end(struct ktlsgate_conn *conn,
		       enum ktlsgate_close_reason reason, int alert)
{
	if (cmpxchg(&conn->close_reason, KTLSGATE_CLOSE_REASON_NONE, reason) !=
	    KTLSGATE_CLOSE_REASON_NONE)
		return false;
	if (alert >= 0) {
		conn->alert = alert;
		/* with ktlsgate_conn_fill() */
		smp_store_release(&conn->has_alert, true);
	}
	return true;
}

static enum ktlsgate_conn_state conn_state(const struct ktlsgate_conn *conn)
{
	if (!READ_ONCE(conn->sk))
		return KTLSGATE_CONN_STATE_CLOSED;
	if (READ_ONCE(conn->flags) & (BIT(KTLSGATE_CONN_FAILED) |
				      BIT(KTLSGATE_CONN_KILLED)))
		return KTLSGATE_CONN_STATE_ENDED;
	return test_bit(KTLSGATE_CONN_ACCEPTED, &conn->flags) ?
	       KTLSGATE_CONN_STATE_ACCEPTED : KTLSGATE_CONN_STATE_QUEUED;
}

/**
 * ktlsgate_conn_fill() - write a connection's attributes
 * @skb: the message
 * @conn: the connection
 * @note: with the helper's note
 *
 * Return: 0 or -EMSGSIZE, then the caller cancels the message.
 */
int ktlsgate_conn_fill(struct sk_buff *skb, struct ktlsgate_conn *conn,
		       bool note)
{
	const char *text;
	u64 age = ktime_get_boottime_ns() - conn->started;
	u32 reason = READ_ONCE(conn->close_reason);

#define PUT(attr, value)						\
	nla_put_u64_64bit(skb, KTLSGATE_A_CONN_##attr, value,		\
			  KTLSGATE_A_CONN_PAD)
	if (nla_put_u32(skb, KTLSGATE_A_CONN_ID, conn->id) ||
	    nla_put_string(skb, KTLSGATE_A_CONN_GATE, conn->gate->name) ||
	    ktlsgate_put_address(skb, KTLSGATE_A_CONN_PEER_ADDRESS,
				 &conn->peer) ||
	    nla_put_u16(skb, KTLSGATE_A_CONN_PEER_PORT, conn->peer_port) ||
	    ktlsgate_put_address(skb, KTLSGATE_A_CONN_LOCAL_ADDRESS,
				 &conn->local) ||
	    nla_put_u16(skb, KTLSGATE_A_CONN_LOCAL_PORT, conn->local_port) ||
	    nla_put_u32(skb, KTLSGATE_A_CONN_STATE, conn_state(conn)) ||
	    nla_put_u32(skb, KTLSGATE_A_CONN_PATH, conn->path) ||
	    ktlsgate_identity_fill(skb, KTLSGATE_A_CONN_IDENTITY,
				   conn->identity) ||
	    PUT(RX_BYTES, READ_ONCE(conn->rx_bytes)) ||
	    PUT(TX_BYTES, READ_ONCE(conn->tx_bytes)) ||
	    PUT(TX_SENDFILE_CALLS, READ_ONCE(conn->tx_sendfile_calls)) ||
	    PUT(TX_SENDFILE_BYTES, READ_ONCE(conn->tx_sendfile_bytes)) ||
	    nla_put_u32(skb, KTLSGATE_A_CONN_KEY_UPDATES_RECEIVED,
			READ_ONCE(conn->key_updates_received)) ||
	    nla_put_u32(skb, KTLSGATE_A_CONN_KEY_UPDATES_SENT,
			READ_ONCE(conn->key_updates_sent)) ||
	    PUT(AGE, div_u64(age, NSEC_PER_MSEC)))
		return -EMSGSIZE;
	if (conn->handshake_time && PUT(HANDSHAKE_TIME, conn->handshake_time))
		return -EMSGSIZE;
#undef PUT
	if (reason && nla_put_u32(skb, KTLSGATE_A_CONN_CLOSE_REASON, reason))
		return -EMSGSIZE;
	if (conn->relay_reason &&
	    nla_put_string(skb, KTLSGATE_A_CONN_RELAY_REASON,
			   conn->relay_reason))
		return -EMSGSIZE;
	/* with ktlsgate_conn_end() */
	if (smp_load_acquire(&conn->has_alert) &&
	    nla_put_u8(skb, KTLSGATE_A_CONN_ALERT, conn->alert))
		return -EMSGSIZE;
	if (note && conn->note &&
	    nla_put(skb, KTLSGATE_A_CONN_NOTE, conn->note_len, conn->note))
		return -EMSGSIZE;
	/* with ktlsgate_kill() */
	text = smp_load_acquire(&conn->close_text);
	if (text && nla_put_string(skb, KTLSGATE_A_CONN_CLOSE_TEXT, text))
		return -EMSGSIZE;
	return 0;
}
