/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state file: the gates in force, as JSON, for ktlsgate gate show and for
 * whoever else may read it. There is nothing secret in it.
 */
#ifndef KTLSGATED_STATE_H
#define KTLSGATED_STATE_H

#include <stdbool.h>

#include <json-c/json.h>

/* KTLSGATED_STATE in the environment names another one. */
#define STATE_FILE "/run/ktlsgated/gates.json"

/*
 * Replaces it in one step. False when it could not, to be tried again: the first
 * failure is logged, and when it is over. Puts @gates.
 */
bool state_write(struct json_object *gates);
/* The same for who was refused, in refusals.json beside it, for root only. */
bool state_write_refusals(struct json_object *gates);
void state_remove(void);

#endif
