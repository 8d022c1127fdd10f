// SPDX-License-Identifier: GPL-2.0-or-later
/* System calls of an agent at random. Nobody looks at what they return: other threads
 * do the same to the same socket, and what is right depends on who was first.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/tls.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent.h"
#include "net.h"
#include "random.h"

#ifndef SOL_TLS
#define SOL_TLS 282
#endif

uint32_t agent_pick(struct agent *a, uint32_t limit)
{
	return random_next(&a->random) % limit;
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
	agent_ring_open(a);
	return socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
			  a->unix_pair);
}

void agent_close(struct agent *a)
{
	agent_ring_close(a);
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

void *agent_place(struct agent *a)
{
	return agent_chance(a, 40) ? AGENT_NOWHERE : a->buffer;
}

static void receive(struct agent *a, int fd)
{
	static const int flags[] = { 0, 0, MSG_DONTWAIT, MSG_DONTWAIT, MSG_PEEK,
		MSG_WAITALL, MSG_WAITALL | MSG_DONTWAIT, MSG_PEEK | MSG_WAITALL,
		MSG_OOB, MSG_ERRQUEUE, MSG_TRUNC, MSG_PEEK | MSG_TRUNC };
	char control[256];
	struct iovec iov[2] = {
		{ agent_place(a), some(a) }, { a->buffer, some(a) },
	};
	struct mmsghdr msg[2] = {
		{ .msg_hdr = { .msg_iov = iov, .msg_iovlen = 1 } },
		{ .msg_hdr = { .msg_iov = iov, .msg_iovlen = 2,
			       .msg_control = control,
			       .msg_controllen = sizeof(control) } },
	};
	struct timespec soon = { .tv_nsec = 1000000 };
	int with = flags[agent_pick(a, AGENT_COUNT(flags))];

	switch (agent_pick(a, 6)) {
	case 0:
		read(fd, agent_place(a), some(a));
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
		recv(fd, agent_place(a), some(a), with);
	}
}

/* A record type is what kTLS would take and the layer must not give it. */
static void send_typed(struct agent *a, int fd, int flags)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(1)] = {};
	struct iovec iov = { agent_place(a), some(a) };
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
		{ a->buffer, some(a) }, { agent_place(a), some(a) },
	};
	int with = flags[agent_pick(a, AGENT_COUNT(flags))] | MSG_NOSIGNAL;

	switch (agent_pick(a, 4)) {
	case 0:
		write(fd, agent_place(a), some(a));
		break;
	case 1:
		writev(fd, iov, 2);
		break;
	case 2:
		send_typed(a, fd, with);
		break;
	default:
		send(fd, agent_place(a), some(a), with);
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
		.events = events[agent_pick(a, AGENT_COUNT(events))],
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
		epoll_wait(a->epoll, got, AGENT_COUNT(got), agent_pick(a, 2));
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
	switch (agent_pick(a, 68)) {
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
		agent_sets(a, fd);
		break;
	case 52 ... 55:
		agent_gets(a, fd);
		break;
	case 56 ... 58:
		agent_asks(a, fd);
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
	case 62 ... 65:
		agent_ring_acts(a, fd);
		break;
	default:
		if (agent_chance(a, 4))
			agent_changes(a, fd);
	}
}
