/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a check found: sentences with a file, a line and a key, collected so
 * that all of them are told at once and not only the first.
 */
#ifndef KTLSGATED_REPORT_H
#define KTLSGATED_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

enum severity {
	SEVERITY_INFO,		/* worth knowing, nothing to do */
	SEVERITY_WARNING,	/* works, but should be looked at */
	SEVERITY_ERROR,		/* refused */
};

struct finding {
	enum severity severity;
	char *gate;		/* name of the gate, or NULL */
	char *key;		/* configuration key, or NULL */
	char *text;
	int line;		/* of the configuration, 0 when there is none */
};

struct report {
	const char *file;	/* the configuration; outlives the report */
	struct finding *findings;
	size_t count;
	size_t errors;
	size_t warnings;
	time_t good_at;		/* when a certificate that is not valid yet
				 * will be, 0: nothing ends by itself
				 */
};

/* Where a finding belongs; any member may be 0 or NULL. */
struct place {
	const char *gate;
	const char *key;
	int line;
};

const char *severity_name(enum severity severity);

void report_add(struct report *report, enum severity severity,
		const struct place *place, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* One line, "FILE:LINE: KEY: text", to be freed by the caller. */
char *report_line(const struct report *report, const struct finding *finding);

void report_log(const struct report *report);
void report_free(struct report *report);

#endif
