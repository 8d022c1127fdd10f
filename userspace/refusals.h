/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who was refused at a gate for his name, and how often: clients whose
 * certificate verified, so that nobody else can fill the table. It goes on
 * through reloads for as long as the gate is there.
 */
#ifndef KTLSGATED_REFUSALS_H
#define KTLSGATED_REFUSALS_H

#include <stdint.h>

#include <json-c/json.h>

struct refusals;

struct refusals *refusals_new(void);
struct refusals *refusals_get(struct refusals *refusals);
void refusals_put(struct refusals *refusals);

/* By any thread. Of more than 1000 names, those that come later are one. */
void refusals_count(struct refusals *refusals, const char *principal);

/* A number that is another one after each refusal. */
unsigned int refusals_version(struct refusals *refusals);

/*
 * With "refused-principals", the most often refused first, and "others"; to be
 * put by the caller.
 */
struct json_object *refusals_describe(struct refusals *refusals,
				      const char *gate, uint64_t netns_cookie);

#endif
