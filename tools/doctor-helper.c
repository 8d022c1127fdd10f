// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "doctor.h"
#include "process.h"
#include "util.h"

#define OPENSSL_MAJOR	3	/* 3.2 is the first that hands over TLS 1.3's */
#define OPENSSL_MINOR	2	/* receiving keys to kTLS */

#define RUN_SECONDS	20
#define WARN_DAYS	14
#define DAY		(24 * 60 * 60)

/* Find "OpenSSL 3.5.1" in the output of a program. */
static bool find_openssl(const char *const argv[], char version[32])
{
	struct process_result result;
	const char *at;
	size_t len;

	process_run(argv, false, RUN_SECONDS, &result);
	at = strstr(result.output, "OpenSSL ");
	if (at) {
		at += strlen("OpenSSL ");
		len = strspn(at, "0123456789.");
		snprintf(version, 32, "%.*s", (int)(len < 31 ? len : 31), at);
	}
	free(result.output);
	return at;
}

static void check_openssl(struct doctor *d)
{
	static const char *const helper[] = { "ktlsgated", "--version", NULL };
	static const char *const openssl[] = { "openssl", "version", NULL };
	unsigned int major = 0, minor = 0;
	char version[32];

	if (!find_openssl(helper, version) && !find_openssl(openssl, version)) {
		doctor_say(d, DOCTOR_INFO, "openssl", NULL,
			   "OpenSSL's version not checked: neither ktlsgated --version nor openssl version tells it");
		return;
	}
	sscanf(version, "%u.%u", &major, &minor);
	if (major < OPENSSL_MAJOR ||
	    (major == OPENSSL_MAJOR && minor < OPENSSL_MINOR))
		doctor_say(d, DOCTOR_FAIL, "openssl",
			   "install OpenSSL 3.2 or later, Debian 13 has it",
			   "OpenSSL %s cannot give both directions of TLS 1.3 to the kernel",
			   version);
	else
		doctor_say(d, DOCTOR_OK, "openssl", NULL, "OpenSSL %s",
			   version);
}

/* The pid of a running ktlsgated, 0 if there is none. */
static int find_helper(void)
{
	struct dirent *entry;
	char *path, *comm;
	DIR *proc = opendir("/proc");
	int pid = 0;

	while (proc && !pid && (entry = readdir(proc))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		path = xasprintf("/proc/%s/comm", entry->d_name);
		comm = read_line(path);
		if (comm && !strcmp(comm, "ktlsgated"))
			pid = atoi(entry->d_name);
		free(comm);
		free(path);
	}
	if (proc)
		closedir(proc);
	return pid;
}

static void check_running(struct doctor *d)
{
	static const char *const argv[] = {
		"systemctl", "is-active", "ktlsgated.service", NULL
	};
	struct process_result result;

	d->helper_pid = find_helper();
	if (d->helper_pid) {
		doctor_say(d, DOCTOR_OK, "helper", NULL,
			   "ktlsgated runs, process %d", d->helper_pid);
		return;
	}
	process_run(argv, false, RUN_SECONDS, &result);
	result.output[strcspn(result.output, "\n")] = '\0';
	doctor_say(d, DOCTOR_FAIL, "helper",
		   !strcmp(result.output, "failed") ?
		   "journalctl -u ktlsgated tells why, then systemctl start ktlsgated" :
		   "systemctl enable --now ktlsgated",
		   "ktlsgated does not run%s%s: new clients are dropped, live connections go on",
		   result.output[0] ? ", its unit is " : "", result.output);
	free(result.output);
}

void doctor_helper(struct doctor *d)
{
	check_openssl(d);
	check_running(d);
}

/* Errors or warnings of ktlsgated --check, told in its own words. */
static size_t tell_findings(struct doctor *d, const char *key,
			    enum doctor_level level, const char *action)
{
	struct json_object *list, *j;
	const char *file, *member, *message;
	size_t i, count;
	char *line;

	if (!json_object_object_get_ex(d->checked, key, &list) ||
	    !json_object_is_type(list, json_type_array))
		return 0;
	count = json_object_array_length(list);
	for (i = 0; i < count; i++) {
		j = json_object_array_get_idx(list, i);
		file = json_string(j, "file");
		member = json_string(j, "key");
		message = json_string(j, "message");
		line = json_number(j, "line") ?
		       xasprintf(":%d", (int)json_number(j, "line")) :
		       xstrdup("");
		doctor_say(d, level, "config", action, "%s%s: %s%s%s",
			   file ?: d->config, line, member ?: "",
			   member ? ": " : "", message ?: "wrong");
		free(line);
	}
	return count;
}

struct json_object *doctor_config_gates(const struct doctor *d)
{
	struct json_object *gates;

	if (!d->checked ||
	    !json_object_object_get_ex(d->checked, "gates", &gates) ||
	    !json_object_is_type(gates, json_type_array))
		return NULL;
	return gates;
}

/* Seconds since the epoch from "2026-11-22T10:04:11Z"; 0 if it is not that. */
static time_t parse_time(const char *text)
{
	struct tm tm = { 0 };
	char *end;

	if (!text)
		return 0;
	end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (!end || strcmp(end, "Z"))
		return 0;
	return timegm(&tm);
}

static void check_certificate(struct doctor *d, const char *gate,
			      struct json_object *cert)
{
	const char *subject = json_string(cert, "subject") ?: "";
	const char *file = json_string(cert, "file") ?: "its file";
	time_t from = parse_time(json_string(cert, "not_before"));
	time_t until = parse_time(json_string(cert, "not_after"));
	time_t now = time(NULL);
	long days = (until - now) / DAY;
	char *action;

	if (!until) {
		doctor_say(d, DOCTOR_INFO, "certificate", NULL,
			   "gate %s: dates of its certificate not checked: ktlsgated did not tell them",
			   gate);
		return;
	}
	action = xasprintf("replace %s, then systemctl reload ktlsgated", file);
	if (until < now)
		doctor_say(d, DOCTOR_FAIL, "certificate", action,
			   "gate %s: certificate %s has expired on %s",
			   gate, subject, json_string(cert, "not_after"));
	else if (from > now)
		doctor_say(d, DOCTOR_FAIL, "certificate", action,
			   "gate %s: certificate %s is not valid before %s",
			   gate, subject, json_string(cert, "not_before"));
	else if (days < WARN_DAYS)
		doctor_say(d, DOCTOR_WARN, "certificate", action,
			   "gate %s: certificate %s ends in %ld day%s",
			   gate, subject, days, days == 1 ? "" : "s");
	else
		doctor_say(d, DOCTOR_OK, "certificate", NULL,
			   "gate %s: certificate %s ends in %ld days", gate,
			   subject, days);
	free(action);
}

static void check_key(struct doctor *d, const char *gate,
		      struct json_object *cert)
{
	struct json_object *matches;

	if (!json_object_object_get_ex(cert, "key_matches", &matches) ||
	    json_object_get_boolean(matches))
		return;
	doctor_say(d, DOCTOR_FAIL, "key",
		   "install the private key that belongs to the certificate, then systemctl reload ktlsgated",
		   "gate %s: its private key does not match certificate %s",
		   gate, json_string(cert, "subject") ?: "");
}

static void check_certificates(struct doctor *d)
{
	struct json_object *gates = doctor_config_gates(d), *gate, *cert;
	size_t i;

	for (i = 0; gates && i < json_object_array_length(gates); i++) {
		gate = json_object_array_get_idx(gates, i);
		if (!json_object_object_get_ex(gate, "certificate", &cert) ||
		    !json_object_is_type(cert, json_type_object))
			continue;
		check_certificate(d, json_string(gate, "name") ?: "?", cert);
		check_key(d, json_string(gate, "name") ?: "?", cert);
	}
}

void doctor_config(struct doctor *d)
{
	const char *const argv[] = {
		"ktlsgated", "--check", "--json", d->config, NULL
	};
	struct process_result result;
	struct json_object *gates;

	process_run(argv, false, RUN_SECONDS, &result);
	if (result.error == ENOENT) {
		doctor_say(d, DOCTOR_FAIL, "config", "make install",
			   "ktlsgated is not installed, the configuration was not checked");
		goto out;
	}
	d->checked = json_tokener_parse(result.output);
	if (result.error || !d->checked ||
	    !json_object_is_type(d->checked, json_type_object)) {
		json_object_put(d->checked);
		d->checked = NULL;
		doctor_say(d, DOCTOR_FAIL, "config",
			   "run it by hand to see why",
			   "ktlsgated --check %s gave no answer: %s",
			   d->config, result.error ? strerror(result.error) :
			   "its output is not JSON");
		goto out;
	}
	tell_findings(d, "warnings", DOCTOR_WARN, "look at it");
	if (tell_findings(d, "errors", DOCTOR_FAIL,
			  "correct it, then systemctl reload ktlsgated") ||
	    !json_true(d->checked, "ok"))
		goto certificates;
	gates = doctor_config_gates(d);
	doctor_say(d, DOCTOR_OK, "config", NULL,
		   "configuration %s is valid, gates: %zu", d->config,
		   gates ? json_object_array_length(gates) : 0);
certificates:
	check_certificates(d);
out:
	free(result.output);
}
