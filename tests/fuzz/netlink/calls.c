// SPDX-License-Identifier: GPL-2.0-or-later
/* System calls on gated sockets, and what their clients do meanwhile. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/tls.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

#include "netlink.h"

#define NOWHERE ((void *)8)	/* EFAULT */

static uint8_t buffer[65536];

static int *any(struct fuzz *f, int *sockets)
{
	return &sockets[below(f, SOCKETS)];
}

static int result(long ret)
{
	return ret < 0 ? -errno : 0;
}

static void accept_one(struct fuzz *f)
{
	int fd = accept4(f->listener[below(f, 3)], NULL, NULL,
			 SOCK_CLOEXEC | SOCK_NONBLOCK);
	int *slot = &f->agent[f->agents % SOCKETS];

	count(f, "accept", result(fd));
	if (fd < 0)
		return;
	if (*slot >= 0)
		close(*slot);
	*slot = fd;
	f->agents++;
}

static void listen_anew(struct fuzz *f)
{
	struct net_listen how = {
		.family = AF_INET, .nonblock = true, .reuseport = true,
		.backlog = 1 + below(f, 64),
	};
	int *listener = &f->listener[below(f, 3)], fd;

	/* Where gates look for it, more often than not. */
	if (!chance(f, 4))
		how.port = net_port(*listener);
	fd = net_listen(&how);

	count(f, "listen", result(fd));
	if (fd < 0)
		return;
	close(*listener);
	*listener = fd;
}

static int any_level(struct fuzz *f)
{
	static const int levels[] = { SOL_KTLSGATE, SOL_KTLSGATE, SOL_TLS,
		SOL_TCP, SOL_SOCKET, IPPROTO_IP, IPPROTO_IPV6 };

	if (chance(f, 20))
		return pick(f);
	return levels[below(f, sizeof(levels) / sizeof(*levels))];
}

static void get_option(struct fuzz *f, int fd)
{
	int level = any_level(f), name = below(f, chance(f, 4) ? 128 : 10);
	uint8_t value[16384 + 1];
	socklen_t room = below(f, chance(f, 4) ? 16385 : 100), size;
	int err;

	if (chance(f, 20))
		room = pick(f);
	memset(value, 0xa5, sizeof(value));
	size = room;
	err = result(getsockopt(fd, level, name,
				chance(f, 20) || room > 16384 ? NOWHERE : value,
				chance(f, 20) ? NOWHERE : &size));
	if (level != SOL_KTLSGATE) {
		count(f, "getsockopt", err);
		return;
	}
	/* Nothing is written behind the room that there is. */
	if (room <= 16384 && value[room] != 0xa5)
		wrong(f, "getsockopt wrote behind the end", name);
	if (err == -ERANGE && value[0] != 0xa5)
		wrong(f, "getsockopt wrote what does not fit", name);
	count(f, "getsockopt ktlsgate", err);
}

/*
 * TCP_REPAIR is left out: with CAP_NET_ADMIN it makes of a socket what it likes,
 * below the module and below kTLS.
 */
static void set_option(struct fuzz *f, int fd)
{
	static const char *const texts[] = { "tls", "ktlsgate", "cubic",
		"reno", "espintcp", "lo" };
	int level = any_level(f), name = below(f, chance(f, 4) ? 80 : 10);
	uint8_t value[256];
	socklen_t size = below(f, chance(f, 2) ? sizeof(value) : 9);

	if (level == SOL_TCP && name >= TCP_REPAIR && name <= TCP_QUEUE_SEQ)
		return;
	fill(f, value, sizeof(value));
	if (chance(f, 2)) {
		memset(value, 0, sizeof(value));
		value[0] = below(f, 3);
	}
	if (chance(f, 4))
		size = snprintf((char *)value, sizeof(value), "%s",
				texts[below(f, 6)]);
	count(f, level == SOL_KTLSGATE ? "setsockopt ktlsgate" : "setsockopt",
	      result(setsockopt(fd, level, name,
				chance(f, 20) ? NOWHERE : value, size)));
}

/* One of the record types there are, or of those there are not. */
static int put_type(struct fuzz *f, struct msghdr *msg)
{
	static const uint8_t types[] = { 20, 21, 22, 23, 24 };
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg);
	uint8_t type = chance(f, 8) ? pick(f) : types[below(f, 5)];

	cmsg->cmsg_level = SOL_TLS;
	cmsg->cmsg_type = chance(f, 20) ? below(f, 8) : TLS_SET_RECORD_TYPE;
	cmsg->cmsg_len = CMSG_LEN(1);
	*CMSG_DATA(cmsg) = type;
	return type;
}

/* What TLS knows of that type, more often than not. */
static size_t fill_record(struct fuzz *f, int type)
{
	static const uint8_t update[] = { 24, 0, 0, 1, 1 };
	size_t size = below(f, chance(f, 8) ? sizeof(buffer) : 64);

	fill(f, buffer, size < 64 ? size : 64);
	if (type == 22 && !chance(f, 4)) {
		memcpy(buffer, update, sizeof(update));
		buffer[4] = below(f, 3);
		return sizeof(update) - chance(f, 8);
	}
	if (type == 21 && !chance(f, 4)) {
		buffer[0] = 1 + below(f, 2);
		buffer[1] = chance(f, 2) ? 0 : pick(f);
		return 2;
	}
	return size;
}

static void send_some(struct fuzz *f, int fd, const char *what, bool typed)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(1)] = {};
	struct iovec iov = { buffer, below(f, 2000) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	int flags = MSG_DONTWAIT | MSG_NOSIGNAL;

	if (typed) {
		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
		iov.iov_len = fill_record(f, put_type(f, &msg));
	}
	if (chance(f, 30))
		iov.iov_base = NOWHERE;
	if (chance(f, 4))
		flags |= pick(f) & 0x7fffffff;
	count(f, what, result(sendmsg(fd, &msg, flags)));
}

static void receive_some(struct fuzz *f, int fd)
{
	char control[256];
	struct iovec iov = { buffer, below(f, sizeof(buffer)) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	int flags = MSG_DONTWAIT;

	if (chance(f, 2)) {
		msg.msg_control = control;
		msg.msg_controllen = below(f, sizeof(control));
	}
	if (chance(f, 30))
		iov.iov_base = NOWHERE;
	if (chance(f, 2))
		flags |= pick(f) & 0x7fffffff;
	count(f, "recvmsg", result(recvmsg(fd, &msg, flags)));
}

static void control_io(struct fuzz *f, int fd)
{
	static const unsigned long requests[] = { FIONREAD, SIOCOUTQ,
		SIOCATMARK, SIOCOUTQNSD, FIONBIO, FIOASYNC, SIOCGSTAMP,
		SIOCSPGRP, SIOCGPGRP, FIOQSIZE };
	int value = chance(f, 2);

	count(f, "ioctl", result(ioctl(fd, chance(f, 8) ?
				       0x8900 + below(f, 0x100) :
				       requests[below(f, 10)],
				       chance(f, 20) ? NOWHERE : &value)));
}

static void splice_some(struct fuzz *f, int fd)
{
	int flags = SPLICE_F_NONBLOCK | (pick(f) & SPLICE_F_MORE);
	off_t offset = below(f, 4096);
	char rest[4096];

	net_nonblock(fd, true);
	switch (below(f, 3)) {
	case 0:
		count(f, "sendfile", result(sendfile(fd, f->file, &offset,
						     below(f, 65536))));
		break;
	case 1:
		count(f, "splice in", result(splice(fd, NULL, f->pipe[1], NULL,
						    below(f, 65536), flags)));
		break;
	default:
		if (write(f->pipe[1], rest, below(f, 4096)) < 0)
			errno = 0;
		count(f, "splice out", result(splice(f->pipe[0], NULL, fd,
						     NULL, below(f, 65536),
						     flags)));
	}
	while (read(f->pipe[0], rest, sizeof(rest)) > 0)
		;
}

static void rename_socket(struct fuzz *f, int fd)
{
	union net_addr to = net_loopback(AF_INET, net_port(f->helper));
	socklen_t size = sizeof(to);

	net_nonblock(fd, true);
	switch (below(f, 6)) {
	case 0:
		to.sa.sa_family = AF_UNSPEC;
		/* fall through */
	case 1:
		count(f, "connect", result(connect(fd, &to.sa, sizeof(to.in))));
		break;
	case 2:
		count(f, "bind", result(bind(fd, &to.sa, sizeof(to.in))));
		break;
	case 3:
		count(f, "listen on it", result(listen(fd, 1)));
		break;
	case 4:
		count(f, "getsockname", result(getsockname(fd, &to.sa, &size)));
		break;
	default:
		count(f, "getpeername", result(getpeername(fd, &to.sa, &size)));
	}
}

static void agent_does(struct fuzz *f, int *slot)
{
	int fd = *slot;

	switch (below(f, 24)) {
	case 0 ... 5:
		get_option(f, fd);
		break;
	case 6 ... 8:
		set_option(f, fd);
		break;
	case 9 ... 12:
		receive_some(f, fd);
		break;
	case 13 ... 15:
		send_some(f, fd, "sendmsg", chance(f, 6));
		break;
	case 16:
		control_io(f, fd);
		break;
	case 17 ... 18:
		splice_some(f, fd);
		break;
	case 19:
		count(f, "poll", result(net_poll(fd, pick(f) & 0x3fff, 0)));
		break;
	case 20:
		if (chance(f, 4))
			rename_socket(f, fd);
		break;
	case 21:
		if (chance(f, 4))
			count(f, "shutdown",
			      result(shutdown(fd, chance(f, 10) ? pick(f) :
					      below(f, 3))));
		break;
	default:
		if (!chance(f, 4))
			break;
		count(f, "close", result(close(fd)));
		*slot = -1;
	}
}

static void client_does(struct fuzz *f, int *slot)
{
	struct linger reset = { 1, 0 };

	switch (below(f, 12)) {
	case 0 ... 2:
		send_some(f, *slot, "client's data", false);
		break;
	case 3 ... 5:
		send_some(f, *slot, "client's record", true);
		break;
	case 6 ... 8:
		count(f, "client's read",
		      result(recv(*slot, buffer, sizeof(buffer),
				  MSG_DONTWAIT)));
		break;
	case 9:
		if (chance(f, 4))
			shutdown(*slot, SHUT_WR);
		break;
	case 10:
		if (chance(f, 8))
			setsockopt(*slot, SOL_SOCKET, SO_LINGER, &reset,
				   sizeof(reset));
		break;
	default:
		if (!chance(f, 4))
			break;
		count(f, "client's close", result(close(*slot)));
		*slot = -1;
	}
}

void calls_one(struct fuzz *f)
{
	int *slot;

	if (chance(f, 12)) {
		accept_one(f);
		return;
	}
	if (chance(f, 200)) {
		listen_anew(f);
		return;
	}
	if (chance(f, 3)) {
		slot = any(f, f->client);
		if (*slot >= 0)
			client_does(f, slot);
		return;
	}
	slot = any(f, f->agent);
	if (*slot >= 0)
		agent_does(f, slot);
}
