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
		   "ktlsgated does not run%s%s: new clients are refused, live connections go on",
		   result.output[0] ? ", its unit is " : "", result.output);
	free(result.output);
}

void doctor_helper(struct doctor *d)
{
	check_openssl(d);
	check_running(d);
}

/* What to do about a finding, by the key of the configuration it concerns. */
static const struct {
	const char *key;
	const char *action;
} config_actions[] = {
	{ "certificate",
	  "replace the file, then systemctl reload ktlsgated, connections go on" },
	{ "private-key",
	  "install the key that belongs to the certificate, for root alone, then systemctl reload ktlsgated" },
	{ "passphrase-file",
	  "correct the file, for root alone, it is read by itself when it changes" },
	{ "client-ca",
	  "name the file or folder of your own CAs as client-ca, then systemctl reload ktlsgated, connections go on" },
	{ "tls-profile",
	  "set relay: true or false in this gate, then systemctl reload ktlsgated" },
};

static const char *config_action(const char *key)
{
	size_t i;

	for (i = 0; key && i < ARRAY_SIZE(config_actions); i++)
		if (!strcmp(config_actions[i].key, key))
			return config_actions[i].action;
	return "correct the file, then systemctl reload ktlsgated";
}

static enum doctor_level finding_level(const char *severity)
{
	if (!strcmp(severity, "error"))
		return DOCTOR_FAIL;
	return strcmp(severity, "info") ? DOCTOR_WARN : DOCTOR_INFO;
}

/* A finding of ktlsgated --check, told in its own words. */
static void tell_finding(struct doctor *d, struct json_object *finding)
{
	const char *severity = json_string(finding, "severity") ?: "";
	const char *gate = json_string(finding, "gate");
	const char *key = json_string(finding, "key");
	const char *text = json_string(finding, "text") ?: "it is wrong";
	enum doctor_level level = finding_level(severity);
	int line = json_number(finding, "line");
	char *where;

	where = line ? xasprintf("%s:%d", d->config, line) :
		       xstrdup(d->config);
	doctor_say(d, level, "config",
		   level == DOCTOR_INFO ? NULL : config_action(key),
		   "%s%s%s: %s%s%s",
		   gate ? "gate " : "", gate ?: "", gate ? "" : where,
		   text, gate ? ", " : "", gate ? where : "");
	free(where);
}

struct json_object *doctor_config_gates(const struct doctor *d)
{
	return d->checked ? json_array(d->checked, "gates") : NULL;
}

/* What is wrong with a certificate is among the findings. */
static void tell_certificate(struct doctor *d, const char *gate,
			     struct json_object *certificate)
{
	struct json_object *chain = json_array(certificate, "chain");
	size_t others = chain ? json_object_array_length(chain) : 0;
	long days = json_number(certificate, "seconds-left") / DAY;

	if (days < WARN_DAYS || !json_true(certificate, "key-matches"))
		return;
	doctor_say(d, DOCTOR_OK, "certificate", NULL,
		   "gate %s: certificate %s is good for %ld days and has its key (%s, from %s to %s, issued by %s, shown with %zu of its chain)",
		   gate, json_string(certificate, "subject") ?: "?", days,
		   json_string(certificate, "key-type") ?: "?",
		   json_string(certificate, "not-before") ?: "?",
		   json_string(certificate, "not-after") ?: "?",
		   json_string(certificate, "issuer") ?: "?", others);
}

static void tell_certificates(struct doctor *d, struct json_object *gate)
{
	struct json_object *list = json_array(gate, "certificates");
	size_t i;

	for (i = 0; list && i < json_object_array_length(list); i++)
		tell_certificate(d, json_string(gate, "name") ?: "?",
				 json_object_array_get_idx(list, i));
}

static void tell_config(struct doctor *d)
{
	struct json_object *findings = json_array(d->checked, "findings");
	struct json_object *gates = doctor_config_gates(d);
	size_t i, errors = json_number(d->checked, "errors");

	if (!errors)
		doctor_say(d, DOCTOR_OK, "config", NULL,
			   "configuration %s is valid, gates: %zu", d->config,
			   gates ? json_object_array_length(gates) : 0);
	for (i = 0; findings && i < json_object_array_length(findings); i++)
		tell_finding(d, json_object_array_get_idx(findings, i));
	for (i = 0; gates && i < json_object_array_length(gates); i++)
		tell_certificates(d, json_object_array_get_idx(gates, i));
}

void doctor_config(struct doctor *d)
{
	const char *const argv[] = {
		"ktlsgated", "--check", d->config, "--json", NULL
	};
	struct process_result result;

	process_run(argv, false, RUN_SECONDS, &result);
	if (result.error == ENOENT) {
		doctor_say(d, DOCTOR_FAIL, "config", "make install",
			   "ktlsgated is not installed, the configuration was not checked");
		goto out;
	}
	d->checked = json_tokener_parse(result.output);
	if (!result.error && json_object_is_type(d->checked, json_type_object) &&
	    json_array(d->checked, "findings")) {
		tell_config(d);
		goto out;
	}
	json_object_put(d->checked);
	d->checked = NULL;
	doctor_say(d, DOCTOR_FAIL, "config", "run it by hand to see why",
		   "ktlsgated --check %s --json gave no answer: %s", d->config,
		   result.error ? strerror(result.error) :
		   "its output is not what is expected");
out:
	free(result.output);
}
