// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "dn.h"
#include "validity.h"

/* A certificate that ends within so many days is warned of. */
#define WARN_DAYS 14

void cert_time_print(const ASN1_TIME *when, char out[CERT_TIME_TEXT])
{
	struct tm tm;

	if (!ASN1_TIME_to_tm(when, &tm) ||
	    !strftime(out, CERT_TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm))
		snprintf(out, CERT_TIME_TEXT, "an unreadable date");
}

/* What is refused today may be good when its time has come. */
static void note_begin(const ASN1_TIME *from, struct report *report)
{
	struct tm tm;
	time_t when;

	if (!ASN1_TIME_to_tm(from, &tm))
		return;
	when = timegm(&tm);
	if (when > report->good_at)
		report->good_at = when;
}

void validity_check(X509 *certificate, const struct place *place,
		    enum severity severity, struct report *report)
{
	const ASN1_TIME *until = X509_get0_notAfter(certificate);
	const ASN1_TIME *from = X509_get0_notBefore(certificate);
	time_t soon = time(NULL) + WARN_DAYS * 86400;
	char *subject = dn_print(X509_get_subject_name(certificate));
	char when[CERT_TIME_TEXT];
	int days, seconds;

	if (X509_cmp_current_time(until) < 0) {
		cert_time_print(until, when);
		report_add(report, severity, place,
			   "certificate %s expired on %s", subject, when);
	} else if (X509_cmp_current_time(from) > 0) {
		cert_time_print(from, when);
		report_add(report, severity, place,
			   "certificate %s is not valid before %s", subject,
			   when);
		if (severity == SEVERITY_ERROR)
			note_begin(from, report);
	} else if (X509_cmp_time(until, &soon) < 0 &&
		   ASN1_TIME_diff(&days, &seconds, NULL, until)) {
		report_add(report, SEVERITY_WARNING, place,
			   "certificate %s ends in %d days", subject, days);
	}
	free(subject);
}
