// SPDX-License-Identifier: GPL-2.0-or-later
/* Loopback sockets and waiting. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "net.h"

int net_lo_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int ret;

	if (fd < 0)
		return -1;
	ret = ioctl(fd, SIOCSIFFLAGS, &ifr);
	close(fd);
	return ret;
}

int net_unshare(void)
{
	return unshare(CLONE_NEWNET) ? -1 : net_lo_up();
}

socklen_t net_len(const union net_addr *addr)
{
	return addr->sa.sa_family == AF_INET ? sizeof(addr->in) :
					       sizeof(addr->in6);
}

union net_addr net_loopback(int family, uint16_t port)
{
	union net_addr addr = {};

	addr.sa.sa_family = family;
	if (family == AF_INET) {
		addr.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		addr.in.sin_port = htons(port);
	} else {
		addr.in6.sin6_addr = in6addr_loopback;
		addr.in6.sin6_port = htons(port);
	}
	return addr;
}

union net_addr net_mapped(const union net_addr *addr)
{
	union net_addr mapped = *addr;

	if (addr->sa.sa_family != AF_INET)
		return mapped;
	memset(&mapped, 0, sizeof(mapped));
	mapped.in6.sin6_family = AF_INET6;
	mapped.in6.sin6_port = addr->in.sin_port;
	mapped.in6.sin6_addr.s6_addr32[2] = htonl(0xffff);
	mapped.in6.sin6_addr.s6_addr32[3] = addr->in.sin_addr.s_addr;
	return mapped;
}

bool net_equal(const union net_addr *a, const union net_addr *b)
{
	union net_addr x = net_mapped(a), y = net_mapped(b);

	return x.in6.sin6_port == y.in6.sin6_port &&
	       !memcmp(&x.in6.sin6_addr, &y.in6.sin6_addr,
		       sizeof(x.in6.sin6_addr));
}

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

int net_listen(const struct net_listen *how)
{
	int type = SOCK_STREAM | SOCK_CLOEXEC, one = 1, v6only = how->v6only;
	union net_addr addr = {};
	int fd, err;

	if (how->loopback) {
		addr = net_loopback(how->family, how->port);
	} else {
		addr.sa.sa_family = how->family;
		if (how->family == AF_INET)
			addr.in.sin_port = htons(how->port);
		else
			addr.in6.sin6_port = htons(how->port);
	}
	if (how->nonblock)
		type |= SOCK_NONBLOCK;
	fd = socket(how->family, type, how->mptcp ? IPPROTO_MPTCP : 0);
	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    (how->reuseport &&
	     setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one))) ||
	    (how->family == AF_INET6 &&
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only,
			sizeof(v6only))) ||
	    bind(fd, &addr.sa, net_len(&addr)) ||
	    listen(fd, how->backlog ? how->backlog : 512)) {
		err = errno;
		close(fd);
		errno = err;
		return -1;
	}
	return fd;
}

union net_addr net_sockname(int fd)
{
	union net_addr addr = {};
	socklen_t len = sizeof(addr);

	getsockname(fd, &addr.sa, &len);
	return addr;
}

union net_addr net_peername(int fd)
{
	union net_addr addr = {};
	socklen_t len = sizeof(addr);

	getpeername(fd, &addr.sa, &len);
	return addr;
}

uint16_t net_port(int fd)
{
	union net_addr addr = net_sockname(fd);

	return ntohs(addr.in.sin_port);
}

int net_connect(const union net_addr *to)
{
	int fd = socket(to->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -1;
	if (connect(fd, &to->sa, net_len(to))) {
		err = errno;
		close(fd);
		errno = err;
		return -1;
	}
	return fd;
}

int net_nonblock(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return -1;
	flags = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
	return fcntl(fd, F_SETFL, flags);
}

int net_timeout(int fd, int ms)
{
	struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) ?:
	       setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
}

int net_poll(int fd, short events, int ms)
{
	struct pollfd p = { .fd = fd, .events = events };
	int n = poll(&p, 1, ms);

	return n < 0 ? -1 : n ? p.revents : 0;
}

bool net_is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

int net_acked(int fd)
{
	int left = -1;

	return NET_WAIT(!ioctl(fd, SIOCOUTQ, &left) && !left) ? 0 : -1;
}

uint64_t net_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ull + ts.tv_nsec / 1000000;
}

bool net_waits_in(pid_t thread, long call)
{
	char path[64];
	long number;
	bool waits;
	FILE *f;

	/* "running", or the number of the call and its arguments. */
	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", thread);
	f = fopen(path, "r");
	if (!f)
		return false;
	waits = fscanf(f, "%ld", &number) == 1 && number == call;
	fclose(f);
	return waits;
}

void net_pause(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

int net_put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return -1;
	ret = write(fd, text, strlen(text)) < 0 ? -1 : 0;
	close(fd);
	return ret;
}
