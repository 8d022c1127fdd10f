/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What accept() in the agent calls the peer of a relayed connection: the
 * client, and not the helper's end on loopback. See bpf/peername.bpf.c.
 */
#ifndef KTLSGATED_PEERNAME_H
#define KTLSGATED_PEERNAME_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"

/*
 * Loads the programs and attaches them to the helper's own cgroup, until it
 * ends. Main thread; again after a success does nothing. NULL, or what is in
 * the way (to be freed).
 */
char *peername_open(void);

/*
 * Names the peer of @fd, a connection that this process accepted. False when
 * the kernel does not say so afterwards: such a connection must not reach the
 * agent, which would take its client for a local one.
 */
bool peername_set(int fd, const struct address *peer, uint16_t port);

#endif
