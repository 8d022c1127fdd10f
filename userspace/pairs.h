/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A gate's pairs of certificate and key, as the configuration names them. */
#ifndef KTLSGATED_PAIRS_H
#define KTLSGATED_PAIRS_H

#include "config.h"
#include "schema.h"

/* Reads the list of those after the first into a struct gate_config. */
void pairs_read(struct schema_reader *reader, yaml_node_t *node,
		const struct schema_key *key, void *out);

/* Once the gate's keys were read, of which the first pair is made. */
void pairs_complete(struct gate_config *gate, struct report *report);
void pairs_free(struct gate_config *gate);

#endif
