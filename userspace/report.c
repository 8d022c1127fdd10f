// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "mem.h"
#include "report.h"

const char *severity_name(enum severity severity)
{
	static const char *const names[] = {
		[SEVERITY_INFO] = "info", [SEVERITY_WARNING] = "warning",
		[SEVERITY_ERROR] = "error",
	};

	return names[severity];
}

void report_add(struct report *report, enum severity severity,
		const struct place *place, const char *format, ...)
{
	struct finding *finding;
	va_list args;

	report->findings = xrealloc(report->findings, report->count + 1,
				    sizeof(*report->findings));
	finding = &report->findings[report->count++];
	memset(finding, 0, sizeof(*finding));
	finding->severity = severity;
	if (place) {
		finding->gate = xstrdup(place->gate);
		finding->key = xstrdup(place->key);
		finding->line = place->line;
	}
	va_start(args, format);
	finding->text = xvasprintf(format, args);
	va_end(args);
	if (severity == SEVERITY_ERROR)
		report->errors++;
	else if (severity == SEVERITY_WARNING)
		report->warnings++;
}

char *report_line(const struct report *report, const struct finding *finding)
{
	bool error = finding->severity == SEVERITY_ERROR;
	char where[32] = "";

	if (finding->line)
		snprintf(where, sizeof(where), ":%d", finding->line);
	return xasprintf("%s%s: %s%s%s%s%s", report->file, where,
			 finding->key ? finding->key : "",
			 finding->key ? ": " : "",
			 error ? "" : severity_name(finding->severity),
			 error ? "" : ": ", finding->text);
}

void report_log(const struct report *report)
{
	static const int levels[] = {
		[SEVERITY_INFO] = LOG_INFO, [SEVERITY_WARNING] = LOG_WARNING,
		[SEVERITY_ERROR] = LOG_ERR,
	};
	size_t i;

	for (i = 0; i < report->count; i++) {
		const struct finding *finding = &report->findings[i];
		struct log_fields fields = { .gate = finding->gate };
		char *line = report_line(report, finding);

		log_with(levels[finding->severity], &fields, "%s", line);
		free(line);
	}
}

void report_free(struct report *report)
{
	size_t i;

	for (i = 0; i < report->count; i++) {
		free(report->findings[i].gate);
		free(report->findings[i].key);
		free(report->findings[i].text);
	}
	free(report->findings);
	report->findings = NULL;
	report->count = 0;
	report->errors = 0;
	report->warnings = 0;
	report->good_at = 0;
}
