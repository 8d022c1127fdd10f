// SPDX-License-Identifier: GPL-2.0
/* The layer over kTLS, or TCP: which operations of a socket are ours. */
#include <linux/module.h>
#include <linux/slab.h>
#include <net/inet_common.h>
#include <net/tcp.h>
#include <net/tls.h>

#include "close.h"
#include "compat/proto.h"
#include "conn.h"
#include "frags.h"
#include "layer.h"
#include "receive.h"
#include "relay.h"
#include "send.h"
#include "sockopt.h"

static DEFINE_MUTEX(ktlsgate_layers_lock);	/* protects ktlsgate_layers */
static LIST_HEAD(ktlsgate_layers);

/* accept() has just given the socket to the agent, with the listener's
 * operations: splice would read ciphertext. This runs in accept()'s own
 * release_sock(), before anybody can use the new socket.
 *
 * The socket holds this module from here on: its core puts the owner of the
 * operations after the last of them has returned, which ours could not do for
 * themselves.
 */
static void ktlsgate_layer_graft(struct sock *sk, struct socket *sock)
{
	struct ktlsgate_conn *conn = ktlsgate_conn(sk);
	const struct proto_ops *listener_ops = sock->ops;

	ktlsgate_conn_accepted(conn);
	/* A listener of Multipath TCP gives it its own, and those of TCP when it
	 * sees that it is TCP, in 6.1 behind this release_sock(). Then the
	 * next one grafts. Once it is being closed that is too late.
	 */
	if (listener_ops->accept != inet_accept ||
	    test_bit(KTLSGATE_CONN_CLOSING, &conn->flags))
		return;
	__module_get(THIS_MODULE);
	WRITE_ONCE(sock->ops, &conn->layer->ops);
	module_put(listener_ops->owner);
}

static void ktlsgate_release_cb(struct sock *sk)
{
	const struct ktlsgate_layer *layer = ktlsgate_conn(sk)->layer;
	struct socket *sock = sk->sk_socket;

	if (unlikely(sock && sock->ops != &layer->ops))
		ktlsgate_layer_graft(sk, sock);
	ktlsgate_frags_join(sk);
	if (layer->base->release_cb)
		layer->base->release_cb(sk);
}

/* Of TCP's own a disconnected socket could listen, and each connection that it
 * takes would be a copy of it: with our operations, and sk_user_data without a
 * reference. kTLS refuses as well.
 */
static int ktlsgate_disconnect(struct sock *sk, int flags)
{
	return -EOPNOTSUPP;
}

static void layer_fill_relay(struct ktlsgate_layer *layer)
{
	ktlsgate_proto_fill_relay(&layer->proto);
	layer->proto.sendmsg = ktlsgate_relay_sendmsg;

	layer->ops.getname = ktlsgate_relay_getname;
	layer->ops.splice_read = ktlsgate_relay_splice_read;
}

static void layer_fill_tls(struct ktlsgate_layer *layer, const struct sock *sk)
{
	ktlsgate_proto_fill(&layer->proto);
	layer->proto.sendmsg = ktlsgate_sendmsg;
	if (layer->base->splice_eof)
		layer->proto.splice_eof = ktlsgate_splice_eof;

	layer->ops.poll = ktlsgate_poll;
	layer->ops.splice_read = ktlsgate_splice_read;
	layer->ops.shutdown = ktlsgate_shutdown;

	layer->dead = *tls_get_ctx(sk)->sk_proto;
	layer->dead.close = ktlsgate_close_nothing;
}

static void layer_fill(struct ktlsgate_layer *layer, const struct sock *sk)
{
	const struct tcp_ulp_ops *ulp = inet_csk(sk)->icsk_ulp_ops;

	layer->base = sk->sk_prot;
	layer->base_ops = sk->sk_socket->ops;

	layer->proto = *layer->base;
	layer->proto.disconnect = ktlsgate_disconnect;
	layer->proto.release_cb = ktlsgate_release_cb;
	layer->proto.close = ktlsgate_close;
	layer->proto.destroy = ktlsgate_destroy;
	layer->proto.getsockopt = ktlsgate_getsockopt;
	layer->proto.setsockopt = ktlsgate_setsockopt;

	layer->ops = *layer->base_ops;
	layer->ops.owner = THIS_MODULE;
	if (!ulp) {
		layer_fill_relay(layer);
		return;
	}
	layer_fill_tls(layer, sk);
	/* The socket holds it now, the layer when the socket is gone. */
	layer->ulp = ulp->owner;
	__module_get(layer->ulp);
}

/**
 * ktlsgate_layer_get() - the layer that fits a socket
 * @sk: a kTLS or TCP socket that the caller owns alone
 *
 * Return: the layer or NULL when there is no memory.
 */
const struct ktlsgate_layer *ktlsgate_layer_get(const struct sock *sk)
{
	struct ktlsgate_layer *layer;

	mutex_lock(&ktlsgate_layers_lock);
	list_for_each_entry(layer, &ktlsgate_layers, list)
		if (layer->base == sk->sk_prot &&
		    layer->base_ops == sk->sk_socket->ops)
			goto out;
	layer = kzalloc(sizeof(*layer), GFP_KERNEL);
	if (!layer)
		goto out;
	layer_fill(layer, sk);
	list_add_tail(&layer->list, &ktlsgate_layers);
out:
	mutex_unlock(&ktlsgate_layers_lock);
	return layer;
}

/**
 * ktlsgate_layer_install() - put the layer over a socket
 * @sk: the socket, locked
 * @conn: its connection; sk_user_data takes over the caller's reference
 *
 * The socket operations follow in accept().
 */
void ktlsgate_layer_install(struct sock *sk, struct ktlsgate_conn *conn)
{
	sock_owned_by_me(sk);
	write_lock_bh(&sk->sk_callback_lock);
	sk->sk_user_data = conn;
	WRITE_ONCE(sk->sk_prot, (struct proto *)&conn->layer->proto);
	write_unlock_bh(&sk->sk_callback_lock);
}

/**
 * ktlsgate_layer_remove() - take the layer off a socket that is being closed
 * @sk: the socket, not locked
 *
 * The proto below is back then and the reference of sk_user_data is the caller's.
 * Under the socket lock, because others that release it run release_cb: kTLS's
 * parser has a work item of its own until kTLS's close.
 */
void ktlsgate_layer_remove(struct sock *sk)
{
	const struct ktlsgate_layer *layer = ktlsgate_conn(sk)->layer;

	lock_sock(sk);
	write_lock_bh(&sk->sk_callback_lock);
	WRITE_ONCE(sk->sk_prot, (struct proto *)layer->base);
	sk->sk_user_data = NULL;
	write_unlock_bh(&sk->sk_callback_lock);
	release_sock(sk);
}

/* No connection is left. A softirq may still look at a proto that a socket
 * has just left behind.
 */
void ktlsgate_layer_exit(void)
{
	struct ktlsgate_layer *layer, *next;

	synchronize_rcu();
	list_for_each_entry_safe(layer, next, &ktlsgate_layers, list) {
		list_del(&layer->list);
		module_put(layer->ulp);
		kfree(layer);
	}
}
