// SPDX-License-Identifier: GPL-2.0
/* The agent's listening sockets: finding them, and their accept queues.
 *
 * __inet_lookup_listener() is no way to find them: it runs the namespace's
 * sk_lookup programs, and steering would lead back to the handshake helper.
 */
#include <linux/slab.h>
#include <net/inet_hashtables.h>
#include <net/ipv6.h>
#include <net/request_sock.h>
#include <net/sock_reuseport.h>
#include <net/tcp.h>

#include "address.h"
#include "gate.h"
#include "listener.h"

/* The accept queue carries request_socks. Ours have operations of their own,
 * because those of TCP belong to a handshake that took place elsewhere: only
 * the slab and the destructor are ever looked at (reqsk_put() in accept() and
 * in inet_csk_listen_stop(), inet_reqsk_clone() on a SO_REUSEPORT migration).
 */
static struct request_sock_ops ktlsgate_request_ops;

static void request_destructor(struct request_sock *req)
{
}

static void listener_address(const struct sock *sk, struct in6_addr *address)
{
	if (sk->sk_family == AF_INET6)
		*address = sk->sk_v6_rcv_saddr;
	else if (sk->sk_rcv_saddr)
		ipv6_addr_set_v4mapped(sk->sk_rcv_saddr, address);
	else
		*address = in6addr_any;
}

/* A listener bound to a device takes what came in by that device. */
static bool listener_device_fits(const struct sock *sk,
				 const struct sock *child)
{
	int dev = READ_ONCE(sk->sk_bound_dev_if);

	return !dev || dev == READ_ONCE(child->sk_bound_dev_if) ||
	       dev == READ_ONCE(child->sk_rx_dst_ifindex);
}

/* accept() gives the new socket the listener's operations, so the families
 * have to be the same. An IPv6 socket that talks IPv4 needs a listener that
 * takes such.
 */
static bool listener_family_fits(const struct sock *sk,
				 const struct sock *child)
{
	if (sk->sk_family != child->sk_family)
		return false;
	return child->sk_family == AF_INET || !ipv6_only_sock(sk) ||
	       !ipv6_addr_v4mapped(&child->sk_v6_rcv_saddr);
}

static bool listener_matches(const struct sock *sk, const struct net *net,
			     const struct in6_addr *address, u16 port)
{
	struct in6_addr own;

	if (!net_eq(sock_net(sk), net) || sk->sk_num != port ||
	    inet_sk_state_load(sk) != TCP_LISTEN ||
	    sk->sk_protocol != IPPROTO_TCP)
		return false;
	listener_address(sk, &own);
	return ipv6_addr_equal(&own, address);
}

static struct inet_listen_hashbucket *
listener_bucket(struct net *net, const struct in6_addr *address, u16 port)
{
	struct inet_hashinfo *hashinfo = net->ipv4.tcp_death_row.hashinfo;

	return inet_lhash2_bucket(hashinfo,
				  ipv6_portaddr_hash(net, address, port));
}

static struct sock *listener_find(struct net *net,
				  const struct in6_addr *address, u16 port,
				  const struct sock *child, bool *misfit)
{
	struct inet_listen_hashbucket *bucket;
	struct hlist_nulls_node *node;
	struct sock *sk, *one;

	bucket = listener_bucket(net, address, port);
	sk_nulls_for_each_rcu(sk, node, &bucket->nulls_head) {
		if (!listener_matches(sk, net, address, port) ||
		    !listener_device_fits(sk, child))
			continue;
		if (!listener_family_fits(sk, child)) {
			*misfit = true;
			continue;
		}
		/* A program of the group has no packet to look at, so the
		 * group's hash decides.
		 */
		if (rcu_access_pointer(sk->sk_reuseport_cb)) {
			one = reuseport_select_sock(sk, child->sk_hash,
						    NULL, 0);
			if (one)
				sk = one;
		}
		if (refcount_inc_not_zero(&sk->sk_refcnt))
			return sk;
	}
	return NULL;
}

/**
 * ktlsgate_listener_get() - the listener that takes a connection
 * @net: the namespace
 * @where: the gate's place
 * @local: the address that the client dialled
 * @child: the connection
 *
 * The exact address goes before the wildcard, as in the kernel's own lookup.
 *
 * Return: the listener with a reference, ERR_PTR(-ECONNREFUSED) when nothing
 * listens, ERR_PTR(-EAFNOSUPPORT) when what listens is of the other family.
 */
struct sock *ktlsgate_listener_get(struct net *net,
				   const struct ktlsgate_where *where,
				   const struct in6_addr *local,
				   const struct sock *child)
{
	struct in6_addr address = where->address;
	bool misfit = false;
	struct sock *sk;

	if (ipv6_addr_any(&address))
		address = *local;

	rcu_read_lock();
	sk = listener_find(net, &address, where->port, child, &misfit);
	if (!sk)
		sk = listener_find(net, &in6addr_any, where->port, child,
				   &misfit);
	rcu_read_unlock();
	if (!sk)
		return ERR_PTR(misfit ? -EAFNOSUPPORT : -ECONNREFUSED);
	return sk;
}

static void listener_note(const struct sock *sk,
			  struct ktlsgate_listeners *listeners)
{
	u32 length = READ_ONCE(sk->sk_ack_backlog);
	u32 max = READ_ONCE(sk->sk_max_ack_backlog);

	if (sk->sk_family == AF_INET)
		listeners->kinds |= KTLSGATE_LISTENER_IPV4;
	else
		listeners->kinds |= KTLSGATE_LISTENER_IPV6;
	if (sk->sk_family == AF_INET6 && !ipv6_only_sock(sk))
		listeners->kinds |= KTLSGATE_LISTENER_DUAL_STACK;

	/* The kernel lets length exceed max by one before it refuses. */
	if (!listeners->queue_max ||
	    (s32)(max - length) <
	    (s32)(listeners->queue_max - listeners->queue_length)) {
		listeners->queue_length = length;
		listeners->queue_max = max;
	}
}

static void listener_survey_bucket(struct inet_listen_hashbucket *bucket,
				   struct net *net,
				   const struct ktlsgate_where *where,
				   const struct in6_addr *address,
				   struct ktlsgate_listeners *listeners)
{
	struct hlist_nulls_node *node;
	struct in6_addr own;
	struct sock *sk;

	sk_nulls_for_each_rcu(sk, node, &bucket->nulls_head) {
		listener_address(sk, &own);
		if (address && !ipv6_addr_equal(&own, address))
			continue;
		if (listener_matches(sk, net, &own, where->port))
			listener_note(sk, listeners);
	}
}

/**
 * ktlsgate_listener_survey() - what listens behind a gate
 * @net: the namespace
 * @where: the gate's place; without an address sockets bound to any address
 *	count
 * @listeners: the answer
 */
void ktlsgate_listener_survey(struct net *net,
			      const struct ktlsgate_where *where,
			      struct ktlsgate_listeners *listeners)
{
	struct inet_hashinfo *hashinfo = net->ipv4.tcp_death_row.hashinfo;
	u32 i;

	memset(listeners, 0, sizeof(*listeners));
	rcu_read_lock();
	listener_survey_bucket(listener_bucket(net, &in6addr_any, where->port),
			       net, where, &in6addr_any, listeners);
	if (!ipv6_addr_any(&where->address))
		listener_survey_bucket(listener_bucket(net, &where->address,
						       where->port),
				       net, where, &where->address, listeners);
	else if (!listeners->kinds)
		/* The agent listens on some address of its own, or not at
		 * all: rare enough to look into every bucket.
		 */
		for (i = 0; i <= hashinfo->lhash2_mask; i++)
			listener_survey_bucket(&hashinfo->lhash2[i], net, where,
					       NULL, listeners);
	rcu_read_unlock();
}

/**
 * ktlsgate_listener_request() - what stands for a connection in the queue
 *
 * Return: a request for ktlsgate_listener_queue(), or NULL.
 */
struct request_sock *ktlsgate_listener_request(void)
{
	struct request_sock *req;

	req = kmem_cache_zalloc(ktlsgate_request_ops.slab, GFP_KERNEL);
	if (!req)
		return NULL;
	req->rsk_ops = &ktlsgate_request_ops;
	/* The queue's own; it has no timer and no syncookie. */
	refcount_set(&req->rsk_refcnt, 1);
	return req;
}

/**
 * ktlsgate_listener_request_free() - free a request that was never queued
 * @req: the request, or NULL
 */
void ktlsgate_listener_request_free(struct request_sock *req)
{
	if (req)
		kmem_cache_free(ktlsgate_request_ops.slab, req);
}

/**
 * ktlsgate_listener_queue() - put a connection on an accept queue
 * @listener: where
 * @req: taken over on success
 * @child: the connection; the queue takes over the caller's reference
 *
 * What inet_csk_reqsk_queue_add() does, which 7.x no longer exports. A
 * listener that stops being one empties its queue afterwards under the same
 * lock, so a child is either found by it or refused here.
 *
 * It may be closed before it is told. The caller's reference keeps it, but not what
 * its sk_data_ready() reaches: that of Multipath TCP goes by its own context to the
 * agent's socket, and both are freed after a grace period. TCP calls it in a softirq.
 * So the reader begins before it is seen to listen, when none of that was let go yet.
 *
 * Return: false when the listener is closing.
 */
bool ktlsgate_listener_queue(struct sock *listener, struct request_sock *req,
			     struct sock *child)
{
	struct request_sock_queue *queue;
	bool queued = false;

	queue = &inet_csk(listener)->icsk_accept_queue;
	req->sk = child;
	req->dl_next = NULL;

	rcu_read_lock();
	spin_lock_bh(&queue->rskq_lock);
	if (inet_sk_state_load(listener) == TCP_LISTEN) {
		if (!queue->rskq_accept_head)
			WRITE_ONCE(queue->rskq_accept_head, req);
		else
			queue->rskq_accept_tail->dl_next = req;
		queue->rskq_accept_tail = req;
		sk_acceptq_added(listener);
		queued = true;
	}
	spin_unlock_bh(&queue->rskq_lock);
	if (queued)
		listener->sk_data_ready(listener);
	rcu_read_unlock();
	return queued;
}

int ktlsgate_listener_init(void)
{
	struct request_sock_ops *ops = &ktlsgate_request_ops;

	ops->family = AF_INET;
	ops->obj_size = sizeof(struct tcp_request_sock);
	ops->destructor = request_destructor;
	ops->slab = kmem_cache_create("ktlsgate_request", ops->obj_size, 0,
				      SLAB_TYPESAFE_BY_RCU | SLAB_ACCOUNT,
				      NULL);
	return ops->slab ? 0 : -ENOMEM;
}

void ktlsgate_listener_exit(void)
{
	kmem_cache_destroy(ktlsgate_request_ops.slab);
}
