/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gates in force, and how they become others: a configuration is first
 * made ready whole, which may fail and then changes nothing, and then put in
 * force gate by gate. Main thread only.
 */
#ifndef KTLSGATED_REGISTRY_H
#define KTLSGATED_REGISTRY_H

#include "worker.h"

struct registry;

struct registry *registry_new(struct worker **workers, unsigned int count,
			      unsigned int ciphers);

/* False when the report got an error; what was in force still is. */
bool registry_apply(struct registry *registry, struct config *config,
		    enum severity dates, struct report *report);

/*
 * Looks at agents and kernel: steers to the kind of socket that the agent has
 * now, and registers what the kernel lost. To be called once a second.
 */
void registry_watch(struct registry *registry);

/* The gates in force, to be put by the caller. */
struct json_object *registry_describe(const struct registry *registry);

/* Who was refused at each of them; NULL when that was told before. */
struct json_object *registry_refusals(struct registry *registry);
/* It could not be told to anybody: it is given once more. */
void registry_refusals_untold(struct registry *registry);

size_t registry_count(const struct registry *registry);
void registry_free(struct registry *registry);

#endif
