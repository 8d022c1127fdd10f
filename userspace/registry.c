// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "channel.h"
#include "door.h"
#include "live.h"
#include "log.h"
#include "mem.h"
#include "registry.h"
#include "steer.h"

struct doors {
	struct door *door;
	size_t count;
};

struct registry {
	struct worker **workers;
	unsigned int worker_count;
	unsigned int ciphers;
	OSSL_LIB_CTX **libs;
	struct doors doors;
	struct snapshot *snapshot;
	unsigned int refusals_told;
};

struct registry *registry_new(struct worker **workers, unsigned int count,
			      unsigned int ciphers)
{
	struct registry *registry = xcalloc(1, sizeof(*registry));
	unsigned int i;

	registry->workers = workers;
	registry->worker_count = count;
	registry->ciphers = ciphers;
	registry->libs = xcalloc(count, sizeof(*registry->libs));
	for (i = 0; i < count; i++)
		registry->libs[i] = workers[i]->lib;
	return registry;
}

size_t registry_count(const struct registry *registry)
{
	return registry->doors.count;
}

struct json_object *registry_describe(const struct registry *registry)
{
	struct json_object *list = json_object_new_array();
	size_t i;

	for (i = 0; i < registry->doors.count; i++)
		json_object_array_add(list, json_object_get(
				registry->doors.door[i].gate->description));
	return list;
}

static unsigned int refusals_seen(const struct registry *registry)
{
	unsigned int sum = 0;
	size_t i;

	for (i = 0; i < registry->doors.count; i++)
		sum += refusals_version(
				registry->doors.door[i].gate->refusals);
	return sum;
}

struct json_object *registry_refusals(struct registry *registry)
{
	unsigned int seen = refusals_seen(registry);
	struct json_object *list;
	size_t i;

	if (seen == registry->refusals_told)
		return NULL;
	registry->refusals_told = seen;
	list = json_object_new_array();
	for (i = 0; i < registry->doors.count; i++) {
		struct gate *gate = registry->doors.door[i].gate;

		json_object_array_add(list, refusals_describe(
				gate->refusals, gate->cfg->name,
				gate->ns->cookie));
	}
	return list;
}

void registry_refusals_untold(struct registry *registry)
{
	registry->refusals_told = refusals_seen(registry) - 1;
}

static struct door *find_door(struct doors *doors, const struct netns *ns,
			      const char *name)
{
	size_t i;

	for (i = 0; i < doors->count; i++)
		if (doors->door[i].ns == ns &&
		    !strcmp(door_name(&doors->door[i]), name))
			return &doors->door[i];
	return NULL;
}

static void complain(struct report *report, const struct gate_config *cfg,
		     enum gate_key key, char *error)
{
	struct place place = config_place(cfg, key);

	report_add(report, SEVERITY_ERROR, &place, "%s", error);
	free(error);
}

static bool open_namespace(struct registry *registry, struct door *door,
			   const struct gate_config *cfg,
			   struct report *report)
{
	char *error;

	door->ns = netns_open(cfg->network_namespace, registry->worker_count,
			      &error);
	if (!door->ns) {
		complain(report, cfg, GATE_NETWORK_NAMESPACE, error);
		return false;
	}
	if (!cfg->steering || door->ns->steer)
		return true;
	door->ns->steer = steer_open(door->ns->cookie, &error);
	if (door->ns->steer)
		return true;
	complain(report, cfg, GATE_STEERING, error);
	return false;
}

static bool prepare_door(struct registry *registry, struct config *config,
			 const struct gate_config *cfg, struct door *door,
			 enum severity dates, struct report *report)
{
	struct gate_status status;
	enum listen_mode mode;
	struct door *old;
	char *error;

	if (!open_namespace(registry, door, cfg, report))
		return false;
	door->gate = gate_new(config, cfg, door->ns, registry->libs,
			      registry->worker_count, registry->ciphers, dates,
			      report);
	if (!door->gate)
		return false;
	old = find_door(&registry->doors, door->ns, cfg->name);
	if (old) {
		gate_succeed(door->gate, old->gate);
		door->listener = old->listener;
		door->drops = old->drops;
	} else if (!channel_gate_get(door->ns->control, cfg->name, &status)) {
		door->listener = status.listener;
	}
	mode = listeners_mode(cfg, door->listener);
	if (old && listeners_fit(old->listeners, cfg, mode)) {
		door->listeners = old->listeners;
		return true;
	}
	door->listeners = listeners_open(cfg, door->ns, mode,
					 registry->worker_count, &error);
	door->new_listeners = true;
	if (door->listeners)
		return true;
	complain(report, cfg, cfg->steering ? GATE_PORT : GATE_LISTEN_PORT,
		 error);
	return false;
}

static void serve(struct registry *registry)
{
	struct snapshot *old = registry->snapshot, *new;
	size_t i;

	new = xcalloc(1, sizeof(*new));
	new->count = registry->doors.count;
	new->gates = xcalloc(new->count, sizeof(*new->gates));
	for (i = 0; i < new->count; i++) {
		new->gates[i].gate = registry->doors.door[i].gate;
		new->gates[i].listeners = registry->doors.door[i].listeners;
	}
	for (i = 0; i < registry->worker_count; i++)
		worker_serve(registry->workers[i], new);
	registry->snapshot = new;
	if (old)
		free(old->gates);
	free(old);
}

/* The gates of one namespace, once for each: whoever is first does it. */
static void forget_others(struct doors *doors, struct netns *ns)
{
	struct steered *kept = xcalloc(doors->count, sizeof(*kept));
	size_t count = 0, i;

	for (i = 0; i < doors->count; i++)
		if (doors->door[i].ns == ns &&
		    doors->door[i].gate->cfg->steering)
			kept[count++] = door_steered(&doors->door[i]);
	steer_keep(ns->steer, kept, count);
	free(kept);
}

static void steer_all(struct registry *registry, struct doors *old)
{
	struct doors *doors = &registry->doors;
	size_t i;

	for (i = 0; i < doors->count; i++)
		if (doors->door[i].gate->cfg->steering)
			door_steer(&doors->door[i]);
		else
			sources_steer(doors->door[i].gate->sources, -1, 0);
	for (i = 0; i < doors->count; i++)
		if (doors->door[i].gate->cfg->steering)
			door_attach(&doors->door[i]);
	for (i = 0; i < doors->count; i++)
		if (doors->door[i].ns->steer)
			forget_others(doors, doors->door[i].ns);
	for (i = 0; i < old->count; i++)
		if (old->door[i].ns->steer)
			forget_others(doors, old->door[i].ns);
}

static void unregister_gone(struct registry *registry, struct doors *old)
{
	size_t i;

	for (i = 0; i < old->count; i++) {
		struct door *door = &old->door[i];

		if (!find_door(&registry->doors, door->ns, door_name(door)))
			channel_gate_del(door->ns->control, door_name(door));
	}
}

static bool still_used(const struct doors *doors,
		       const struct listeners *listeners)
{
	size_t i;

	for (i = 0; i < doors->count; i++)
		if (doors->door[i].listeners == listeners)
			return true;
	return false;
}

static void judge_again(const struct registry *registry)
{
	size_t count = registry->doors.count, i;
	struct gate **gates = xcalloc(count + 1, sizeof(*gates));

	for (i = 0; i < count; i++)
		gates[i] = registry->doors.door[i].gate;
	live_serve(gates, count);
	free(gates);
}

static void commit(struct registry *registry, struct doors *new)
{
	struct doors old = registry->doors;
	size_t i;

	for (i = 0; i < old.count; i++)
		gate_replaced(old.door[i].gate);
	registry->doors = *new;
	registry->refusals_told = UINT_MAX;
	for (i = 0; i < new->count; i++)
		sources_limit(new->door[i].gate->sources,
			      new->door[i].gate->cfg);
	serve(registry);
	judge_again(registry);
	unregister_gone(registry, &old);
	for (i = 0; i < new->count; i++) {
		door_register(&new->door[i]);
		if (!find_door(&old, new->door[i].ns, door_name(&new->door[i])))
			door_look(&new->door[i]);
	}
	steer_all(registry, &old);
	for (i = 0; i < old.count; i++)
		door_drop(&old.door[i], !still_used(&registry->doors,
						    old.door[i].listeners));
	free(old.door);
	netns_sweep();
}

bool registry_apply(struct registry *registry, struct config *config,
		    enum severity dates, struct report *report)
{
	size_t errors = report->errors, i;
	struct doors new = {
		.door = xcalloc(config->gate_count, sizeof(*new.door)),
		.count = config->gate_count,
	};

	/* All of them, so that all that is wrong is told. */
	for (i = 0; i < new.count; i++)
		prepare_door(registry, config, &config->gates[i], &new.door[i],
			     dates, report);
	if (report->errors == errors) {
		commit(registry, &new);
		return true;
	}
	for (i = 0; i < new.count; i++)
		door_drop(&new.door[i], new.door[i].new_listeners);
	free(new.door);
	netns_sweep();
	return false;
}

/* An unsteered gate whose agent has other sockets now gets other ones, too. */
static bool reopen(struct registry *registry, struct door *door,
		   struct listeners **old)
{
	const struct gate_config *cfg = door->gate->cfg;
	enum listen_mode mode = listeners_mode(cfg, door->listener);
	struct log_fields fields = { .gate = cfg->name };
	struct listeners *new;
	char *error;

	if (listeners_fit(door->listeners, cfg, mode))
		return false;
	new = listeners_open(cfg, door->ns, mode, registry->worker_count,
			     &error);
	if (!new) {
		log_with(LOG_ERR, &fields, "gate %s: %s", cfg->name, error);
		free(error);
		return false;
	}
	*old = door->listeners;
	door->listeners = new;
	return true;
}

static void agent_changed(struct registry *registry, struct door *door,
			  unsigned int listener)
{
	struct listeners *old = NULL;

	door->listener = listener;
	door_log_agent(door);
	if (door->gate->cfg->steering) {
		door_steer(door);
		door_attach(door);
	} else if (reopen(registry, door, &old)) {
		serve(registry);
		listeners_forget(old);
	}
}

static void watch_door(struct registry *registry, struct door *door)
{
	struct channel *channel = door->ns->control;
	struct gate_status status;
	int error;

	error = channel_gate_get(channel, door_name(door), &status);
	if (error == -ENOENT) {
		/* The module was loaded anew, or someone deleted the gate. */
		if (!channel_resolve(channel)) {
			if (door->registered)
				log_msg(LOG_ERR, "the kernel module is gone: modprobe ktlsgate");
			door->registered = false;
			return;
		}
		door_register(door);
		error = channel_gate_get(channel, door_name(door), &status);
	}
	if (!error && status.listener != door->listener)
		agent_changed(registry, door, status.listener);
}

void registry_watch(struct registry *registry)
{
	size_t i;

	for (i = 0; i < registry->doors.count; i++) {
		struct gate *gate = registry->doors.door[i].gate;

		watch_door(registry, &registry->doors.door[i]);
		door_tell(&registry->doors.door[i]);
		if (gate->crls)
			crls_remind(gate->crls, gate->cfg->name);
	}
}

void registry_free(struct registry *registry)
{
	size_t i;

	for (i = 0; i < registry->doors.count; i++) {
		/* Only closed: the next helper may go on with them. */
		listeners_close(registry->doors.door[i].listeners);
		door_drop(&registry->doors.door[i], false);
	}
	free(registry->doors.door);
	if (registry->snapshot)
		free(registry->snapshot->gates);
	free(registry->snapshot);
	free(registry->libs);
	free(registry);
	netns_sweep();
}
