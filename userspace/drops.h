/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections that steering dropped because of a limit: no worker has seen
 * them, so the log gets a line for all of them, at most every 10 seconds. Main
 * thread only.
 */
#ifndef KTLSGATED_DROPS_H
#define KTLSGATED_DROPS_H

#include <stdbool.h>
#include <stdint.h>

#include "../bpf/steer.h"
#include "config.h"
#include "steer.h"

struct drops {
	bool begun;
	struct steer_stats told;
	uint64_t quiet_until;
};

void drops_tell(struct drops *drops, struct steer *steer,
		const struct gate_config *gate);

#endif
