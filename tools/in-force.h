/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What ktlsgated has in force, from the state file that it writes: profile,
 * versions, certificates, who may pass. The kernel knows none of it.
 */
#ifndef KTLSGATE_IN_FORCE_H
#define KTLSGATE_IN_FORCE_H

#include <stdint.h>

#include "out.h"

/* KTLSGATED_STATE in the environment names another one. */
#define IN_FORCE_FILE "/run/ktlsgated/gates.json"

struct in_force;

/*
 * NULL when no helper runs that wrote one, when it is not for us to read (that
 * of refusals is for root only), or after a complaint.
 */
struct in_force *in_force_open(const char *what);
struct in_force *in_force_open_refusals(const char *what);
void in_force_close(struct in_force *state);

/* Of one gate of this network namespace, to the record that is open. */
void in_force_print(struct in_force *state, struct out *o, const char *gate);

/* From the file of refusals: who was refused there for his name, how often. */
void in_force_print_refusals(struct in_force *state, struct out *o,
			     const char *gate);

#endif
