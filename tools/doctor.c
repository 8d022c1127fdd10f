// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "args.h"
#include "commands.h"
#include "doctor.h"
#include "util.h"

enum {
	DOCTOR_EXIT_WELL	= 0,
	DOCTOR_EXIT_WARNING	= 1,
	DOCTOR_EXIT_FAILURE	= 2,
};

static const struct {
	const char *shown;
	const char *exact;
} levels[] = {
	[DOCTOR_OK]	= { "ok   ", "ok" },
	[DOCTOR_INFO]	= { "info ", "info" },
	[DOCTOR_WARN]	= { "WARN ", "warn" },
	[DOCTOR_FAIL]	= { "FAIL ", "fail" },
};

void doctor_say(struct doctor *d, enum doctor_level level, const char *check,
		const char *action, const char *fmt, ...)
{
	char *sentence, *whole;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&sentence, fmt, ap) < 0)
		sentence = xstrdup("out of memory");
	va_end(ap);
	whole = action ? xasprintf("%s: %s", sentence, action) :
			 xstrdup(sentence);

	d->warnings += level == DOCTOR_WARN;
	d->failures += level == DOCTOR_FAIL;
	out_record(d->o);
	out_both(d->o, OUT_COLUMN, "level", NULL, levels[level].shown,
		 levels[level].exact);
	out_string(d->o, OUT_HIDDEN, "check", NULL, check);
	out_both(d->o, OUT_COLUMN, "message", NULL, whole, sentence);
	if (action)
		out_string(d->o, OUT_HIDDEN, "action", NULL, action);
	out_record_end(d->o);
	free(sentence);
	free(whole);
}

static void count_text(struct doctor *d)
{
	char *text;

	if (!d->failures && !d->warnings)
		text = xstrdup("all is well");
	else
		text = xasprintf("%u failed, %u warning%s", d->failures,
				 d->warnings, d->warnings == 1 ? "" : "s");
	out_record(d->o);
	out_string(d->o, OUT_COLUMN, NULL, NULL, text);
	out_record_end(d->o);
	free(text);
}

int doctor_command(struct args *a)
{
	struct doctor d = { .config = DOCTOR_CONFIG };
	bool ok;

	a->command = "doctor";
	if (*a->arg)
		d.config = args_next(a);
	if (!args_end(a))
		return EXIT_USAGE;
	d.o = out_new(stdout, a->options->json, a->options->pretty);
	if (a->options->json)
		out_table(d.o, "findings");
	else
		out_lines(d.o);

	if (geteuid())
		doctor_say(&d, DOCTOR_WARN, "privilege", "run it as root",
			   "without privileges some checks cannot be made");
	doctor_kernel(&d);
	doctor_crypto(&d);
	doctor_network(&d);
	doctor_helper(&d);
	doctor_config(&d);
	doctor_gates(&d);
	doctor_steering(&d);

	if (a->options->json) {
		out_number(d.o, OUT_HIDDEN, "failed", NULL, d.failures);
		out_number(d.o, OUT_HIDDEN, "warnings", NULL, d.warnings);
	} else {
		count_text(&d);
	}
	gate_list_free(&d.kernel_gates);
	json_object_put(d.checked);
	ok = out_finish(d.o);
	if (d.failures || !ok)
		return DOCTOR_EXIT_FAILURE;
	return d.warnings ? DOCTOR_EXIT_WARNING : DOCTOR_EXIT_WELL;
}
