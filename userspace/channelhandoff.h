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
	int fd;
	const char *gate;
	const struct identity *identity;
	const struct secrets *secrets;
	const struct relayed *relayed;	/* NULL: kTLS has the connection */
	uint64_t handshake_time;	/* nanoseconds */
};

struct handed {
	uint32_t id;
	int fd;		/* -1: the kernel has the connection, or ended it */
	int error;	/* with fd, when 0 was returned: why the agent cannot */
};

/*
 * 0 or -errno. The number that was given means nothing afterwards: what is ours
 * still, to try again or to refuse, is @out->fd. Relayed connections are never
 * given back by the kernel, but it may turn the message away.
 */
int channel_handoff(struct channel *channel, const struct handoff *handoff,
		    struct handed *out);

#endif
