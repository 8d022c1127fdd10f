/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A gate as the kernel tells it.
 */
#ifndef KTLSGATE_GATE_H
#define KTLSGATE_GATE_H

#include <linux/ktlsgate.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netlink.h"
#include "out.h"

#define GATE_REASONS 32

struct gate_counter {
	uint32_t code;
	uint64_t count;
};

struct gate_counters {
	struct gate_counter of[GATE_REASONS];
	size_t count;
};

struct gate {
	char name[KTLSGATE_NAME_MAX + 1];
	uint16_t port;
	uint8_t address[16];
	size_t address_len;	/* 0: every local address */
	uint32_t state;
	uint32_t listener;
	uint32_t queue_length;
	uint32_t queue_max;
	uint32_t connections;
	uint32_t key_records;	/* 0: as the cipher allows */

	bool has_stats;
	uint64_t stats[__KTLSGATE_A_GATE_STATS_MAX];
	struct gate_counters refused_by;
	struct gate_counters closed_by;
};

struct gate_list {
	struct gate *gate;
	size_t count;
	bool torn;	/* gates came and went on every attempt */
};

/* False after a complaint that begins with what. */
bool gate_parse(struct nl_msg *msg, struct gate *gate, const char *what);

/* All gates; EXIT_OK or the exit code after a complaint. */
int gate_list(struct netlink *nl, struct gate_list *list, const char *what);
void gate_list_free(struct gate_list *list);

/* "10.0.0.1", "*" for every address */
void gate_address(const struct gate *gate, char out[64]);

/* "dual-stack", "ipv4,ipv6", "none" */
void gate_listeners(uint32_t listener, char out[64]);

void gate_print(struct out *o, const struct gate *gate, bool stats);

#endif
