/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Handing a client to the kernel, over a channel (channel.h). */
#ifndef KTLSGATED_CHANNELHANDOFF_H
#define KTLSGATED_CHANNELHANDOFF_H

#include "channel.h"
#include "identity.h"
#include "secrets.h"

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

/* The fd is gone afterwards, whatever came of it. */
int channel_handoff(struct channel *channel, const struct handoff *handoff,
		    uint32_t *id);

#endif
