/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ktlsgate doctor: findings, each with what to do about it. A file for each
 * group of checks.
 */
#ifndef KTLSGATE_DOCTOR_H
#define KTLSGATE_DOCTOR_H

#include <json-c/json.h>
#include <stdbool.h>

#include "gate.h"
#include "json.h"
#include "netlink.h"
#include "out.h"

#define DOCTOR_CONFIG "/etc/ktlsgate/ktlsgated.yaml"

enum doctor_level {
	DOCTOR_OK,
	DOCTOR_INFO,	/* worth knowing, nothing to do */
	DOCTOR_WARN,	/* works, but not well or not for long */
	DOCTOR_FAIL,	/* does not work */
};

struct doctor {
	struct out *o;
	unsigned int warnings;
	unsigned int failures;

	const char *config;		/* file */
	struct json_object *checked;	/* ktlsgated --check, NULL: not had */
	int helper_pid;			/* 0: it does not run */

	bool module;			/* loaded, kernel_gates are filled */
	struct gate_list kernel_gates;
};

/*
 * A finding. check is a short word for programs, action tells what to do
 * (NULL only for DOCTOR_OK and DOCTOR_INFO).
 */
void doctor_say(struct doctor *d, enum doctor_level level, const char *check,
		const char *action, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* doctor-kernel.c: kernel, modules, options, sysctls, counters */
void doctor_kernel(struct doctor *d);
void doctor_network(struct doctor *d);

/* doctor-crypto.c: which drivers encrypt */
void doctor_crypto(struct doctor *d);

/* doctor-helper.c: OpenSSL, the daemon, its configuration, certificates */
void doctor_helper(struct doctor *d);
void doctor_config(struct doctor *d);

/* doctor-gates.c: kernel, configuration and agents agree */
void doctor_gates(struct doctor *d);

/* doctor-steering.c: connections to a gate's port reach the helper */
void doctor_steering(struct doctor *d);

/* The gates of the configuration; NULL when that could not be checked. */
struct json_object *doctor_config_gates(const struct doctor *d);

/* Is a gate of the configuration one of this network namespace? */
bool doctor_gate_is_here(const struct doctor *d, struct json_object *gate);

#endif
