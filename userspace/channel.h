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
#include "identity.h"
#include "secrets.h"
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

/* What the kernel is told of a client that is relayed. */
struct relayed {
	const char *reason;
	const struct address *peer;
	const struct address *local;	/* as the client dialled it */
	uint16_t peer_port;
	uint16_t local_port;
};

struct handoff {
	int fd;				/* consumed, see channel_handoff() */
	const char *gate;
	const struct identity *identity;
	const struct secrets *secrets;
	const struct relayed *relayed;	/* NULL: kTLS has the connection */
	uint64_t handshake_time;	/* nanoseconds */
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

/* The fd is gone afterwards, whatever came of it. */
int channel_handoff(struct channel *channel, const struct handoff *handoff,
		    uint32_t *id);
int channel_refuse(struct channel *channel, const char *gate,
		   const struct address *peer, uint16_t port,
		   const struct verdict *verdict);

/* A connection that a gate let in, as the kernel tells of it. */
struct live_conn {
	uint32_t id;
	bool has_chain;			/* identity.chain is known */
	struct identity identity;	/* only what judging needs */
};

/*
 * Each connection of a gate, or each whose certificate ended before @ended
 * (seconds since the epoch, 0: all). @on_conn must not use the channel.
 */
int channel_conns(struct channel *channel, const char *gate, uint64_t ended,
		  void (*on_conn)(const struct live_conn *conn, void *arg),
		  void *arg);
int channel_conn_kill(struct channel *channel, uint32_t id, uint32_t reason,
		      uint8_t alert, const char *why);

/* Looks the family up again: the module may have been loaded anew. */
bool channel_resolve(struct channel *channel);

#endif
