// SPDX-License-Identifier: GPL-2.0
/* Socket memory: what the helper was charged for becomes the agent's. */
#include <linux/memcontrol.h>
#include <net/sock.h>

#include "memcg.h"

/**
 * ktlsgate_memcg_movable() - may the charge move now?
 * @sk: the connection, locked
 *
 * accept() charges the agent for forward_alloc and rmem_alloc only, since a
 * socket that it returns has not sent anything. Were a page or more in the
 * send queue, its pages would be uncharged later without ever having been
 * charged.
 */
bool ktlsgate_memcg_movable(const struct sock *sk)
{
	return READ_ONCE(sk->sk_wmem_queued) < PAGE_SIZE;
}

/**
 * ktlsgate_memcg_release() - take the connection's memory off the helper
 * @sk: the connection, locked, ktlsgate_memcg_movable()
 *
 * mem_cgroup_sk_free() is not exported. The global count, which __sk_mem_
 * functions keep together with the charge, is given back and taken again
 * without a memory cgroup; accept() then finds a socket that has none, and
 * charges the agent.
 */
void ktlsgate_memcg_release(struct sock *sk)
{
#ifdef CONFIG_MEMCG
	struct mem_cgroup *memcg = sk->sk_memcg;
	int pages;

	sock_owned_by_me(sk);
	if (!mem_cgroup_sockets_enabled || !memcg)
		return;
	pages = (sk->sk_forward_alloc + atomic_read(&sk->sk_rmem_alloc) +
		 sk->sk_wmem_queued) & PAGE_MASK;
	__sk_mem_reclaim(sk, pages);
	sk->sk_memcg = NULL;
	css_put(&memcg->css);
	/* What was allowed a moment ago: only a socket over its own limits
	 * could be told no, and then forward_alloc stays below zero until its
	 * data is freed, as with any forced charge.
	 */
	if (pages && !__sk_mem_schedule(sk, pages, SK_MEM_RECV))
		pr_debug("ktlsgate: memory of a socket could not be scheduled again\n");
#endif
}
