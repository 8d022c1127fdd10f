// SPDX-License-Identifier: GPL-2.0-or-later
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "netns.h"
#include "steering.h"
#include "util.h"

char *steering_dir(void)
{
	uint64_t cookie;

	if (!netns_cookie(&cookie))
		return NULL;
	return xasprintf(STEER_PIN_ROOT "/netns-%" PRIu64, cookie);
}

int steering_pin(const char *dir, const char *name)
{
	char *path = xasprintf("%s/%s", dir, name);
	int fd = bpf_obj_get(path);

	free(path);
	return fd;
}

void steering_key(const uint8_t *address, size_t len, uint32_t port,
		  struct steer_key *key)
{
	static const uint8_t any[4];

	memset(key, 0, sizeof(*key));
	key->port = port;
	if (len == 16) {
		memcpy(key->address, address, 16);
	} else if (len == 4 && memcmp(address, any, 4)) {
		memset(key->address + 10, 0xff, 2);
		memcpy(key->address + 12, address, 4);
	}
}

static bool read_counts(int gates, int stats, const struct gate *gate,
			struct steer_stats *sum)
{
	int cpus = libbpf_num_possible_cpus(), i;
	struct steer_gate steered;
	struct steer_stats *each;
	struct steer_key key;
	bool found;

	steering_key(gate->address, gate->address_len, gate->port, &key);
	if (cpus < 1 || bpf_map_lookup_elem(gates, &key, &steered))
		return false;
	each = xcalloc(cpus, sizeof(*each));
	found = !bpf_map_lookup_elem(stats, &steered.id, each);
	for (i = 0; found && i < cpus; i++)
		steer_stats_add(sum, &each[i]);
	free(each);
	return found;
}

bool steering_counts(const struct gate *gate, struct steer_stats *sum)
{
	char *dir = steering_dir();
	int gates, stats;
	bool found;

	memset(sum, 0, sizeof(*sum));
	if (!dir)
		return false;
	gates = steering_pin(dir, "gates_v" STEER_LAYOUT);
	stats = steering_pin(dir, "stats_v" STEER_LAYOUT);
	found = gates >= 0 && stats >= 0 &&
		read_counts(gates, stats, gate, sum);
	if (gates >= 0)
		close(gates);
	if (stats >= 0)
		close(stats);
	free(dir);
	return found;
}
