// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <linux/ktlsgate.h>

#include "channel.h"
#include "live.h"
#include "log.h"
#include "mem.h"
#include "registry.h"
#include "steer.h"

/* A gate and what it has open. */
struct door {
	struct netns *ns;
	struct gate *gate;
	struct listeners *listeners;
	bool new_listeners;	/* opened for this configuration */
	bool registered;	/* the kernel knows it */
	bool told;		/* that the kernel refuses it */
	unsigned int listener;	/* of the agent, as last seen */
};

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

static const char *name_of(const struct door *door)
{
	return door->gate->cfg->name;
}

static struct door *find_door(struct doors *doors, const struct netns *ns,
			      const char *name)
{
	size_t i;

	for (i = 0; i < doors->count; i++)
		if (doors->door[i].ns == ns &&
		    !strcmp(name_of(&doors->door[i]), name))
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
	if (old)
		gate_succeed(door->gate, old->gate);
	if (old)
		door->listener = old->listener;
	else if (!channel_gate_get(door->ns->control, cfg->name, &status))
		door->listener = status.listener;
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

static void drop_door(struct door *door, bool listeners)
{
	if (listeners)
		listeners_forget(door->listeners);
	gate_put(door->gate);
	netns_put(door->ns);
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

/*
 * A gate of another name may be left on our address and port, from a helper
 * that had another configuration when it ended.
 */
static int take_over(struct channel *channel, const struct gate_config *cfg)
{
	struct gate_status other;

	if (channel_gate_find(channel, cfg->port, &cfg->address, &other))
		return -EEXIST;
	log_msg(LOG_WARNING, "gate %s: takes port %u over from gate %s",
		cfg->name, cfg->port, other.name);
	channel_gate_del(channel, other.name);
	return channel_gate_add(channel, cfg->name, cfg->port, &cfg->address);
}

static void register_door(struct door *door)
{
	const struct gate_config *cfg = door->gate->cfg;
	struct log_fields fields = { .gate = cfg->name };
	struct channel *channel = door->ns->control;
	struct gate_status status;
	int error;

	error = channel_gate_get(channel, cfg->name, &status);
	if (!error)
		error = channel_gate_set(channel, cfg->name, cfg->port,
					 &cfg->address);
	else if (error == -ENOENT)
		error = channel_gate_add(channel, cfg->name, cfg->port,
					 &cfg->address);
	if (error == -EEXIST)
		error = take_over(channel, cfg);
	door->registered = !error;
	if (error && !door->told)
		log_with(LOG_ERR, &fields, "gate %s: the kernel refuses it: %s",
			 cfg->name, channel_message(channel));
	door->told = error != 0;
}

static void log_agent(const struct door *door)
{
	struct log_fields fields = { .gate = name_of(door) };
	unsigned int listener = door->listener;

	log_with(LOG_INFO, &fields, "gate %s: the agent %s%s%s%s",
		 name_of(door), listener ? "listens:" : "does not listen",
		 listener & KTLSGATE_LISTENER_IPV4 ? " IPv4" : "",
		 listener & KTLSGATE_LISTENER_IPV6 ? " IPv6" : "",
		 listener & KTLSGATE_LISTENER_DUAL_STACK ? " dual-stack" : "");
}

/* Steering begins with the right family, not only after the first second. */
static void look_at_agent(struct door *door)
{
	struct gate_status status;

	if (!door->gate->cfg->steering ||
	    channel_gate_get(door->ns->control, name_of(door), &status))
		return;
	door->listener = status.listener;
	log_agent(door);
}

/* IPv4 clients to AF_INET6 sockets, where the agent's is a dual-stack one. */
static bool ipv4_by_ipv6(const struct door *door)
{
	return door->listeners->has_ipv6 &&
	       !(door->listener & KTLSGATE_LISTENER_IPV4);
}

static struct steered steered_of(const struct door *door)
{
	struct steered steered = {
		.config = door->gate->cfg,
		.ipv4 = door->listeners->ipv4,
		.ipv6 = door->listeners->has_ipv6 ? door->listeners->ipv6 :
			NULL,
		.workers = door->listeners->workers,
		.ipv4_by_ipv6 = ipv4_by_ipv6(door),
	};

	return steered;
}

static void steer_door(struct door *door)
{
	struct log_fields fields = { .gate = name_of(door) };
	struct steered steered = steered_of(door);
	char *error;

	if (steer_set(door->ns->steer, &steered, &error) &&
	    steer_attach(door->ns->steer, door->ns->fd, &error))
		return;
	log_with(LOG_ERR, &fields, "gate %s: %s", name_of(door), error);
	free(error);
}

/* The gates of one namespace, once for each: whoever is first does it. */
static void forget_others(struct doors *doors, struct netns *ns)
{
	struct steered *kept = xcalloc(doors->count, sizeof(*kept));
	size_t count = 0, i;

	for (i = 0; i < doors->count; i++)
		if (doors->door[i].ns == ns &&
		    doors->door[i].gate->cfg->steering)
			kept[count++] = steered_of(&doors->door[i]);
	steer_keep(ns->steer, kept, count);
	free(kept);
}

static void steer_all(struct registry *registry, struct doors *old)
{
	struct doors *doors = &registry->doors;
	size_t i;

	for (i = 0; i < doors->count; i++)
		if (doors->door[i].gate->cfg->steering)
			steer_door(&doors->door[i]);
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

		if (!find_door(&registry->doors, door->ns, name_of(door)))
			channel_gate_del(door->ns->control, name_of(door));
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
	serve(registry);
	judge_again(registry);
	unregister_gone(registry, &old);
	for (i = 0; i < new->count; i++) {
		register_door(&new->door[i]);
		if (!find_door(&old, new->door[i].ns, name_of(&new->door[i])))
			look_at_agent(&new->door[i]);
	}
	steer_all(registry, &old);
	for (i = 0; i < old.count; i++)
		drop_door(&old.door[i], !still_used(&registry->doors,
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
		drop_door(&new.door[i], new.door[i].new_listeners);
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
	log_agent(door);
	if (door->gate->cfg->steering) {
		steer_door(door);
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

	error = channel_gate_get(channel, name_of(door), &status);
	if (error == -ENOENT) {
		/* The module was loaded anew, or someone deleted the gate. */
		if (!channel_resolve(channel)) {
			if (door->registered)
				log_msg(LOG_ERR, "the kernel module is gone: modprobe ktlsgate");
			door->registered = false;
			return;
		}
		register_door(door);
		error = channel_gate_get(channel, name_of(door), &status);
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
		drop_door(&registry->doors.door[i], false);
	}
	free(registry->doors.door);
	if (registry->snapshot)
		free(registry->snapshot->gates);
	free(registry->snapshot);
	free(registry->libs);
	free(registry);
	netns_sweep();
}
