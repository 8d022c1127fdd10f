// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "loopback.h"

/* Others that came to our port are turned away, so many of them. */
#define STRANGERS	8

/* It takes no time; unless lo is down, or packets are filtered. */
#define WAIT_MS		1000

union name {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static socklen_t place(enum loopback kind, union name *out)
{
	static const uint8_t mapped[16] = {
		[10] = 0xff, 0xff, 127, 0, 0, 1
	};

	memset(out, 0, sizeof(*out));
	if (kind == LOOPBACK_IPV4) {
		out->in.sin_family = AF_INET;
		out->in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return sizeof(out->in);
	}
	out->in6.sin6_family = AF_INET6;
	out->in6.sin6_addr = in6addr_loopback;
	if (kind == LOOPBACK_MAPPED)
		memcpy(&out->in6.sin6_addr, mapped, sizeof(mapped));
	return sizeof(out->in6);
}

static int open_listener(union name *at, socklen_t size)
{
	int fd = socket(at->any.sa_family,
			SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int off = 0;

	if (fd < 0)
		return -1;
	if (at->any.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (!bind(fd, &at->any, size) && !listen(fd, STRANGERS) &&
	    !getsockname(fd, &at->any, &size))
		return fd;
	close(fd);
	return -1;
}

static int open_connection(const union name *to, socklen_t size)
{
	const struct timeval limit = { .tv_sec = WAIT_MS / 1000 };
	int fd = socket(to->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (!connect(fd, &to->any, size))
		return fd;
	close(fd);
	return -1;
}

/* The port is in the same place for both families. */
static bool is_from(const union name *peer, int fd)
{
	union name own;
	socklen_t size = sizeof(own);

	if (getsockname(fd, &own.any, &size) ||
	    own.any.sa_family != peer->any.sa_family ||
	    own.in.sin_port != peer->in.sin_port)
		return false;
	if (own.any.sa_family == AF_INET)
		return own.in.sin_addr.s_addr == peer->in.sin_addr.s_addr;
	return IN6_ARE_ADDR_EQUAL(&own.in6.sin6_addr, &peer->in6.sin6_addr);
}

static int accept_own(int listener, int other)
{
	struct pollfd wait = { .fd = listener, .events = POLLIN };
	int i;

	for (i = 0; i <= STRANGERS && poll(&wait, 1, WAIT_MS) > 0; i++) {
		union name peer;
		socklen_t size = sizeof(peer);
		int fd = accept4(listener, &peer.any, &size, SOCK_CLOEXEC);

		if (fd >= 0 && is_from(&peer, other))
			return fd;
		if (fd >= 0)
			close(fd);
	}
	errno = ETIMEDOUT;
	return -1;
}

bool loopback_pair(enum loopback kind, int ends[2])
{
	int listener, saved;
	socklen_t size;
	union name at;

	ends[0] = -1;
	ends[1] = -1;
	size = place(kind, &at);
	listener = open_listener(&at, size);
	if (listener < 0)
		return false;
	ends[1] = open_connection(&at, size);
	if (ends[1] >= 0)
		ends[0] = accept_own(listener, ends[1]);
	saved = errno;
	if (ends[0] < 0 && ends[1] >= 0) {
		close(ends[1]);
		ends[1] = -1;
	}
	close(listener);
	errno = saved;
	return ends[0] >= 0;
}
