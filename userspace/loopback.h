/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP connections of the helper with itself. */
#ifndef KTLSGATED_LOOPBACK_H
#define KTLSGATED_LOOPBACK_H

#include <stdbool.h>

/* What the sockets are and speak; MAPPED: AF_INET6 ones that speak IPv4. */
enum loopback { LOOPBACK_IPV4, LOOPBACK_IPV6, LOOPBACK_MAPPED };

/*
 * Connects the two in the network namespace of the calling thread: ends[0] was
 * accepted, ends[1] connected, and nobody else came in between. False and
 * errno, ends are -1 then.
 */
bool loopback_pair(enum loopback kind, int ends[2]);

#endif
