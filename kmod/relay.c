// SPDX-License-Identifier: GPL-2.0
/* Relayed connections: the helper does the TLS, and the agent has the end of a
 * plain TCP connection over loopback. All there is to do is to count, and to
 * name the client.
 *
 * TCP orders readers and writers itself, so the locks are held for the counts
 * alone.
 */
#include <linux/fs.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/splice.h>
#include <net/genetlink.h>
#include <net/tcp.h>

#include "address.h"
#include "compat/compat.h"
#include "conn.h"
#include "gate.h"
#include "layer.h"
#include "netlink.h"
#include "relay.h"

static bool relay_over_loopback(const struct sock *sk)
{
	struct in6_addr peer;

	ktlsgate_peer_address(sk, &peer);
	return ipv6_addr_loopback(&peer) ||
	       (ipv6_addr_v4mapped(&peer) &&
		ipv4_is_loopback(peer.s6_addr32[3]));
}

/**
 * ktlsgate_relay_check() - whether a socket may be handed off as relayed
 * @sk: the socket
 * @info: the request
 *
 * Only over loopback: a client's own connection would be in plaintext.
 *
 * Return: 0 or -EINVAL, which is then explained.
 */
int ktlsgate_relay_check(const struct sock *sk, struct genl_info *info)
{
	if (inet_csk(sk)->icsk_ulp_ops)
		return refuse(info->extack, -EINVAL,
			      "a relayed connection is plain TCP, this socket has a ULP (kTLS?)");
	if (!relay_over_loopback(sk))
		return refuse(info->extack, -EINVAL,
			      "a relayed connection comes from the helper over loopback");
	if (info->attrs[KTLSGATE_A_HANDOFF_SECRET_RX] ||
	    info->attrs[KTLSGATE_A_HANDOFF_SECRET_TX])
		return refuse(info->extack, -EINVAL,
			      "a relayed connection has no traffic secrets");
	if (!info->attrs[KTLSGATE_A_HANDOFF_PEER_ADDRESS] ||
	    !info->attrs[KTLSGATE_A_HANDOFF_PEER_PORT])
		return refuse(info->extack, -EINVAL,
			      "a relayed connection needs the client's address and port");
	if (!info->attrs[KTLSGATE_A_HANDOFF_LOCAL_ADDRESS] ||
	    !info->attrs[KTLSGATE_A_HANDOFF_LOCAL_PORT])
		return refuse(info->extack, -EINVAL,
			      "a relayed connection needs the address and port that the client dialled");
	if (!info->attrs[KTLSGATE_A_HANDOFF_RELAY_REASON] ||
	    !*(char *)nla_data(info->attrs[KTLSGATE_A_HANDOFF_RELAY_REASON]))
		return refuse(info->extack, -EINVAL,
			      "a relayed connection needs the reason for it");
	return 0;
}

static int relay_take_address(struct genl_info *info, int attr,
			      const struct sock *sk, struct in6_addr *address)
{
	struct nlattr *nla = info->attrs[attr];

	if (!ktlsgate_get_address(nla, address)) {
		NL_SET_ERR_MSG_ATTR(info->extack, nla,
				    "an address has 4 or 16 bytes");
		return -EINVAL;
	}
	if (sk->sk_family == AF_INET6 || ipv6_addr_v4mapped(address))
		return 0;
	NL_SET_ERR_MSG_ATTR(info->extack, nla,
			    "an AF_INET socket cannot show an IPv6 address");
	return -EAFNOSUPPORT;
}

/**
 * ktlsgate_relay_take() - how a relayed connection is called and shown
 * @conn: the connection
 * @sk: its socket, ktlsgate_relay_check()
 * @info: the request
 *
 * Return: 0, -EINVAL, -EAFNOSUPPORT or -ENOMEM, which is then explained.
 */
int ktlsgate_relay_take(struct ktlsgate_conn *conn, const struct sock *sk,
			struct genl_info *info)
{
	struct nlattr **attrs = info->attrs;

	conn->path = KTLSGATE_PATH_RELAY;
	conn->peer_port = nla_get_u16(attrs[KTLSGATE_A_HANDOFF_PEER_PORT]);
	conn->local_port = nla_get_u16(attrs[KTLSGATE_A_HANDOFF_LOCAL_PORT]);
	conn->relay_reason = nla_strdup(attrs[KTLSGATE_A_HANDOFF_RELAY_REASON],
					GFP_KERNEL_ACCOUNT);
	if (!conn->relay_reason)
		return refuse_no_memory(info->extack);
	return relay_take_address(info, KTLSGATE_A_HANDOFF_PEER_ADDRESS, sk,
				  &conn->peer) ?:
	       relay_take_address(info, KTLSGATE_A_HANDOFF_LOCAL_ADDRESS, sk,
				  &conn->local);
}

static void relay_count_rx(struct ktlsgate_conn *conn, ssize_t got)
{
	if (got <= 0)
		return;
	mutex_lock(&conn->rx_lock);
	WRITE_ONCE(conn->rx_bytes, conn->rx_bytes + got);
	mutex_unlock(&conn->rx_lock);
	this_cpu_add(conn->gate->traffic->rx_bytes, got);
}

static void relay_count_tx(struct ktlsgate_conn *conn, int sent, bool sendfile)
{
	if (sent <= 0)
		return;
	mutex_lock(&conn->tx_lock);
	ktlsgate_conn_sent(conn, sent, sendfile);
	mutex_unlock(&conn->tx_lock);
}

/**
 * ktlsgate_relay_recvmsg() - proto.recvmsg
 * @sk: the socket
 * @msg: where to
 * @len: bytes at most
 * @flags: MSG_*
 *
 * Return: as recvmsg() on a TCP socket.
 */
int ktlsgate_relay_recvmsg(struct sock *sk, struct msghdr *msg, size_t len,
			   int flags)
{
	struct ktlsgate_conn *conn = ktlsgate_conn(sk);
	int ret;

	ret = ktlsgate_base_recvmsg(conn->layer->base, sk, msg, len, flags);
	if (!(flags & (MSG_PEEK | MSG_ERRQUEUE)))
		relay_count_rx(conn, ret);
	return ret;
}

/**
 * ktlsgate_relay_sendmsg() - proto.sendmsg
 * @sk: the socket
 * @msg: what the agent sends
 * @size: bytes of @msg
 *
 * Return: as sendmsg() on a TCP socket.
 */
int ktlsgate_relay_sendmsg(struct sock *sk, struct msghdr *msg, size_t size)
{
	struct ktlsgate_conn *conn = ktlsgate_conn(sk);
	bool sendfile = msg->msg_flags & MSG_SPLICE_PAGES;
	int ret;

	ret = conn->layer->base->sendmsg(sk, msg, size);
	relay_count_tx(conn, ret, sendfile);
	return ret;
}

#ifdef KTLSGATE_HAVE_SENDPAGE
/**
 * ktlsgate_relay_sendpage() - proto.sendpage
 * @sk: the socket
 * @page: where the bytes are
 * @offset: in @page
 * @size: bytes
 * @flags: MSG_*
 *
 * Return: as sendpage() on a TCP socket.
 */
int ktlsgate_relay_sendpage(struct sock *sk, struct page *page, int offset,
			    size_t size, int flags)
{
	struct ktlsgate_conn *conn = ktlsgate_conn(sk);
	int ret;

	ret = conn->layer->base->sendpage(sk, page, offset, size, flags);
	relay_count_tx(conn, ret, true);
	return ret;
}
#endif

/**
 * ktlsgate_relay_splice_read() - proto_ops.splice_read
 * @sock: the agent's socket
 * @ppos: unused
 * @pipe: where to
 * @len: bytes at most
 * @flags: SPLICE_F_*
 *
 * Return: as splice() from a TCP socket.
 */
ssize_t ktlsgate_relay_splice_read(struct socket *sock, loff_t *ppos,
				   struct pipe_inode_info *pipe, size_t len,
				   unsigned int flags)
{
	struct ktlsgate_conn *conn = ktlsgate_conn(sock->sk);
	ssize_t ret;

	ret = conn->layer->base_ops->splice_read(sock, ppos, pipe, len, flags);
	relay_count_rx(conn, ret);
	return ret;
}

/**
 * ktlsgate_relay_getname() - proto_ops.getname
 * @sock: the agent's socket
 * @addr: room for a sockaddr_storage
 * @peer: 0 for the own address
 *
 * Return: size of the address, or -ENOTCONN.
 */
int ktlsgate_relay_getname(struct socket *sock, struct sockaddr *addr,
			   int peer)
{
	const struct ktlsgate_conn *conn = ktlsgate_conn(sock->sk);
	const struct in6_addr *address = peer ? &conn->peer : &conn->local;
	__be16 port = htons(peer ? conn->peer_port : conn->local_port);
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)addr;
	struct sockaddr_in *in = (struct sockaddr_in *)addr;
	int ret;

	/* Family and size, and whether there is a peer. */
	ret = conn->layer->base_ops->getname(sock, addr, peer);
	if (ret < 0)
		return ret;
	if (sock->sk->sk_family == AF_INET6) {
		in6->sin6_addr = *address;
		in6->sin6_port = port;
	} else {
		in->sin_addr.s_addr = address->s6_addr32[3];
		in->sin_port = port;
	}
	return ret;
}
