// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/ktlsgate.h>

#include "fdstore.h"
#include "listeners.h"
#include "mem.h"

/* Cut by net.core.somaxconn. */
#define BACKLOG 65535

enum listen_mode listeners_mode(const struct gate_config *gate,
				unsigned int listener)
{
	bool mapped = listener & KTLSGATE_LISTENER_DUAL_STACK;

	if (gate->steering)
		return LISTEN_STEERED;
	/* An agent that is down will most likely be a Java or Go one. */
	if (!listener || (mapped && !(listener & KTLSGATE_LISTENER_IPV4)))
		return LISTEN_DUAL_STACK;
	return listener & KTLSGATE_LISTENER_IPV6 ? LISTEN_BOTH : LISTEN_IPV4;
}

static int fail(int fd)
{
	int saved = errno;

	if (fd >= 0)
		close(fd);
	errno = saved;
	return -1;
}

static bool set(int fd, int level, int option, int value)
{
	return !setsockopt(fd, level, option, &value, sizeof(value));
}

static int open_socket(int family, bool steered, bool v6only)
{
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (family == AF_INET6 && !set(fd, IPPROTO_IPV6, IPV6_V6ONLY, v6only))
		return fail(fd);
	if (steered) {
		/* A fresh namespace may have no loopback address yet. */
		if (!set(fd, IPPROTO_IP, IP_FREEBIND, 1))
			return fail(fd);
	} else if (!set(fd, SOL_SOCKET, SO_REUSEADDR, 1) ||
		   !set(fd, SOL_SOCKET, SO_REUSEPORT, 1)) {
		return fail(fd);
	}
	return fd;
}

/*
 * Connections have SO_REUSEADDR from here. Without it those that linger would
 * keep an agent that restarts from binding its own port. Set after bind(), so
 * that a port of our own choosing is nobody else's.
 */
static int listen_on(int fd, const void *address, socklen_t size)
{
	if (fd < 0)
		return -1;
	if (bind(fd, address, size) ||
	    !set(fd, SOL_SOCKET, SO_REUSEADDR, 1) || listen(fd, BACKLOG))
		return fail(fd);
	return fd;
}

static const struct address loopback = {
	.family = AF_INET, .bytes = { 127, 0, 0, 1 },
};

static int listen_ipv4(const struct listeners *listeners)
{
	bool steered = listeners->mode == LISTEN_STEERED;
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons(listeners->port),
	};

	memcpy(&at.sin_addr, steered ? loopback.bytes :
	       listeners->address.bytes, 4);
	return listen_on(open_socket(AF_INET, steered, false), &at, sizeof(at));
}

static int listen_ipv6(const struct listeners *listeners)
{
	bool steered = listeners->mode == LISTEN_STEERED;
	struct sockaddr_in6 at = {
		.sin6_family = AF_INET6, .sin6_port = htons(listeners->port),
	};
	uint8_t mapped[16];

	/*
	 * Steered sockets take both families, so they are bound to the
	 * loopback address that does not make them IPv6 only, as ::1 would.
	 */
	address_map(steered ? &loopback : &listeners->address, mapped);
	memcpy(&at.sin6_addr, mapped, 16);
	return listen_on(open_socket(AF_INET6, steered,
				     listeners->mode == LISTEN_BOTH),
			 &at, sizeof(at));
}

static void choose_families(const struct listeners *listeners, bool *ipv4,
			    bool *ipv6)
{
	int family = listeners->address.family;

	*ipv4 = listeners->mode != LISTEN_DUAL_STACK && family != AF_INET6;
	*ipv6 = listeners->mode != LISTEN_IPV4;
	/* Only the dual-stack form of an IPv4 address is an AF_INET6 socket. */
	if (listeners->mode == LISTEN_BOTH && family == AF_INET)
		*ipv6 = false;
	if (listeners->mode == LISTEN_IPV4 && family == AF_INET6)
		*ipv6 = true;
	if (listeners->mode == LISTEN_STEERED)
		*ipv4 = true;
}

/*
 * What names the same socket in the next helper: mode and port, address,
 * namespace and gate. In hexadecimal, since a name there must be plain.
 */
static char *label_of(const struct listeners *listeners,
		      const struct gate_config *gate, const struct netns *ns)
{
	struct text label = {};
	uint8_t address[16];
	const char *c;
	size_t i;

	text_printf(&label, "%d-%u-%llx-", listeners->mode, listeners->port,
		    (unsigned long long)ns->cookie);
	address_map(&listeners->address, address);
	for (i = 0; i < sizeof(address); i++)
		text_printf(&label, "%02x", address[i]);
	text_puts(&label, "-");
	for (c = gate->name; *c; c++)
		text_printf(&label, "%02x", (unsigned char)*c);
	return label.data;
}

static char *store_name(const struct listeners *listeners, int family,
			unsigned int worker)
{
	return xasprintf("%d-%u-%s", family == AF_INET ? 4 : 6, worker,
			 listeners->label);
}

struct wish {
	const struct listeners *listeners;
	int family;
};

static int get(int fd, int level, int option)
{
	int value = -1;
	socklen_t size = sizeof(value);

	getsockopt(fd, level, option, &value, &size);
	return value;
}

/* Whether a socket unit's is what we would have opened. */
static bool is_as_wished(int fd, const void *arg)
{
	const struct wish *wish = arg;
	const struct listeners *listeners = wish->listeners;
	struct sockaddr_storage at = {};
	socklen_t size = sizeof(at);
	struct address address;
	uint16_t port;

	if (get(fd, SOL_SOCKET, SO_DOMAIN) != wish->family ||
	    getsockname(fd, (struct sockaddr *)&at, &size))
		return false;
	address_of(&at, &address, &port);
	if (port != listeners->port || !get(fd, SOL_SOCKET, SO_REUSEPORT))
		return false;
	return wish->family == AF_INET ||
	       get(fd, IPPROTO_IPV6, IPV6_V6ONLY) ==
	       (listeners->mode == LISTEN_BOTH);
}

/* Of a socket unit, which systemd keeps itself. */
static int take_activated(const struct listeners *listeners, int family)
{
	struct wish wish = { .listeners = listeners, .family = family };
	int fd;

	if (listeners->mode == LISTEN_STEERED)
		return -1;
	fd = fdstore_take_fitting(listeners->gate, is_as_wished, &wish);
	if (fd >= 0)
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	return fd;
}

/* One from before, or a new one; both are kept for the next helper. */
static int open_one(const struct listeners *listeners, int family,
		    unsigned int worker)
{
	char *name = store_name(listeners, family, worker);
	int fd = fdstore_take(name);

	if (fd < 0)
		fd = take_activated(listeners, family);
	if (fd < 0) {
		fd = family == AF_INET ? listen_ipv4(listeners) :
		     listen_ipv6(listeners);
		if (fd >= 0)
			fdstore_keep(name, fd);
	}
	free(name);
	return fd;
}

static bool open_all(struct listeners *listeners)
{
	bool ipv4, ipv6;
	unsigned int i;

	choose_families(listeners, &ipv4, &ipv6);
	for (i = 0; i < listeners->workers; i++) {
		if (ipv4) {
			listeners->ipv4[i] = open_one(listeners, AF_INET, i);
			if (listeners->ipv4[i] < 0)
				return false;
		}
		if (!ipv6)
			continue;
		listeners->ipv6[i] = open_one(listeners, AF_INET6, i);
		/* A kernel without IPv6 has IPv4 agents only. */
		if (listeners->ipv6[i] < 0 && errno == EAFNOSUPPORT &&
		    listeners->address.family != AF_INET6) {
			if (!ipv4)
				listeners->ipv4[i] = open_one(listeners,
							      AF_INET, i);
			if (listeners->ipv4[i] < 0)
				return false;
			continue;
		}
		if (listeners->ipv6[i] < 0)
			return false;
		listeners->has_ipv6 = true;
	}
	return true;
}

struct listeners *listeners_open(const struct gate_config *gate,
				 const struct netns *ns, enum listen_mode mode,
				 unsigned int workers, char **error)
{
	struct listeners *listeners = xcalloc(1, sizeof(*listeners));
	char where[ADDRESS_TEXT];
	bool good = false;
	unsigned int i;

	listeners->mode = mode;
	listeners->workers = workers;
	listeners->ipv4 = xcalloc(workers, sizeof(int));
	listeners->ipv6 = xcalloc(workers, sizeof(int));
	for (i = 0; i < workers; i++) {
		listeners->ipv4[i] = -1;
		listeners->ipv6[i] = -1;
	}
	if (mode != LISTEN_STEERED) {
		listeners->port = gate->listen_port;
		listeners->address = gate->address;
	}
	listeners->gate = xstrdup(gate->name);
	listeners->label = label_of(listeners, gate, ns);
	if (netns_enter(ns)) {
		good = open_all(listeners);
		if (!good) {
			address_print(&listeners->address, listeners->port,
				      where);
			*error = xasprintf("cannot listen on %s: %s", where,
					   strerror(errno));
		}
		netns_leave(ns);
	} else {
		*error = xasprintf("cannot enter network namespace %s: %s",
				   netns_label(ns->name), strerror(errno));
	}
	if (good)
		return listeners;
	listeners_forget(listeners);
	return NULL;
}

bool listeners_fit(const struct listeners *listeners,
		   const struct gate_config *gate, enum listen_mode mode)
{
	if (listeners->mode != mode)
		return false;
	return mode == LISTEN_STEERED ||
	       (listeners->port == gate->listen_port &&
		address_equal(&listeners->address, &gate->address));
}

void listeners_close(struct listeners *listeners)
{
	unsigned int i;

	if (!listeners)
		return;
	for (i = 0; i < listeners->workers; i++) {
		if (listeners->ipv4[i] >= 0)
			close(listeners->ipv4[i]);
		if (listeners->ipv6[i] >= 0)
			close(listeners->ipv6[i]);
	}
	free(listeners->ipv4);
	free(listeners->ipv6);
	free(listeners->label);
	free(listeners->gate);
	free(listeners);
}

static void forget(const struct listeners *listeners, int family,
		   unsigned int worker)
{
	char *name = store_name(listeners, family, worker);

	fdstore_forget(name);
	free(name);
}

void listeners_forget(struct listeners *listeners)
{
	unsigned int i;

	for (i = 0; listeners && i < listeners->workers; i++) {
		if (listeners->ipv4[i] >= 0)
			forget(listeners, AF_INET, i);
		if (listeners->ipv6[i] >= 0)
			forget(listeners, AF_INET6, i);
	}
	listeners_close(listeners);
}
