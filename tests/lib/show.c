// SPDX-License-Identifier: GPL-2.0-or-later
/* What the module shows: gates, connections, totals, events. */
#include <errno.h>
#include <netlink/genl/ctrl.h>
#include <poll.h>
#include <string.h>

#include "gate.h"

static uint64_t number(struct nlattr *attr)
{
	if (!attr)
		return 0;
	switch (nla_len(attr)) {
	case 8:
		return nla_get_u64(attr);
	case 4:
		return nla_get_u32(attr);
	case 2:
		return nla_get_u16(attr);
	default:
		return nla_get_u8(attr);
	}
}

static void text(char *out, struct nlattr *attr, size_t size)
{
	out[0] = '\0';
	if (attr)
		nla_strlcpy(out, attr, size);
}

static union net_addr address(struct nlattr *addr, struct nlattr *port)
{
	union net_addr a = {};

	if (!addr)
		return a;
	if (nla_len(addr) == 4) {
		a.sa.sa_family = AF_INET;
		memcpy(&a.in.sin_addr, nla_data(addr), 4);
		a.in.sin_port = htons(number(port));
	} else if (nla_len(addr) == 16) {
		a.sa.sa_family = AF_INET6;
		memcpy(&a.in6.sin6_addr, nla_data(addr), 16);
		a.in6.sin6_port = htons(number(port));
	}
	return a;
}

/* A count for each reason: nests of { reason, count } */
static void counts(uint64_t *out, struct nlattr *stats, int type, int key,
		   int value)
{
	struct nlattr *attr, *nest[8];
	uint64_t reason;
	int rem;

	nla_for_each_nested(attr, stats, rem) {
		if (nla_type(attr) != type ||
		    nla_parse_nested(nest, 7, attr, NULL))
			continue;
		reason = number(nest[key]);
		if (reason < 16)
			out[reason] = number(nest[value]);
	}
}

static int on_gate(struct genlmsghdr *hdr, struct nlattr **attrs, void *arg)
{
	struct nlattr *s[KTLSGATE_A_GATE_STATS_MAX + 1];
	struct gate_info *g = arg;

	text(g->name, attrs[KTLSGATE_A_GATE_NAME], sizeof(g->name));
	g->port = number(attrs[KTLSGATE_A_GATE_PORT]);
	g->state = number(attrs[KTLSGATE_A_GATE_STATE]);
	g->listener = number(attrs[KTLSGATE_A_GATE_LISTENER]);
	g->queue_length = number(attrs[KTLSGATE_A_GATE_QUEUE_LENGTH]);
	g->queue_max = number(attrs[KTLSGATE_A_GATE_QUEUE_MAX]);
	g->connections = number(attrs[KTLSGATE_A_GATE_CONNECTIONS]);
	g->key_records = number(attrs[KTLSGATE_A_GATE_KEY_RECORDS]);
	if (!attrs[KTLSGATE_A_GATE_STATS] ||
	    nla_parse_nested(s, KTLSGATE_A_GATE_STATS_MAX,
			     attrs[KTLSGATE_A_GATE_STATS], NULL))
		return 0;
	g->handoffs = number(s[KTLSGATE_A_GATE_STATS_HANDOFFS]);
	g->handoff_failures = number(s[KTLSGATE_A_GATE_STATS_HANDOFF_FAILURES]);
	g->refusals = number(s[KTLSGATE_A_GATE_STATS_REFUSALS]);
	g->closed = number(s[KTLSGATE_A_GATE_STATS_CLOSED]);
	g->rx_bytes = number(s[KTLSGATE_A_GATE_STATS_RX_BYTES]);
	g->tx_bytes = number(s[KTLSGATE_A_GATE_STATS_TX_BYTES]);
	g->sendfile_calls = number(s[KTLSGATE_A_GATE_STATS_TX_SENDFILE_CALLS]);
	g->sendfile_bytes = number(s[KTLSGATE_A_GATE_STATS_TX_SENDFILE_BYTES]);
	g->updates_received =
		number(s[KTLSGATE_A_GATE_STATS_KEY_UPDATES_RECEIVED]);
	g->updates_sent = number(s[KTLSGATE_A_GATE_STATS_KEY_UPDATES_SENT]);
	counts(g->refused_by, attrs[KTLSGATE_A_GATE_STATS],
	       KTLSGATE_A_GATE_STATS_REFUSED_BY, KTLSGATE_A_REFUSAL_COUNT_CODE,
	       KTLSGATE_A_REFUSAL_COUNT_COUNT);
	counts(g->closed_by, attrs[KTLSGATE_A_GATE_STATS],
	       KTLSGATE_A_GATE_STATS_CLOSED_BY, KTLSGATE_A_CLOSE_COUNT_REASON,
	       KTLSGATE_A_CLOSE_COUNT_COUNT);
	return 0;
}

int gate_get(struct gate_nl *nl, const char *name, struct gate_info *info)
{
	struct nl_msg *msg = gate_msg(nl, KTLSGATE_CMD_GATE_GET, 0);

	memset(info, 0, sizeof(*info));
	nla_put_string(msg, KTLSGATE_A_GATE_NAME, name);
	return gate_send(nl, msg, on_gate, info);
}

static int on_stats(struct genlmsghdr *hdr, struct nlattr **attrs, void *arg)
{
	struct gate_stats *s = arg;

	s->gates = number(attrs[KTLSGATE_A_STATS_GATES]);
	s->connections = number(attrs[KTLSGATE_A_STATS_CONNECTIONS]);
	s->queued = number(attrs[KTLSGATE_A_STATS_QUEUED]);
	s->handoffs = number(attrs[KTLSGATE_A_STATS_HANDOFFS]);
	s->handoff_failures = number(attrs[KTLSGATE_A_STATS_HANDOFF_FAILURES]);
	s->refusals = number(attrs[KTLSGATE_A_STATS_REFUSALS]);
	s->closed = number(attrs[KTLSGATE_A_STATS_CLOSED]);
	s->updates_received =
		number(attrs[KTLSGATE_A_STATS_KEY_UPDATES_RECEIVED]);
	s->updates_sent = number(attrs[KTLSGATE_A_STATS_KEY_UPDATES_SENT]);
	text(s->version, attrs[KTLSGATE_A_STATS_MODULE_VERSION],
	     sizeof(s->version));
	return 0;
}

int gate_stats(struct gate_nl *nl, struct gate_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
	return gate_send(nl, gate_msg(nl, KTLSGATE_CMD_STATS_GET, 0), on_stats,
			 stats);
}

void gate_conn_parse(struct nlattr **attrs, struct gate_conn *c)
{
	struct nlattr *id[KTLSGATE_A_IDENTITY_MAX + 1];

	memset(c, 0, sizeof(*c));
	c->id = number(attrs[KTLSGATE_A_CONN_ID]);
	c->state = number(attrs[KTLSGATE_A_CONN_STATE]);
	c->path = number(attrs[KTLSGATE_A_CONN_PATH]);
	c->close_reason = number(attrs[KTLSGATE_A_CONN_CLOSE_REASON]);
	c->alert = attrs[KTLSGATE_A_CONN_ALERT] ?
		   (int)number(attrs[KTLSGATE_A_CONN_ALERT]) : -1;
	text(c->gate, attrs[KTLSGATE_A_CONN_GATE], sizeof(c->gate));
	c->peer = address(attrs[KTLSGATE_A_CONN_PEER_ADDRESS],
			  attrs[KTLSGATE_A_CONN_PEER_PORT]);
	c->local = address(attrs[KTLSGATE_A_CONN_LOCAL_ADDRESS],
			   attrs[KTLSGATE_A_CONN_LOCAL_PORT]);
	c->rx_bytes = number(attrs[KTLSGATE_A_CONN_RX_BYTES]);
	c->tx_bytes = number(attrs[KTLSGATE_A_CONN_TX_BYTES]);
	c->sendfile_calls = number(attrs[KTLSGATE_A_CONN_TX_SENDFILE_CALLS]);
	c->sendfile_bytes = number(attrs[KTLSGATE_A_CONN_TX_SENDFILE_BYTES]);
	text(c->reason, attrs[KTLSGATE_A_CONN_RELAY_REASON], sizeof(c->reason));
	c->updates_received =
		number(attrs[KTLSGATE_A_CONN_KEY_UPDATES_RECEIVED]);
	c->updates_sent = number(attrs[KTLSGATE_A_CONN_KEY_UPDATES_SENT]);
	c->age = number(attrs[KTLSGATE_A_CONN_AGE]);
	c->handshake_time = number(attrs[KTLSGATE_A_CONN_HANDSHAKE_TIME]);
	text(c->close_text, attrs[KTLSGATE_A_CONN_CLOSE_TEXT],
	     sizeof(c->close_text));
	c->note_len = -1;
	if (attrs[KTLSGATE_A_CONN_NOTE]) {
		c->note_len = nla_len(attrs[KTLSGATE_A_CONN_NOTE]);
		nla_memcpy(c->note, attrs[KTLSGATE_A_CONN_NOTE],
			   sizeof(c->note));
	}
	if (attrs[KTLSGATE_A_CONN_IDENTITY] &&
	    !nla_parse_nested(id, KTLSGATE_A_IDENTITY_MAX,
			      attrs[KTLSGATE_A_CONN_IDENTITY], NULL))
		text(c->principal, id[KTLSGATE_A_IDENTITY_PRINCIPAL],
		     sizeof(c->principal));
}

static int on_conn(struct genlmsghdr *hdr, struct nlattr **attrs, void *arg)
{
	gate_conn_parse(attrs, arg);
	return 0;
}

int gate_conn_get(struct gate_nl *nl, uint32_t id, struct gate_conn *conn)
{
	struct nl_msg *msg = gate_msg(nl, KTLSGATE_CMD_CONN_GET, 0);

	memset(conn, 0, sizeof(*conn));
	nla_put_u32(msg, KTLSGATE_A_CONN_ID, id);
	return gate_send(nl, msg, on_conn, conn);
}

int gate_subscribe(struct gate_nl *nl)
{
	int group = genl_ctrl_resolve_grp(nl->sock, KTLSGATE_FAMILY_NAME,
					  KTLSGATE_MCGRP_EVENTS);

	if (group < 0)
		return group;
	nl_socket_disable_seq_check(nl->sock);
	return nl_socket_add_membership(nl->sock, group);
}

struct wanted {
	int cmd;
	bool got;
	struct gate_event *event;
};

static int on_event(struct nl_msg *msg, void *arg)
{
	struct genlmsghdr *hdr = genlmsg_hdr(nlmsg_hdr(msg));
	struct nlattr *attrs[64];
	struct wanted *w = arg;

	if (hdr->cmd != w->cmd || w->got)
		return NL_OK;
	nla_parse(attrs, 63, genlmsg_attrdata(hdr, 0),
		  genlmsg_attrlen(hdr, 0), NULL);
	memset(w->event, 0, sizeof(*w->event));
	w->event->cmd = hdr->cmd;
	w->got = true;
	switch (hdr->cmd) {
	case KTLSGATE_CMD_CONN_OPEN_NTF:
	case KTLSGATE_CMD_CONN_CLOSE_NTF:
		gate_conn_parse(attrs, &w->event->conn);
		break;
	case KTLSGATE_CMD_REFUSED_NTF:
		text(w->event->gate, attrs[KTLSGATE_A_REFUSED_GATE],
		     sizeof(w->event->gate));
		text(w->event->reason, attrs[KTLSGATE_A_REFUSED_REASON],
		     sizeof(w->event->reason));
		w->event->code = number(attrs[KTLSGATE_A_REFUSED_CODE]);
		w->event->alert = attrs[KTLSGATE_A_REFUSED_ALERT] ?
			(int)number(attrs[KTLSGATE_A_REFUSED_ALERT]) : -1;
		break;
	default:
		text(w->event->gate, attrs[KTLSGATE_A_GATE_NAME],
		     sizeof(w->event->gate));
	}
	return NL_STOP;
}

int gate_event(struct gate_nl *nl, int cmd, struct gate_event *event)
{
	struct wanted w = { .cmd = cmd, .event = event };
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	uint64_t end = net_now_ms() + NET_DEADLINE_MS;

	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_event, &w);
	while (!w.got && net_now_ms() < end)
		if (net_poll(nl_socket_get_fd(nl->sock), POLLIN, 100) > 0)
			nl_recvmsgs(nl->sock, cb);
	nl_cb_put(cb);
	return w.got ? 0 : -1;
}
