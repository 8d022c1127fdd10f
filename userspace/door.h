/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A gate in force, or about to be, with what it has open: how the kernel gets
 * to know it and how clients are steered to it. Main thread only.
 */
#ifndef KTLSGATED_DOOR_H
#define KTLSGATED_DOOR_H

#include <stdbool.h>

#include "drops.h"
#include "gate.h"
#include "listeners.h"
#include "netns.h"
#include "steer.h"

struct door {
	struct netns *ns;
	struct gate *gate;
	struct listeners *listeners;
	bool new_listeners;	/* opened for this configuration */
	bool registered;	/* the kernel knows it */
	bool told;		/* that the kernel refuses it */
	unsigned int listener;	/* of the agent, as last seen */
	struct drops drops;
};

const char *door_name(const struct door *door);

/*
 * Makes the kernel's gate what the configuration says. That it refuses is
 * logged once.
 */
void door_register(struct door *door);

/* Steering begins with the right family, not only after the first second. */
void door_look(struct door *door);
void door_log_agent(const struct door *door);

/* Of a gate that is steered; it points into the door. */
struct steered door_steered(const struct door *door);
void door_steer(struct door *door);
/* Once all gates are: what comes with it into force must be complete. */
void door_attach(struct door *door);

/* Each second: tells what the log left out, and what steering dropped. */
void door_tell(struct door *door);

/* The sockets are forgotten only with @listeners: others may have them. */
void door_drop(struct door *door, bool listeners);

#endif
