/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who may pass a gate: its lists of Kafka principals, "User:name", or
 * "User:beginning*"; a '*' of the name itself is "\*". Whoever is denied may
 * not; where there is a list of who is allowed, nobody else may.
 */
#ifndef KTLSGATED_ADMISSION_H
#define KTLSGATED_ADMISSION_H

#include <stdbool.h>

#include "config.h"

struct admission;

/* NULL, or why this is no entry of such a list; not to be freed. */
const char *admission_check(const char *entry);

/* Of entries that were checked; points into @cfg. */
struct admission *admission_new(const struct gate_config *cfg);
void admission_free(struct admission *admission);

/*
 * NULL when the client may pass, or a sentence to be freed. One that showed
 * no certificate is @anonymous: "User:ANONYMOUS" and "User:*" are it, and no
 * other beginning.
 */
char *admission_refuses(const struct admission *admission,
			const char *principal, bool anonymous);

#endif
