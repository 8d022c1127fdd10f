/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KTLSGATE_NETNS_H
#define KTLSGATE_NETNS_H

#include <stdbool.h>
#include <stdint.h>

/* The kernel's number for the network namespace that we are in. */
bool netns_cookie(uint64_t *cookie);

#endif
