// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "doctor.h"
#include "util.h"

bool doctor_gate_is_here(const struct doctor *d, struct json_object *gate)
{
	const char *name = json_string(gate, "network-namespace");
	struct stat here, there;
	char *path;
	bool same;

	if (!name)
		/* that of the helper */
		path = xasprintf("/proc/%d/ns/net", d->helper_pid ?: 1);
	else if (*name == '/')
		path = xstrdup(name);
	else
		path = xasprintf("/run/netns/%s", name);
	same = !stat("/proc/self/ns/net", &here) && !stat(path, &there) &&
	       here.st_ino == there.st_ino && here.st_dev == there.st_dev;
	free(path);
	return same;
}

static struct json_object *find_configured(const struct doctor *d,
					   const char *name)
{
	struct json_object *gates = doctor_config_gates(d), *gate;
	const char *other;
	size_t i;

	for (i = 0; gates && i < json_object_array_length(gates); i++) {
		gate = json_object_array_get_idx(gates, i);
		other = json_string(gate, "name");
		if (other && !strcmp(other, name) &&
		    doctor_gate_is_here(d, gate))
			return gate;
	}
	return NULL;
}

static const struct gate *find_kernel(const struct doctor *d, const char *name)
{
	size_t i;

	for (i = 0; i < d->kernel_gates.count; i++)
		if (!strcmp(d->kernel_gates.gate[i].name, name))
			return &d->kernel_gates.gate[i];
	return NULL;
}

static void check_listener(struct doctor *d, const struct gate *gate)
{
	char listeners[64];
	char *action;

	if (gate->state != KTLSGATE_GATE_STATE_UP) {
		action = xasprintf("ktlsgate gate set %s state up",
				   gate->name);
		doctor_say(d, DOCTOR_WARN, "state", action,
			   "gate %s is down: new clients are refused",
			   gate->name);
		free(action);
	}
	if (!gate->listener) {
		doctor_say(d, DOCTOR_FAIL, "listener",
			   "start the agent, or delete the gate",
			   "gate %s: nothing listens on port %u", gate->name,
			   gate->port);
		return;
	}
	if (gate->queue_max && gate->queue_length >= gate->queue_max) {
		doctor_say(d, DOCTOR_FAIL, "queue",
			   "the agent accepts too slowly: look at its load, raise its backlog and net.core.somaxconn",
			   "gate %s: the accept queue is full, %u of %u",
			   gate->name, gate->queue_length, gate->queue_max);
		return;
	}
	gate_listeners(gate->listener, listeners);
	doctor_say(d, DOCTOR_OK, "listener", NULL,
		   "gate %s: the agent listens on port %u (%s), accept queue %u of %u",
		   gate->name, gate->port, listeners, gate->queue_length,
		   gate->queue_max);
}

static void check_kernel_gate(struct doctor *d, const struct gate *gate)
{
	struct json_object *configured;
	int64_t port;

	check_listener(d, gate);
	if (!doctor_config_gates(d))
		return;
	configured = find_configured(d, gate->name);
	if (!configured) {
		doctor_say(d, DOCTOR_WARN, "agreement",
			   "delete it with ktlsgate gate del, or add it to the configuration",
			   "gate %s is in the kernel but not in %s: nobody serves it",
			   gate->name, d->config);
		return;
	}
	port = json_number(configured, "port");
	if (port && port != gate->port)
		doctor_say(d, DOCTOR_WARN, "agreement",
			   "systemctl reload ktlsgated",
			   "gate %s: the kernel has port %u, the configuration %lld",
			   gate->name, gate->port, (long long)port);
}

/* Gates that the helper should have made. */
static void check_configured(struct doctor *d)
{
	struct json_object *gates = doctor_config_gates(d), *gate;
	const char *name;
	size_t i;

	for (i = 0; gates && i < json_object_array_length(gates); i++) {
		gate = json_object_array_get_idx(gates, i);
		name = json_string(gate, "name");
		if (!name)
			continue;
		if (!doctor_gate_is_here(d, gate))
			doctor_say(d, DOCTOR_INFO, "agreement", NULL,
				   "gate %s is in another network namespace, see ktlsgate -n %s doctor",
				   name,
				   json_string(gate, "network-namespace") ?:
				   "NETNS");
		else if (!find_kernel(d, name))
			doctor_say(d, DOCTOR_FAIL, "agreement",
				   d->helper_pid ?
				   "systemctl reload ktlsgated, its log tells what hindered it" :
				   "systemctl start ktlsgated",
				   "gate %s is in the configuration but not in the kernel",
				   name);
	}
}

void doctor_gates(struct doctor *d)
{
	struct netlink nl;
	size_t i;

	/* doctor_kernel() has said that the module is not there */
	if (!d->module)
		return;
	if (netlink_open(&nl))
		return;
	if (gate_list(&nl, &d->kernel_gates, "doctor")) {
		doctor_say(d, DOCTOR_FAIL, "gates",
			   "see the message on standard error",
			   "the kernel did not tell its gates");
		netlink_close(&nl);
		return;
	}
	netlink_close(&nl);
	for (i = 0; i < d->kernel_gates.count; i++)
		check_kernel_gate(d, &d->kernel_gates.gate[i]);
	check_configured(d);
	if (!d->kernel_gates.count && !doctor_config_gates(d))
		doctor_say(d, DOCTOR_WARN, "gates",
			   "write one into the configuration",
			   "there is no gate: nothing is protected");
}
