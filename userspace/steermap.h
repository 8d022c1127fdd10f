/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is in the steering maps; see bpf/steer.h for their meaning. */
#ifndef KTLSGATED_STEERMAP_H
#define KTLSGATED_STEERMAP_H

#include "../bpf/steer.h"
#include "steer.h"

struct steer_maps {	/* file descriptors */
	int gates;
	int exempt;
	int sockets;
	int buckets;
	int crowded;
	int stats;
};

bool steer_maps_set(const struct steer_maps *maps, const struct steered *gate,
		    char **error);
/* The gate's number in the maps; -1: it is not there. */
int steer_maps_id(const struct steer_maps *maps,
		  const struct gate_config *gate);
bool steer_maps_counts(const struct steer_maps *maps,
		       const struct gate_config *gate, struct steer_stats *out);
/* Who was crowded for a helper before this one is not for this one. */
void steer_maps_forget_crowded(const struct steer_maps *maps);
void steer_maps_keep(const struct steer_maps *maps, const struct steered *gates,
		     size_t count);

#endif
