/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages: to the journal with fields when stderr is the journal, otherwise
 * as lines on stderr. Levels are those of syslog.
 */
#ifndef KTLSGATED_LOG_H
#define KTLSGATED_LOG_H

#include <syslog.h>

/* Fields of a journal entry; any may be NULL. */
struct log_fields {
	const char *gate;	/* GATE= */
	const char *peer;	/* PEER= address and port */
	const char *reason;	/* REASON= name of the refusal */
	const char *principal;	/* PRINCIPAL= */
};

void log_open(void);
void log_set_level(int level);	/* LOG_ERR .. LOG_DEBUG */
int log_level(void);

void log_msg(int level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void log_with(int level, const struct log_fields *fields,
	      const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
