/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel module's netlink interface: one socket in one network namespace,
 * used by one thread. Calls give 0 or a negative errno; what the kernel said
 * about it is channel_message() until the next call.
 */
#ifndef KTLSGATED_CHANNEL_H
#define KTLSGATED_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "verdict.h"

struct channel;

struct gate_status {
	char name[64];
	uint16_t port;
	struct address address;		/* family 0: any */
	uint32_t listener;		/* KTLSGATE_LISTENER_..., 0: none */
	uint32_t queue_length;
	uint32_t queue_max;
};

struct channel *channel_open(char **error);
void channel_close(struct channel *channel);
const char *channel_message(const struct channel *channel);

int channel_gate_get(struct channel *channel, const char *name,
		     struct gate_status *out);
int channel_gate_add(struct channel *channel, const char *name, uint16_t port,
		     const struct address *address);
int channel_gate_set(struct channel *channel, const char *name, uint16_t port,
		     const struct address *address);
int channel_gate_del(struct channel *channel, const char *name);

/* The name of the gate that has this port and address, if there is one. */
int channel_gate_find(struct channel *channel, uint16_t port,
		      const struct address *address, struct gate_status *out);

int channel_refuse(struct channel *channel, const char *gate,
		   const struct address *peer, uint16_t port,
		   const struct verdict *verdict);

/* Looks the family up again: the module may have been loaded anew. */
bool channel_resolve(struct channel *channel);

#endif
