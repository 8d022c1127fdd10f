// SPDX-License-Identifier: GPL-2.0
/* Events for those who listen: the multicast group "events". */
#include <net/genetlink.h>

#include "conn.h"
#include "event.h"
#include "gate.h"
#include "identity.h"
#include "namespace.h"
#include "netlink.h"

/* Attributes of a connection or a gate besides the identity. */
#define EVENT_SIZE	2048

/* Nobody listens most of the time, and then nothing is built. An event that
 * cannot be built for want of memory is lost like one that does not fit a
 * listener's buffer: the listener is told by ENOBUFS.
 */
static struct sk_buff *event_begin(struct ktlsgate_net *kn, u8 command,
				   size_t size, void **header)
{
	struct sk_buff *skb;

	if (!genl_has_listeners(&ktlsgate_family, kn->net,
				KTLSGATE_NLGRP_EVENTS))
		return NULL;
	skb = genlmsg_new(size, GFP_KERNEL);
	if (skb) {
		*header = genlmsg_put(skb, 0, 0, &ktlsgate_family, 0, command);
		if (*header)
			return skb;
		nlmsg_free(skb);
	}
	genl_set_err(&ktlsgate_family, kn->net, 0, KTLSGATE_NLGRP_EVENTS,
		     ENOBUFS);
	return NULL;
}

static void event_send(struct ktlsgate_net *kn, struct sk_buff *skb,
		       void *header, int err)
{
	if (err) {
		nlmsg_free(skb);
		genl_set_err(&ktlsgate_family, kn->net, 0,
			     KTLSGATE_NLGRP_EVENTS, ENOBUFS);
		return;
	}
	genlmsg_end(skb, header);
	genlmsg_multicast_netns(&ktlsgate_family, kn->net, skb, 0,
				KTLSGATE_NLGRP_EVENTS, GFP_KERNEL);
}

/**
 * ktlsgate_event_conn() - a connection came or went
 * @conn: the connection
 * @command: KTLSGATE_CMD_CONN_OPEN_NTF or KTLSGATE_CMD_CONN_CLOSE_NTF
 */
void ktlsgate_event_conn(struct ktlsgate_conn *conn, u8 command)
{
	struct sk_buff *skb;
	void *header;

	skb = event_begin(conn->kn, command,
			  EVENT_SIZE + ktlsgate_identity_size(conn->identity),
			  &header);
	if (skb)
		event_send(conn->kn, skb, header,
			   ktlsgate_conn_fill(skb, conn, false));
}

/**
 * ktlsgate_event_gate() - a gate was added, changed or deleted
 * @kn: the namespace
 * @gate: the gate
 * @command: KTLSGATE_CMD_GATE_NTF or KTLSGATE_CMD_GATE_DEL_NTF
 */
void ktlsgate_event_gate(struct ktlsgate_net *kn, struct ktlsgate_gate *gate,
			 u8 command)
{
	struct sk_buff *skb;
	void *header;

	skb = event_begin(kn, command, EVENT_SIZE, &header);
	if (skb)
		event_send(kn, skb, header, ktlsgate_gate_fill(skb, kn, gate));
}

/**
 * ktlsgate_event_refused() - the handshake helper refused a client
 * @kn: the namespace
 * @info: its request, whose attributes passed the policy
 */
void ktlsgate_event_refused(struct ktlsgate_net *kn, struct genl_info *info)
{
	struct sk_buff *skb;
	void *header;
	int err = 0;
	int i;

	skb = event_begin(kn, KTLSGATE_CMD_REFUSED_NTF,
			  EVENT_SIZE + KTLSGATE_STRING_MAX, &header);
	if (!skb)
		return;
	for (i = 1; i <= KTLSGATE_A_REFUSED_PRINCIPAL && !err; i++)
		if (info->attrs[i])
			err = nla_put(skb, i, nla_len(info->attrs[i]),
				      nla_data(info->attrs[i]));
	event_send(kn, skb, header, err);
}
