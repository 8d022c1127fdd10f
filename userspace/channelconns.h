/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connections that the kernel has, over a channel (channel.h). */
#ifndef KTLSGATED_CHANNELCONNS_H
#define KTLSGATED_CHANNELCONNS_H

#include "channel.h"
#include "identity.h"

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

#endif
