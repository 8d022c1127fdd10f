/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line in iproute2's manner: words, then "keyword value" pairs.
 * Keywords are exact; an abbreviation would change its meaning when the next
 * keyword is added.
 */
#ifndef KTLSGATE_ARGS_H
#define KTLSGATE_ARGS_H

#include <stdbool.h>
#include <stdint.h>

struct options {
	bool json;
	bool pretty;
	bool stats;
};

struct args {
	const struct options *options;
	const char *command;	/* "gate add", for complaints; NULL: none yet */
	char **arg;		/* what is left, ends with NULL */
};

/* The next word, NULL at the end. */
const char *args_next(struct args *a);

/* Take the next word if it is this one. */
bool args_take(struct args *a, const char *word);

/* The value of a keyword that was just read; NULL after a complaint. */
const char *args_value(struct args *a, const char *keyword);

/* Complain about a word that is none of those that may stand here. */
int args_unknown(const struct args *a, const char *word, const char *known);

/* True if nothing is left, a complaint otherwise. */
bool args_end(struct args *a);

/* keyword's number; false after a complaint */
bool args_u32(struct args *a, const char *keyword, uint32_t min, uint32_t max,
	      uint32_t *value);

#endif
