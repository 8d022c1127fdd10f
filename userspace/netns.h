/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A network namespace that has gates, and what the helper keeps open in it: a
 * netlink channel for the main thread and for each worker, and the steering.
 */
#ifndef KTLSGATED_NETNS_H
#define KTLSGATED_NETNS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct channel;
struct steer;

struct netns {
	atomic_int refs;
	struct netns *next;	/* of the list of those open */
	char *name;		/* as configured, NULL: the helper's own */
	int fd;
	uint64_t cookie;	/* SO_NETNS_COOKIE, never used twice */
	struct channel *control;	/* the main thread's */
	struct channel *live;		/* of the thread in live.c */
	struct channel **worker;	/* one for each worker */
	unsigned int workers;
	struct steer *steer;	/* NULL until a gate is steered */
};

/*
 * The namespace @name (of /run/netns, or a path; NULL: the helper's own), with
 * a reference. Main thread only. NULL and a sentence to be freed when it
 * cannot be entered.
 */
struct netns *netns_open(const char *name, unsigned int workers, char **error);
struct netns *netns_get(struct netns *ns);
void netns_put(struct netns *ns);	/* any thread */

/* Closes those that no gate is in any more. Main thread only. */
void netns_sweep(void);

/* Between the two, sockets of the calling thread are made inside @ns. */
bool netns_enter(const struct netns *ns);
void netns_leave(const struct netns *ns);

/* Only the file and the cookie, to detach steering; -1 and a sentence. */
int netns_file(const char *name, uint64_t *cookie, char **error);

const char *netns_label(const char *name);	/* for messages */

#endif
