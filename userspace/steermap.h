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
};

bool steer_maps_set(const struct steer_maps *maps, const struct steered *gate,
		    char **error);
void steer_maps_keep(const struct steer_maps *maps, const struct steered *gates,
		     size_t count);

#endif
