// SPDX-License-Identifier: GPL-2.0
/* Socket options that an accepted socket has from its listener.
 *
 * TCP copies the listener when a connection is made. Ours was made by the
 * helper's listener, so what the agent has set on its own comes here. What is
 * agreed upon in the SYN stays the helper's. SO_PRIORITY is not inherited.
 */
#include <net/ipv6.h>
#include <net/tcp.h>

#include "inherit.h"

static void inherit_flag(struct sock *sk, const struct sock *listener,
			 enum sock_flags flag)
{
	sock_valbool_flag(sk, flag, sock_flag(listener, flag));
}

static void inherit_buffers(struct sock *sk, const struct sock *listener)
{
	const u8 locks = SOCK_SNDBUF_LOCK | SOCK_RCVBUF_LOCK;

	sk->sk_userlocks &= ~locks;
	sk->sk_userlocks |= listener->sk_userlocks & locks;
	if (listener->sk_userlocks & SOCK_SNDBUF_LOCK)
		WRITE_ONCE(sk->sk_sndbuf, READ_ONCE(listener->sk_sndbuf));
	if (listener->sk_userlocks & SOCK_RCVBUF_LOCK)
		WRITE_ONCE(sk->sk_rcvbuf, READ_ONCE(listener->sk_rcvbuf));
	WRITE_ONCE(sk->sk_rcvlowat, READ_ONCE(listener->sk_rcvlowat));
}

static void inherit_keepalive(struct sock *sk, const struct sock *listener)
{
	const struct tcp_sock *from = tcp_sk(listener);
	bool on = sock_flag(listener, SOCK_KEEPOPEN);
	struct tcp_sock *to = tcp_sk(sk);

	WRITE_ONCE(to->keepalive_time, from->keepalive_time);
	WRITE_ONCE(to->keepalive_intvl, from->keepalive_intvl);
	WRITE_ONCE(to->keepalive_probes, from->keepalive_probes);
	/* Before the flag: this is how it knows what changes. */
	sk->sk_prot->keepalive(sk, on);
	sock_valbool_flag(sk, SOCK_KEEPOPEN, on);
}

static void inherit_mark(struct sock *sk, const struct sock *listener)
{
	u32 mark = READ_ONCE(listener->sk_mark);

	if (READ_ONCE(sk->sk_mark) == mark)
		return;
	WRITE_ONCE(sk->sk_mark, mark);
	sk_dst_reset(sk);
}

/**
 * ktlsgate_inherit_congestion() - take the listener's congestion control
 * @sk: the connection, not locked
 * @listener: the agent's listening socket
 *
 * By the socket option, which is the only way for a module. One that is not to
 * be had any more leaves the connection with what it has.
 */
void ktlsgate_inherit_congestion(struct sock *sk, const struct sock *listener)
{
	const struct tcp_congestion_ops *ours, *theirs;
	char name[TCP_CA_NAME_MAX];

	rcu_read_lock();
	ours = READ_ONCE(inet_csk(sk)->icsk_ca_ops);
	theirs = READ_ONCE(inet_csk(listener)->icsk_ca_ops);
	strscpy(name, theirs->name, sizeof(name));
	rcu_read_unlock();
	if (ours != theirs)
		sk->sk_prot->setsockopt(sk, SOL_TCP, TCP_CONGESTION,
					KERNEL_SOCKPTR(name), strlen(name));
}

/**
 * ktlsgate_inherit() - make a connection what accept() would have returned
 * @sk: the connection, locked
 * @listener: the agent's listening socket
 *
 * The listener is not locked: as in the kernel's own copy, what is set on it
 * at the same moment may be seen or not.
 */
void ktlsgate_inherit(struct sock *sk, const struct sock *listener)
{
	const struct tcp_sock *from = tcp_sk(listener);
	struct tcp_sock *to = tcp_sk(sk);

	sock_owned_by_me(sk);
	inherit_buffers(sk, listener);
	inherit_keepalive(sk, listener);
	inherit_mark(sk, listener);
	inherit_flag(sk, listener, SOCK_LINGER);
	inherit_flag(sk, listener, SOCK_URGINLINE);
	sk->sk_lingertime = listener->sk_lingertime;
	WRITE_ONCE(sk->sk_rcvtimeo, listener->sk_rcvtimeo);
	WRITE_ONCE(sk->sk_sndtimeo, listener->sk_sndtimeo);

	to->nonagle = from->nonagle;
	WRITE_ONCE(to->linger2, from->linger2);
	WRITE_ONCE(to->notsent_lowat, from->notsent_lowat);
	WRITE_ONCE(inet_csk(sk)->icsk_user_timeout,
		   inet_csk(listener)->icsk_user_timeout);
}
