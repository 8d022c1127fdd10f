// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channel.h"
#include "log.h"
#include "mem.h"
#include "netns.h"
#include "steer.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

/* Those open, each with a reference; main thread only. */
static struct netns *all;
static int own = -1;

const char *netns_label(const char *name)
{
	return name ? name : "of the helper";
}

static int open_file(const char *name)
{
	char *path;
	int fd;

	if (!name)
		return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	path = *name == '/' ? xstrdup(name) : xasprintf("/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	free(path);
	return fd;
}

static bool enter(int fd)
{
	if (own < 0)
		own = open_file(NULL);
	return own >= 0 && !setns(fd, CLONE_NEWNET);
}

static void leave(void)
{
	/* Going on in the wrong namespace would open the wrong ports. */
	if (setns(own, CLONE_NEWNET)) {
		log_msg(LOG_CRIT, "cannot return to the own network namespace: %s",
			strerror(errno));
		abort();
	}
}

bool netns_enter(const struct netns *ns)
{
	return !ns->name || enter(ns->fd);
}

void netns_leave(const struct netns *ns)
{
	if (ns->name)
		leave();
}

static uint64_t cookie_here(void)
{
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return 0;
	if (getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size))
		cookie = 0;
	close(fd);
	return cookie;
}

static char *enter_error(const char *name)
{
	int saved = errno;

	return xasprintf("cannot enter network namespace %s: %s%s",
			 netns_label(name), strerror(saved), saved == EPERM ?
			 ": the service needs CAP_SYS_ADMIN for it, see ktlsgated(8)" :
			 saved == ENOENT ? ": ip netns add makes it" : "");
}

int netns_file(const char *name, uint64_t *cookie, char **error)
{
	int fd = open_file(name);

	if (fd < 0 || (name && !enter(fd))) {
		*error = enter_error(name);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	*cookie = cookie_here();
	if (name)
		leave();
	if (*cookie)
		return fd;
	*error = xasprintf("network namespace %s has no cookie: the kernel is older than 5.14",
			   netns_label(name));
	close(fd);
	return -1;
}

static bool open_channels(struct netns *ns, char **error)
{
	unsigned int i;

	ns->control = channel_open(error);
	if (!ns->control)
		return false;
	ns->live = channel_open(error);
	for (i = 0; ns->live && i < ns->workers; i++) {
		ns->worker[i] = channel_open(error);
		if (!ns->worker[i])
			return false;
	}
	return ns->live != NULL;
}

static struct netns *find(uint64_t cookie)
{
	struct netns *ns;

	for (ns = all; ns; ns = ns->next)
		if (ns->cookie == cookie)
			return ns;
	return NULL;
}

struct netns *netns_open(const char *name, unsigned int workers, char **error)
{
	struct netns *ns;
	uint64_t cookie;
	bool good;
	int fd;

	fd = netns_file(name, &cookie, error);
	if (fd < 0)
		return NULL;
	ns = find(cookie);
	if (ns) {
		close(fd);
		return netns_get(ns);
	}
	ns = xcalloc(1, sizeof(*ns));
	atomic_init(&ns->refs, 2);	/* the caller's and the list's */
	ns->name = xstrdup(name);
	ns->fd = fd;
	ns->cookie = cookie;
	ns->workers = workers;
	ns->worker = xcalloc(workers, sizeof(*ns->worker));
	if (!netns_enter(ns)) {
		*error = enter_error(name);
		good = false;
	} else {
		good = open_channels(ns, error);
		netns_leave(ns);
	}
	if (!good) {
		atomic_store(&ns->refs, 1);
		netns_put(ns);
		return NULL;
	}
	ns->next = all;
	all = ns;
	return ns;
}

struct netns *netns_get(struct netns *ns)
{
	atomic_fetch_add_explicit(&ns->refs, 1, memory_order_relaxed);
	return ns;
}

void netns_put(struct netns *ns)
{
	unsigned int i;

	if (!ns || atomic_fetch_sub(&ns->refs, 1) > 1)
		return;
	for (i = 0; i < ns->workers; i++)
		channel_close(ns->worker[i]);
	channel_close(ns->live);
	channel_close(ns->control);
	steer_close(ns->steer);
	close(ns->fd);
	free(ns->worker);
	free(ns->name);
	free(ns);
}

/*
 * A count of 1 is the list's own: only the main thread takes references from
 * the list, so nobody can take one meanwhile.
 */
void netns_sweep(void)
{
	struct netns **link = &all;

	while (*link) {
		struct netns *ns = *link;

		if (atomic_load(&ns->refs) > 1) {
			link = &ns->next;
			continue;
		}
		*link = ns->next;
		netns_put(ns);
	}
}
