// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor.h"
#include "format.h"
#include "steering.h"
#include "util.h"

/* The steering of this network namespace, file descriptors or -1. */
struct steering {
	char *dir;
	int link;
	int gates;
	int sockets;
};

static void steering_close(struct steering *s)
{
	if (s->link >= 0)
		close(s->link);
	if (s->gates >= 0)
		close(s->gates);
	if (s->sockets >= 0)
		close(s->sockets);
	free(s->dir);
}

/* Is the pinned link an sk_lookup attachment to the namespace we are in? */
static bool link_is_attached(const struct steering *s)
{
	struct bpf_link_info info = { 0 };
	uint32_t len = sizeof(info);
	struct stat netns;

	return !stat("/proc/self/ns/net", &netns) &&
	       !bpf_obj_get_info_by_fd(s->link, &info, &len) &&
	       info.type == BPF_LINK_TYPE_NETNS &&
	       info.netns.attach_type == BPF_SK_LOOKUP &&
	       info.netns.netns_ino == netns.st_ino;
}

/* Sockets of the helper that wait for connections to a gate. */
static unsigned int count_sockets(const struct steering *s,
				  const struct steer_gate *gate)
{
	unsigned int found = 0;
	uint32_t slot, i;
	uint64_t cookie;

	for (i = 0; i < STEER_SLOTS; i++) {
		slot = gate->id * STEER_SLOTS + i;
		found += !bpf_map_lookup_elem(s->sockets, &slot, &cookie);
	}
	return found;
}

/* The entry of the map of gates for a gate of the configuration. */
static bool find_steered(const struct steering *s, const char *address,
			 uint32_t port, struct steer_gate *found)
{
	uint8_t raw[16];
	/* "*" is no address and leaves the wildcard's zeroes */
	size_t len = address ? parse_address(address, raw) : 0;
	struct steer_key key;

	steering_key(raw, len, port, &key);
	return !bpf_map_lookup_elem(s->gates, &key, found);
}

static void check_gate(struct doctor *d, const struct steering *s,
		       struct json_object *gate)
{
	const char *name = json_string(gate, "name") ?: "?";
	const char *reload = d->helper_pid ?
		"systemctl restart ktlsgated, its log tells what hindered it" :
		"systemctl start ktlsgated";
	int port = json_number(gate, "port");
	struct steer_gate steered;
	unsigned int sockets;

	if (!find_steered(s, json_string(gate, "address"), port, &steered)) {
		doctor_say(d, DOCTOR_FAIL, "steering", reload,
			   "gate %s: port %d is not steered, clients reach the agent in plaintext",
			   name, port);
		return;
	}
	sockets = count_sockets(s, &steered);
	if (!sockets)
		doctor_say(d, DOCTOR_FAIL, "steering", reload,
			   "gate %s: port %d is steered but no socket of ktlsgated is there: clients are refused",
			   name, port);
	else
		doctor_say(d, DOCTOR_OK, "steering", NULL,
			   "gate %s: port %d is steered to %u sockets of ktlsgated",
			   name, port, sockets);
}

/* Steered ports that the configuration does not know (any more). */
static void check_leftovers(struct doctor *d, const struct steering *s)
{
	struct json_object *gates = doctor_config_gates(d), *gate;
	struct steer_key key, *previous = NULL;
	struct steer_gate steered;
	size_t i;

	while (!bpf_map_get_next_key(s->gates, previous, &key)) {
		previous = &key;
		if (bpf_map_lookup_elem(s->gates, &key, &steered))
			continue;
		for (i = 0; i < json_object_array_length(gates); i++) {
			gate = json_object_array_get_idx(gates, i);
			if (json_number(gate, "port") == key.port &&
			    doctor_gate_is_here(d, gate))
				break;
		}
		if (i < json_object_array_length(gates))
			continue;
		steered.name[sizeof(steered.name) - 1] = '\0';
		doctor_say(d, DOCTOR_WARN, "steering",
			   "systemctl restart ktlsgated",
			   "port %u is steered for gate %s, which the configuration does not have",
			   key.port, steered.name);
	}
}

static bool is_steered(const struct doctor *d, struct json_object *gate)
{
	return json_true(gate, "steering") && doctor_gate_is_here(d, gate);
}

static size_t count_steered(const struct doctor *d)
{
	struct json_object *gates = doctor_config_gates(d);
	size_t i, count = 0;

	for (i = 0; gates && i < json_object_array_length(gates); i++)
		count += is_steered(d, json_object_array_get_idx(gates, i));
	return count;
}

static void check_attached(struct doctor *d, const struct steering *s)
{
	struct json_object *gates = doctor_config_gates(d), *gate;
	size_t i;

	if (!link_is_attached(s)) {
		doctor_say(d, DOCTOR_FAIL, "steering",
			   "systemctl restart ktlsgated",
			   "%s/link is no sk_lookup attachment to this network namespace: clients reach the agent in plaintext",
			   s->dir);
		return;
	}
	for (i = 0; i < json_object_array_length(gates); i++) {
		gate = json_object_array_get_idx(gates, i);
		if (is_steered(d, gate))
			check_gate(d, s, gate);
	}
	check_leftovers(d, s);
}

void doctor_steering(struct doctor *d)
{
	struct steering s = { .link = -1, .gates = -1, .sockets = -1 };

	if (!doctor_config_gates(d))
		return;
	s.dir = steering_dir();
	if (!s.dir) {
		doctor_say(d, DOCTOR_INFO, "steering", NULL,
			   "steering not checked: this network namespace has no cookie: %s",
			   strerror(errno));
		return;
	}
	s.link = steering_pin(s.dir, "link");
	if (s.link < 0 && (errno == EPERM || errno == EACCES)) {
		doctor_say(d, DOCTOR_INFO, "steering", NULL,
			   "steering not checked: it needs root");
	} else if (s.link < 0) {
		if (count_steered(d))
			doctor_say(d, DOCTOR_FAIL, "steering",
				   d->helper_pid ?
				   "systemctl restart ktlsgated, its log tells what hindered it" :
				   "systemctl start ktlsgated",
				   "steering is not attached, %s/link: %s: clients reach the agent in plaintext",
				   s.dir, strerror(errno));
	} else {
		s.gates = steering_pin(s.dir, "gates_v" STEER_LAYOUT);
		s.sockets = steering_pin(s.dir, "sockets_v" STEER_LAYOUT);
		if (s.gates < 0 || s.sockets < 0)
			doctor_say(d, DOCTOR_FAIL, "steering",
				   "systemctl restart ktlsgated",
				   "the maps in %s are not those of this version: %s",
				   s.dir, strerror(errno));
		else
			check_attached(d, &s);
	}
	steering_close(&s);
}
