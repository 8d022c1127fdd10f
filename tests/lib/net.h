/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_NET_H
#define TESTS_NET_H

#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* A wait for something that must come: long, for a debug kernel under TCG. */
#define NET_DEADLINE_MS 60000

union net_addr {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_storage ss;
};

struct net_listen {
	int family;		/* AF_INET or AF_INET6 */
	bool v6only;
	bool reuseport;
	bool loopback;		/* bind to 127.0.0.1 or ::1, not the wildcard */
	bool nonblock;
	bool mptcp;		/* as Go's servers do where the kernel has it */
	int backlog;		/* 0: 512 */
	uint16_t port;		/* host byte order, 0: the kernel chooses */
};

/* A network namespace of our own with lo up. 0, or -1 and errno. */
int net_unshare(void);
int net_lo_up(void);

/* A listening socket, or -1 and errno. */
int net_listen(const struct net_listen *how);
uint16_t net_port(int fd);
socklen_t net_len(const union net_addr *addr);
/* 127.0.0.1, or ::1, with this port. */
union net_addr net_loopback(int family, uint16_t port);
/* The same address, AF_INET as v4-mapped AF_INET6. */
union net_addr net_mapped(const union net_addr *addr);
bool net_equal(const union net_addr *a, const union net_addr *b);
/* A connected blocking socket, or -1 and errno. */
int net_connect(const union net_addr *to);
union net_addr net_sockname(int fd);
union net_addr net_peername(int fd);

int net_nonblock(int fd, bool on);
/* Blocking calls on fd return EAGAIN after ms: no test may hang. */
int net_timeout(int fd, int ms);
/* poll() for one fd: the revents, 0 after ms. */
int net_poll(int fd, short events, int ms);
/* Waits until all that was sent on fd is acknowledged. */
int net_acked(int fd);

uint64_t net_now_ms(void);
/* Whether this thread of the process waits inside that system call. */
bool net_waits_in(pid_t thread, long call);
bool net_is_open(int fd);
void net_pause(void);		/* between two looks at a condition */

/* Waits until cond holds; is the value of cond at the end. */
#define NET_WAIT(cond)							\
({									\
	uint64_t end_ = net_now_ms() + NET_DEADLINE_MS;			\
	bool ok_;							\
	while (!(ok_ = (cond)) && net_now_ms() < end_)			\
		net_pause();						\
	ok_;								\
})

/* Writes a file of the kernel's: 0, or -1 and errno. */
int net_put(const char *path, const char *text);

#endif
