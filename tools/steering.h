/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steering maps of this network namespace, where ktlsgated pinned them.
 */
#ifndef KTLSGATE_STEERING_H
#define KTLSGATE_STEERING_H

#include <stdbool.h>
#include <stdint.h>

#include "gate.h"
#include "steer.h"

/* Where the pins are, to be freed; NULL and errno. */
char *steering_dir(void);
/* A file descriptor, or -1 and errno. */
int steering_pin(const char *dir, const char *name);

/* The key of a gate's address, of 0, 4 or 16 bytes, and port. */
void steering_key(const uint8_t *address, size_t len, uint32_t port,
		  struct steer_key *key);

/*
 * What steering did with connections to the gate. False when it is not steered,
 * or not for us to look at.
 */
bool steering_counts(const struct gate *gate, struct steer_stats *sum);

#endif
