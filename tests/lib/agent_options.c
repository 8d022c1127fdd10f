// SPDX-License-Identifier: GPL-2.0-or-later
/* Options, names and states of a socket that an agent sets and asks for at random. */
#include <linux/filter.h>
#include <linux/ktlsgate_sockopt.h>
#include <linux/sockios.h>
#include <linux/tls.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "agent.h"
#include "net.h"

#ifndef SOL_TLS
#define SOL_TLS 282
#endif
#ifndef SO_RESERVE_MEM
#define SO_RESERVE_MEM 73
#endif

/*
 * TCP_REPAIR is left out: with CAP_NET_ADMIN it makes of a socket what it likes,
 * below the module and below kTLS.
 */
void agent_sets(struct agent *a, int fd)
{
	static const struct { int level, name, limit; } numbers[] = {
		{ SOL_SOCKET, SO_RCVLOWAT, 70000 },
		{ SOL_SOCKET, SO_RCVBUF, 200000 },
		{ SOL_SOCKET, SO_SNDBUF, 200000 },
		{ SOL_SOCKET, SO_RESERVE_MEM, 200000 },
		{ SOL_SOCKET, SO_ZEROCOPY, 2 },
		{ SOL_SOCKET, SO_OOBINLINE, 2 },
		{ SOL_SOCKET, SO_KEEPALIVE, 2 },
		{ SOL_SOCKET, SO_BUSY_POLL, 20 },
		{ SOL_SOCKET, SO_TIMESTAMPING, 1 << 15 },
		{ SOL_SOCKET, SO_REUSEPORT, 2 },
		{ SOL_SOCKET, SO_INCOMING_CPU, 2 },
		{ SOL_SOCKET, SO_MARK, 2 },
		{ SOL_SOCKET, SO_TXREHASH, 2 },
		{ SOL_TCP, TCP_NODELAY, 2 },
		{ SOL_TCP, TCP_CORK, 2 },
		{ SOL_TCP, TCP_QUICKACK, 2 },
		{ SOL_TCP, TCP_INQ, 2 },
		{ SOL_TCP, TCP_NOTSENT_LOWAT, 9000 },
		{ SOL_TCP, TCP_USER_TIMEOUT, 2000 },
		{ SOL_TCP, TCP_DEFER_ACCEPT, 2 },
		{ SOL_TCP, TCP_FASTOPEN, 9 },
		{ SOL_TCP, TCP_FASTOPEN_CONNECT, 2 },
		{ SOL_TLS, TLS_TX, 2 },
		{ SOL_TLS, TLS_RX, 2 },
		{ SOL_TLS, TLS_RX_EXPECT_NO_PAD, 2 },
		{ SOL_TLS, TLS_TX_ZEROCOPY_RO, 2 },
		{ SOL_KTLSGATE, KTLSGATE_PEER_INFO, 2 },
		{ IPPROTO_IP, IP_TRANSPARENT, 2 },
		{ IPPROTO_IP, IP_RECVERR, 2 },
		{ IPPROTO_IPV6, IPV6_ADDRFORM, 3 },
		{ IPPROTO_IPV6, IPV6_RECVERR, 2 },
	};
	static const char *const control[] = { "cubic", "reno" };
	struct linger linger = { agent_pick(a, 2), agent_pick(a, 2) };
	struct sock_filter first = { .code = BPF_RET | BPF_K };
	struct sock_fprog program = { 1, &first };
	int i = agent_pick(a, AGENT_COUNT(numbers)), value;

	switch (agent_pick(a, 12)) {
	case 0:
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
		break;
	case 1:
		setsockopt(fd, SOL_TCP, TCP_ULP, "tls", 3);
		break;
	case 2:
		i = agent_pick(a, 2);
		setsockopt(fd, SOL_TCP, TCP_CONGESTION, control[i],
			   strlen(control[i]));
		break;
	case 3:
		setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program,
			   sizeof(program));
		break;
	default:
		value = agent_pick(a, numbers[i].limit);
		setsockopt(fd, numbers[i].level, numbers[i].name,
			   agent_chance(a, 40) ? AGENT_NOWHERE : &value,
			   sizeof(value));
	}
}

void agent_gets(struct agent *a, int fd)
{
	static const struct { int level, first, last; } names[] = {
		{ SOL_KTLSGATE, 0, 9 }, { SOL_TLS, 0, 5 },
		{ SOL_TCP, 1, 40 }, { SOL_SOCKET, 1, 80 },
		{ IPPROTO_IP, 1, 30 }, { IPPROTO_IPV6, 1, 80 },
	};
	int i = agent_pick(a, AGENT_COUNT(names));
	socklen_t size = agent_pick(a, 300);

	getsockopt(fd, names[i].level, names[i].first +
		   agent_pick(a, names[i].last - names[i].first + 1),
		   agent_place(a), &size);
}

void agent_asks(struct agent *a, int fd)
{
	static const unsigned long requests[] = { SIOCINQ, SIOCOUTQ, SIOCOUTQNSD,
		SIOCATMARK, FIONBIO, FIOASYNC };
	union net_addr name = {};
	socklen_t size = sizeof(name);
	int value = agent_pick(a, 2);

	switch (agent_pick(a, 3)) {
	case 0:
		getsockname(fd, &name.sa, &size);
		break;
	case 1:
		getpeername(fd, &name.sa, &size);
		break;
	default:
		ioctl(fd, requests[agent_pick(a, AGENT_COUNT(requests))], &value);
	}
}

/* The end of one direction, or what makes another socket of it. */
void agent_changes(struct agent *a, int fd)
{
	union net_addr to = { .sa.sa_family = AF_UNSPEC };

	switch (agent_pick(a, 6)) {
	case 0:
		connect(fd, &to.sa, sizeof(to.sa));
		break;
	case 1:
		listen(fd, 1);
		break;
	case 2:
		to = net_loopback(AF_INET, 0);
		bind(fd, &to.sa, net_len(&to));
		break;
	default:
		shutdown(fd, agent_pick(a, 3));
	}
}
