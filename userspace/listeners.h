/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The listening sockets of a gate: for each worker one per address family.
 * Owned by the main thread; workers use a socket between being told of it and
 * having confirmed that they forgot it.
 */
#ifndef KTLSGATED_LISTENERS_H
#define KTLSGATED_LISTENERS_H

#include <stdbool.h>

#include "config.h"
#include "netns.h"

enum listen_mode {
	/* Steered: bound to loopback, on ports that nobody knows. */
	LISTEN_STEERED,
	/* On listen-port, as the agent's own sockets are: a connection can
	 * only be handed to a listener of its family.
	 */
	LISTEN_DUAL_STACK,
	LISTEN_IPV4,
	LISTEN_BOTH,
};

struct listeners {
	enum listen_mode mode;
	char *gate;			/* its name, of a socket unit's too */
	char *label;			/* in the fd store */
	unsigned int port;		/* 0 when steered */
	struct address address;		/* as well */
	unsigned int workers;
	int *ipv4;			/* -1 where there is none */
	int *ipv6;
	bool has_ipv6;
};

/* The mode that fits an agent which listens so (KTLSGATE_LISTENER_...). */
enum listen_mode listeners_mode(const struct gate_config *gate,
				unsigned int listener);

/* NULL and a sentence to be freed. */
struct listeners *listeners_open(const struct gate_config *gate,
				 const struct netns *ns, enum listen_mode mode,
				 unsigned int workers, char **error);
bool listeners_fit(const struct listeners *listeners,
		   const struct gate_config *gate, enum listen_mode mode);

/* systemd may keep them on. */
void listeners_close(struct listeners *listeners);
/* Nobody needs them any more. */
void listeners_forget(struct listeners *listeners);

#endif
