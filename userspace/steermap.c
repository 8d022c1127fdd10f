// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "log.h"
#include "mem.h"
#include "sources.h"
#include "steermap.h"

static void gate_key(const struct gate_config *gate, struct steer_key *key)
{
	memset(key, 0, sizeof(*key));
	address_map(&gate->address, key->address);
	key->port = gate->port;
}

static bool id_taken(const struct steer_maps *maps, __u32 id)
{
	struct steer_key key, *last = NULL;
	struct steer_gate value;

	while (!bpf_map_get_next_key(maps->gates, last, &key)) {
		if (!bpf_map_lookup_elem(maps->gates, &key, &value) &&
		    value.id == id)
			return true;
		last = &key;
	}
	return false;
}

/* That of the gate if it is in the map, else a free one; -1: none free. */
static int find_id(const struct steer_maps *maps, const struct steer_key *key)
{
	struct steer_gate old;
	int id;

	if (!bpf_map_lookup_elem(maps->gates, key, &old))
		return old.id;
	for (id = 0; id < STEER_MAX_GATES; id++)
		if (!id_taken(maps, id))
			return id;
	return -1;
}

static void source_key(__u32 id, const struct prefix *prefix,
		       struct steer_source *key)
{
	memset(key, 0, sizeof(*key));
	key->prefixlen = 32 + prefix->length;
	if (prefix->address.family == AF_INET)
		key->prefixlen += 96;
	key->id = id;
	address_map(&prefix->address, key->address);
}

static bool wanted(__u32 id, const struct gate_config *gate,
		   const struct steer_source *source)
{
	struct steer_source key;
	size_t i;

	for (i = 0; gate && i < gate->plaintext_from_count; i++) {
		source_key(id, &gate->plaintext_from[i], &key);
		if (!memcmp(&key, source, sizeof(key)))
			return true;
	}
	return false;
}

/* Deletes the exemptions of a gate that are not its configuration's. */
static void sweep_exempt(const struct steer_maps *maps, __u32 id,
			 const struct gate_config *gate)
{
	struct steer_source key, *last = NULL, *dead = NULL;
	size_t count = 0, i;

	while (!bpf_map_get_next_key(maps->exempt, last, &key)) {
		last = &key;
		if (key.id != id || wanted(id, gate, &key))
			continue;
		dead = xrealloc(dead, count + 1, sizeof(*dead));
		dead[count++] = key;
	}
	for (i = 0; i < count; i++)
		bpf_map_delete_elem(maps->exempt, &dead[i]);
	free(dead);
}

static bool add_exempt(const struct steer_maps *maps, __u32 id,
		       const struct gate_config *gate, char **error)
{
	struct steer_source key;
	__u8 one = 1;
	size_t i;

	for (i = 0; i < gate->plaintext_from_count; i++) {
		source_key(id, &gate->plaintext_from[i], &key);
		if (!bpf_map_update_elem(maps->exempt, &key, &one, BPF_ANY))
			continue;
		*error = xasprintf("gate %s: cannot exempt a source from steering: %s",
				   gate->name, strerror(errno));
		return false;
	}
	return true;
}

static bool put_sockets(const struct steer_maps *maps, __u32 first,
			const int *sockets, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < STEER_MAX_WORKERS; i++) {
		__u32 slot = first + i;
		__u64 socket;

		/* Slots beyond the workers may hold those of another time. */
		if (i >= count || !sockets || sockets[i] < 0) {
			bpf_map_delete_elem(maps->sockets, &slot);
			continue;
		}
		socket = sockets[i];
		if (bpf_map_update_elem(maps->sockets, &slot, &socket, BPF_ANY))
			return false;
	}
	return true;
}

/* Of a gate that had the number before. */
static void forget_counts(const struct steer_maps *maps, __u32 id)
{
	int cpus = libbpf_num_possible_cpus();
	struct steer_stats *none;

	if (cpus < 1)
		return;
	none = xcalloc(cpus, sizeof(*none));
	bpf_map_update_elem(maps->stats, &id, none, BPF_ANY);
	free(none);
}

/* All of them with an @id below 0. */
static void sweep_clients(int map, int id)
{
	struct steer_client key, *last = NULL, *dead = NULL;
	size_t count = 0, i;

	while (!bpf_map_get_next_key(map, last, &key)) {
		last = &key;
		if (id >= 0 && key.id != (__u32)id)
			continue;
		dead = xrealloc(dead, count + 1, sizeof(*dead));
		dead[count++] = key;
	}
	for (i = 0; i < count; i++)
		bpf_map_delete_elem(map, &dead[i]);
	free(dead);
}

int steer_maps_id(const struct steer_maps *maps, const struct gate_config *gate)
{
	struct steer_gate value;
	struct steer_key key;

	gate_key(gate, &key);
	return bpf_map_lookup_elem(maps->gates, &key, &value) ? -1 :
	       (int)value.id;
}

bool steer_maps_counts(const struct steer_maps *maps,
		       const struct gate_config *gate, struct steer_stats *out)
{
	int cpus = libbpf_num_possible_cpus(), i;
	int id = steer_maps_id(maps, gate);
	struct steer_stats *each;
	bool good;

	memset(out, 0, sizeof(*out));
	if (id < 0 || cpus < 1)
		return false;
	each = xcalloc(cpus, sizeof(*each));
	good = !bpf_map_lookup_elem(maps->stats, &id, each);
	for (i = 0; good && i < cpus; i++)
		steer_stats_add(out, &each[i]);
	free(each);
	return good;
}

void steer_maps_forget_crowded(const struct steer_maps *maps)
{
	sweep_clients(maps->crowded, -1);
}

bool steer_maps_set(const struct steer_maps *maps, const struct steered *gate,
		    char **error)
{
	struct steer_gate value = {
		.workers = gate->workers, .ipv4_by_ipv6 = gate->ipv4_by_ipv6,
		.rate = sources_rate(gate->config),
	};
	struct steer_gate old;
	struct steer_key key;
	__u32 first;
	int id;

	gate_key(gate->config, &key);
	id = find_id(maps, &key);
	if (id < 0) {
		*error = xasprintf("gate %s: more than %d steered gates in this network namespace",
				   gate->config->name, STEER_MAX_GATES);
		return false;
	}
	if (bpf_map_lookup_elem(maps->gates, &key, &old))
		forget_counts(maps, id);
	first = id * STEER_SLOTS;
	if (!put_sockets(maps, first, gate->ipv4, gate->workers) ||
	    !put_sockets(maps, first + STEER_MAX_WORKERS, gate->ipv6,
			 gate->workers)) {
		*error = xasprintf("gate %s: cannot put a socket into the steering map: %s",
				   gate->config->name, strerror(errno));
		return false;
	}
	/* Narrow before wide: nobody is exempt for a moment by mistake. */
	sweep_exempt(maps, id, gate->config);
	value.id = id;
	strncpy(value.name, gate->config->name, sizeof(value.name) - 1);
	if (bpf_map_update_elem(maps->gates, &key, &value, BPF_ANY)) {
		*error = xasprintf("gate %s: cannot steer its port: %s",
				   gate->config->name, strerror(errno));
		return false;
	}
	return add_exempt(maps, id, gate->config, error);
}

static bool kept(const struct steer_key *key, const struct steered *gates,
		 size_t count)
{
	struct steer_key other;
	size_t i;

	for (i = 0; i < count; i++) {
		gate_key(gates[i].config, &other);
		if (!memcmp(&other, key, sizeof(other)))
			return true;
	}
	return false;
}

void steer_maps_keep(const struct steer_maps *maps, const struct steered *gates,
		     size_t count)
{
	struct steer_key keys[STEER_MAX_GATES], *last = NULL;
	struct steer_gate value;
	size_t dead = 0, i;

	while (dead < STEER_MAX_GATES &&
	       !bpf_map_get_next_key(maps->gates, last, &keys[dead])) {
		last = &keys[dead];
		if (!kept(last, gates, count))
			dead++;
	}
	for (i = 0; i < dead; i++) {
		if (bpf_map_lookup_elem(maps->gates, &keys[i], &value))
			continue;
		bpf_map_delete_elem(maps->gates, &keys[i]);
		put_sockets(maps, value.id * STEER_SLOTS, NULL, 0);
		put_sockets(maps, value.id * STEER_SLOTS + STEER_MAX_WORKERS,
			    NULL, 0);
		sweep_exempt(maps, value.id, NULL);
		sweep_clients(maps->crowded, value.id);
		sweep_clients(maps->buckets, value.id);
		log_msg(LOG_NOTICE, "gate %s: port %u is not steered any more",
			value.name, keys[i].port);
	}
}
