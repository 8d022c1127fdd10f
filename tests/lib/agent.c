// SPDX-License-Identifier: GPL-2.0-or-later
/* System calls of an agent at random. Nobody looks at what they return: other threads
 * do the same to the same socket, and what is right depends on who was first.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <linux/filter.h>
#include <linux/ktlsgate_sockopt.h>
#include <linux/sockios.h>
#include <linux/tls.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent.h"
#include "net.h"

#ifndef SOL_TLS
#define SOL_TLS 282
#endif
#ifndef SO_RESERVE_MEM
#define SO_RESERVE_MEM 73
#endif

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define NOWHERE ((void *)8)	/* EFAULT */

/* splitmix64 */
static uint64_t next(struct agent *a)
{
	uint64_t x = a->random += 0x9e3779b97f4a7c15;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

uint32_t agent_pick(struct agent *a, uint32_t limit)
{
	return next(a) % limit;
}

bool agent_chance(struct agent *a, uint32_t times)
{
	return !agent_pick(a, times);
}

int agent_open(struct agent *a, uint64_t seed)
{
	memset(a, 0, sizeof(*a));
	a->random = seed;
	a->file = memfd_create("file", MFD_CLOEXEC);
	a->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (a->file < 0 || ftruncate(a->file, AGENT_BUFFER) || a->epoll < 0 ||
	    pipe2(a->pipe, O_CLOEXEC | O_NONBLOCK))
		return -1;
	return socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
			  a->unix_pair);
}

void agent_close(struct agent *a)
{
	close(a->pipe[0]);
	close(a->pipe[1]);
	close(a->unix_pair[0]);
	close(a->unix_pair[1]);
	close(a->file);
	close(a->epoll);
}

static size_t some(struct agent *a)
{
	return agent_pick(a, agent_chance(a, 4) ? AGENT_BUFFER : 2000);
}

static void *place(struct agent *a)
{
	return agent_chance(a, 40) ? NOWHERE : a->buffer;
}

static void receive(struct agent *a, int fd)
{
	static const int flags[] = { 0, 0, MSG_DONTWAIT, MSG_DONTWAIT, MSG_PEEK,
		MSG_WAITALL, MSG_WAITALL | MSG_DONTWAIT, MSG_PEEK | MSG_WAITALL,
		MSG_OOB, MSG_ERRQUEUE, MSG_TRUNC, MSG_PEEK | MSG_TRUNC };
	char control[256];
	struct iovec iov[2] = {
		{ place(a), some(a) }, { a->buffer, some(a) },
	};
	struct mmsghdr msg[2] = {
		{ .msg_hdr = { .msg_iov = iov, .msg_iovlen = 1 } },
		{ .msg_hdr = { .msg_iov = iov, .msg_iovlen = 2,
			       .msg_control = control,
			       .msg_controllen = sizeof(control) } },
	};
	struct timespec soon = { .tv_nsec = 1000000 };
	int with = flags[agent_pick(a, COUNT(flags))];

	switch (agent_pick(a, 6)) {
	case 0:
		read(fd, place(a), some(a));
		break;
	case 1:
		readv(fd, iov, 2);
		break;
	case 2:
		recvmmsg(fd, msg, 2, with, &soon);
		break;
	case 3:
		recvmsg(fd, &msg[1].msg_hdr, with);
		break;
	default:
		recv(fd, place(a), some(a), with);
	}
}

/* A record type is what kTLS would take and the layer must not give it. */
static void send_typed(struct agent *a, int fd, int flags)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(1)] = {};
	struct iovec iov = { place(a), some(a) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_TLS;
	cmsg->cmsg_type = TLS_SET_RECORD_TYPE;
	cmsg->cmsg_len = CMSG_LEN(1);
	*CMSG_DATA(cmsg) = 20 + agent_pick(a, 5);
	sendmsg(fd, &msg, flags);
}

static void transmit(struct agent *a, int fd)
{
	static const int flags[] = { 0, 0, MSG_DONTWAIT, MSG_DONTWAIT, MSG_MORE,
		MSG_MORE | MSG_DONTWAIT, MSG_ZEROCOPY, MSG_OOB, MSG_FASTOPEN,
		MSG_EOR, MSG_CONFIRM };
	struct iovec iov[2] = {
		{ a->buffer, some(a) }, { place(a), some(a) },
	};
	int with = flags[agent_pick(a, COUNT(flags))] | MSG_NOSIGNAL;

	switch (agent_pick(a, 4)) {
	case 0:
		write(fd, place(a), some(a));
		break;
	case 1:
		writev(fd, iov, 2);
		break;
	case 2:
		send_typed(a, fd, with);
		break;
	default:
		send(fd, place(a), some(a), with);
	}
}

/* What a thread has left in its pipe is the next one's. */
static void splice_some(struct agent *a, int fd)
{
	int flags = agent_chance(a, 2) ? SPLICE_F_MORE : 0;
	struct iovec iov = { a->buffer, some(a) };
	off_t offset = agent_pick(a, 8192);

	switch (agent_pick(a, 4)) {
	case 0:
		sendfile(fd, a->file, &offset, some(a));
		break;
	case 1:
		splice(fd, NULL, a->pipe[1], NULL, some(a),
		       flags | SPLICE_F_NONBLOCK);
		break;
	case 2:
		vmsplice(a->pipe[1], &iov, 1, SPLICE_F_NONBLOCK);
		/* fall through */
	default:
		splice(a->pipe[0], NULL, fd, NULL, some(a), flags);
	}
	if (agent_chance(a, 8))
		while (read(a->pipe[0], a->buffer, AGENT_BUFFER) > 0)
			continue;
}

static void wait_some(struct agent *a, int fd)
{
	static const uint32_t events[] = { EPOLLIN, EPOLLOUT | EPOLLET,
		EPOLLIN | EPOLLET, EPOLLRDHUP | EPOLLONESHOT,
		EPOLLIN | EPOLLEXCLUSIVE };
	struct epoll_event event = {
		.events = events[agent_pick(a, COUNT(events))],
	};
	struct epoll_event got[8];

	switch (agent_pick(a, 6)) {
	case 0:
		epoll_ctl(a->epoll, EPOLL_CTL_ADD, fd, &event);
		break;
	case 1:
		epoll_ctl(a->epoll, EPOLL_CTL_MOD, fd, &event);
		break;
	case 2:
		epoll_ctl(a->epoll, EPOLL_CTL_DEL, fd, &event);
		break;
	case 3:
		net_poll(fd, POLLIN | POLLOUT | POLLRDHUP, agent_pick(a, 2));
		break;
	default:
		epoll_wait(a->epoll, got, COUNT(got), agent_pick(a, 2));
	}
}

/*
 * TCP_REPAIR is left out: with CAP_NET_ADMIN it makes of a socket what it likes,
 * below the module and below kTLS.
 */
static void set_option(struct agent *a, int fd)
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
		{ SOL_SOCKET, SO_TIMESTAMPING, 1 << 16 },
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
	int i = agent_pick(a, COUNT(numbers)), value;

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
			   agent_chance(a, 40) ? NOWHERE : &value,
			   sizeof(value));
	}
}

static void get_option(struct agent *a, int fd)
{
	static const struct { int level, first, last; } names[] = {
		{ SOL_KTLSGATE, 0, 9 }, { SOL_TLS, 0, 5 },
		{ SOL_TCP, 1, 40 }, { SOL_SOCKET, 1, 80 },
		{ IPPROTO_IP, 1, 30 }, { IPPROTO_IPV6, 1, 80 },
	};
	int i = agent_pick(a, COUNT(names));
	socklen_t size = agent_pick(a, 300);

	/* What was received as pages would go past kTLS: see map_received(). */
	getsockopt(fd, names[i].level, names[i].first +
		   agent_pick(a, names[i].last - names[i].first + 1),
		   place(a), &size);
}

static void ask(struct agent *a, int fd)
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
		ioctl(fd, requests[agent_pick(a, COUNT(requests))], &value);
	}
}

/* The end of one direction, or what makes another socket of it. */
static void change(struct agent *a, int fd)
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

/* fd in a message to ourselves, or what came in one, which is closed there. */
static void pass(struct agent *a, int fd)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
	struct iovec iov = { a->buffer, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	int got;

	if (agent_chance(a, 2)) {
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
		sendmsg(a->unix_pair[0], &msg, 0);
		return;
	}
	while (recvmsg(a->unix_pair[1], &msg, MSG_CMSG_CLOEXEC) > 0) {
		cmsg = CMSG_FIRSTHDR(&msg);
		if (!cmsg || cmsg->cmsg_type != SCM_RIGHTS)
			break;
		memcpy(&got, CMSG_DATA(cmsg), sizeof(got));
		close(got);
	}
}

/* A duplicate outlives the descriptor; a child closes all of them when it ends. */
static void duplicate(struct agent *a, int fd)
{
	int other = dup(fd);
	pid_t pid = agent_chance(a, 8) ? fork() : -1;

	if (!pid)
		_exit(0);
	if (pid > 0)
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			continue;
	if (other < 0)
		return;
	receive(a, other);
	close(other);
}

static void map_received(struct agent *a, int fd)
{
	struct {
		uint64_t address;
		uint32_t length, recv_skip_hint, inq;
		int32_t err;
		uint64_t copybuf_address;
		int32_t copybuf_len;
		uint32_t flags;
		uint64_t msg_control, msg_controllen;
		uint32_t msg_flags, reserved;
	} zc = {};
	socklen_t size = sizeof(zc);
	size_t length = 16 * 4096;
	void *map = mmap(NULL, length, PROT_READ, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED)
		return;
	zc.address = (uintptr_t)map;
	zc.length = length;
	getsockopt(fd, SOL_TCP, TCP_ZEROCOPY_RECEIVE, &zc, &size);
	if (agent_chance(a, 2))
		madvise(map, length, MADV_DONTNEED);
	munmap(map, length);
}

void agent_acts(struct agent *a, int fd)
{
	switch (agent_pick(a, 64)) {
	case 0 ... 17:
		receive(a, fd);
		break;
	case 18 ... 32:
		transmit(a, fd);
		break;
	case 33 ... 39:
		splice_some(a, fd);
		break;
	case 40 ... 46:
		wait_some(a, fd);
		break;
	case 47 ... 51:
		set_option(a, fd);
		break;
	case 52 ... 55:
		get_option(a, fd);
		break;
	case 56 ... 58:
		ask(a, fd);
		break;
	case 59:
		pass(a, fd);
		break;
	case 60:
		map_received(a, fd);
		break;
	case 61:
		duplicate(a, fd);
		break;
	default:
		if (agent_chance(a, 4))
			change(a, fd);
	}
}
