// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>

#include <linux/ktlsgate.h>

#include "channel.h"
#include "door.h"
#include "log.h"

const char *door_name(const struct door *door)
{
	return door->gate->cfg->name;
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

void door_register(struct door *door)
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

void door_log_agent(const struct door *door)
{
	struct log_fields fields = { .gate = door_name(door) };
	unsigned int listener = door->listener;

	log_with(LOG_INFO, &fields, "gate %s: the agent %s%s%s%s",
		 door_name(door), listener ? "listens:" : "does not listen",
		 listener & KTLSGATE_LISTENER_IPV4 ? " IPv4" : "",
		 listener & KTLSGATE_LISTENER_IPV6 ? " IPv6" : "",
		 listener & KTLSGATE_LISTENER_DUAL_STACK ? " dual-stack" : "");
}

void door_look(struct door *door)
{
	struct gate_status status;

	if (!door->gate->cfg->steering ||
	    channel_gate_get(door->ns->control, door_name(door), &status))
		return;
	door->listener = status.listener;
	door_log_agent(door);
}

/* IPv4 clients to AF_INET6 sockets, where the agent's is a dual-stack one. */
static bool ipv4_by_ipv6(const struct door *door)
{
	return door->listeners->has_ipv6 &&
	       !(door->listener & KTLSGATE_LISTENER_IPV4);
}

struct steered door_steered(const struct door *door)
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

static void follow_crowded(const struct door *door)
{
	const struct gate *gate = door->gate;
	uint32_t id;
	int map;

	if (steer_crowded(door->ns->steer, gate->cfg, &map, &id))
		sources_steer(gate->sources, map, id);
}

static void complain(const struct door *door, char *error)
{
	struct log_fields fields = { .gate = door_name(door) };

	log_with(LOG_ERR, &fields, "gate %s: %s", door_name(door), error);
	free(error);
}

void door_steer(struct door *door)
{
	struct steered steered = door_steered(door);
	char *error;

	if (steer_set(door->ns->steer, &steered, &error))
		follow_crowded(door);
	else
		complain(door, error);
}

void door_attach(struct door *door)
{
	char *error;

	if (!steer_attach(door->ns->steer, door->ns->fd, &error))
		complain(door, error);
}

void door_tell(struct door *door)
{
	const struct gate_config *cfg = door->gate->cfg;

	lograte_tell(&door->gate->lograte, cfg->name, false);
	if (cfg->steering)
		drops_tell(&door->drops, door->ns->steer, cfg);
}

void door_drop(struct door *door, bool listeners)
{
	if (listeners)
		listeners_forget(door->listeners);
	gate_put(door->gate);
	netns_put(door->ns);
}
