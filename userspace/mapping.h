/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the DN of a certificate to the principal: Kafka's
 * ssl.principal.mapping.rules, or a regular expression with one capture, as
 * WarpStream has it. Immutable once compiled, used by all workers.
 */
#ifndef KTLSGATED_MAPPING_H
#define KTLSGATED_MAPPING_H

struct mapping;

/* NULL and a sentence to be freed. Exactly one of the two is given. */
struct mapping *mapping_new(const char *rules, const char *regex, char **error);
void mapping_free(struct mapping *mapping);

/*
 * The principal, to be freed; or NULL and a sentence, when no rule applies or
 * a rule takes too long: no certificate may hold up a worker.
 */
char *mapping_apply(const struct mapping *mapping, const char *dn,
		    char **error);

#endif
