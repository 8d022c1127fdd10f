// SPDX-License-Identifier: GPL-2.0
/* Generic netlink: the family and its operations but the handoff. */
#include <linux/module.h>
#include <net/genetlink.h>

#include "address.h"
#include "close.h"
#include "compat/compat.h"
#include "conn.h"
#include "event.h"
#include "gate.h"
#include "identity.h"
#include "namespace.h"
#include "netlink.h"

/* Whether an attribute is not there, which is then said. */
#define netlink_missing(info, attr, what) ({				\
	struct genl_info *__info = (info);				\
	bool __missing = !__info->attrs[attr];				\
									\
	if (__missing)							\
		NL_SET_ERR_MSG(__info->extack, what " is missing");	\
	__missing;							\
})

static struct sk_buff *netlink_reply(struct genl_info *info, u8 command,
				     size_t size, void **header)
{
	struct sk_buff *skb;

	skb = genlmsg_new(size, GFP_KERNEL);
	if (!skb)
		return NULL;
	*header = genlmsg_put_reply(skb, info, &ktlsgate_family, 0, command);
	if (*header)
		return skb;
	nlmsg_free(skb);
	return NULL;
}

static int netlink_reply_end(struct genl_info *info, struct sk_buff *skb,
			     void *header, int err)
{
	if (err) {
		nlmsg_free(skb);
		return err;
	}
	genlmsg_end(skb, header);
	return genlmsg_reply(skb, info);
}

static struct ktlsgate_gate *netlink_gate(struct genl_info *info, int attr)
{
	struct ktlsgate_net *kn = ktlsgate_net(genl_info_net(info));
	struct ktlsgate_gate *gate;

	if (netlink_missing(info, attr, "the gate's name"))
		return ERR_PTR(-EINVAL);
	gate = ktlsgate_gate_get(kn, nla_data(info->attrs[attr]));
	if (!gate) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[attr],
				    "no gate of this name");
		return ERR_PTR(-ENOENT);
	}
	return gate;
}

int ktlsgate_nl_gate_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct ktlsgate_net *kn = ktlsgate_net(genl_info_net(info));
	struct ktlsgate_gate *gate;
	struct sk_buff *reply;
	int err = -ENOMEM;
	void *header;

	gate = netlink_gate(info, KTLSGATE_A_GATE_NAME);
	if (IS_ERR(gate))
		return PTR_ERR(gate);
	reply = netlink_reply(info, KTLSGATE_CMD_GATE_GET, NLMSG_GOODSIZE,
			      &header);
	if (reply)
		err = netlink_reply_end(info, reply, header,
					ktlsgate_gate_fill(reply, kn, gate));
	ktlsgate_gate_put(gate);
	return err;
}

int ktlsgate_nl_gate_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb)
{
	struct ktlsgate_net *kn = ktlsgate_net(sock_net(skb->sk));
	struct ktlsgate_gate *gate;
	int err = 0;
	void *header;

	while (!err && (gate = ktlsgate_gate_after(kn, cb->args[0]))) {
		err = -EMSGSIZE;
		header = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				     cb->nlh->nlmsg_seq, &ktlsgate_family,
				     NLM_F_MULTI, KTLSGATE_CMD_GATE_GET);
		if (header)
			err = ktlsgate_gate_fill(skb, kn, gate);
		if (!err) {
			genlmsg_end(skb, header);
			cb->args[0] = gate->seq;
		} else if (header) {
			genlmsg_cancel(skb, header);
		}
		ktlsgate_gate_put(gate);
	}
	return skb->len ?: err;
}

static int netlink_gate_change(struct genl_info *info,
			       struct ktlsgate_gate_change *change)
{
	struct nlattr *address = info->attrs[KTLSGATE_A_GATE_ADDRESS];

	memset(change, 0, sizeof(*change));
	if (info->attrs[KTLSGATE_A_GATE_PORT]) {
		change->has_port = true;
		change->where.port =
			nla_get_u16(info->attrs[KTLSGATE_A_GATE_PORT]);
	}
	if (address) {
		change->has_address = true;
		if (!ktlsgate_get_address(address, &change->where.address)) {
			NL_SET_ERR_MSG_ATTR(info->extack, address,
					    "an address has 4 or 16 bytes");
			return -EINVAL;
		}
	}
	if (info->attrs[KTLSGATE_A_GATE_STATE]) {
		change->has_state = true;
		change->down =
			nla_get_u32(info->attrs[KTLSGATE_A_GATE_STATE]) ==
			KTLSGATE_GATE_STATE_DOWN;
	}
	return 0;
}

static void netlink_gate_event(struct ktlsgate_net *kn, const char *name)
{
	struct ktlsgate_gate *gate = ktlsgate_gate_get(kn, name);

	if (!gate)
		return;
	ktlsgate_event_gate(kn, gate, KTLSGATE_CMD_GATE_NTF);
	ktlsgate_gate_put(gate);
}

typedef int netlink_gate_writer(struct ktlsgate_net *kn, const char *name,
				const struct ktlsgate_gate_change *change,
				struct netlink_ext_ack *extack);

static int netlink_gate_write(struct genl_info *info,
			      netlink_gate_writer *write)
{
	struct ktlsgate_net *kn = ktlsgate_net(genl_info_net(info));
	struct ktlsgate_gate_change change;
	const char *name;
	int err;

	if (netlink_missing(info, KTLSGATE_A_GATE_NAME, "the gate's name"))
		return -EINVAL;
	name = nla_data(info->attrs[KTLSGATE_A_GATE_NAME]);
	err = netlink_gate_change(info, &change) ?:
	      write(kn, name, &change, info->extack);
	if (!err)
		netlink_gate_event(kn, name);
	return err;
}

int ktlsgate_nl_gate_add_doit(struct sk_buff *skb, struct genl_info *info)
{
	return netlink_gate_write(info, ktlsgate_gate_add);
}

int ktlsgate_nl_gate_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	return netlink_gate_write(info, ktlsgate_gate_set);
}

int ktlsgate_nl_gate_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *name = info->attrs[KTLSGATE_A_GATE_NAME];
	struct ktlsgate_net *kn = ktlsgate_net(genl_info_net(info));
	struct ktlsgate_gate *gate;

	if (netlink_missing(info, KTLSGATE_A_GATE_NAME, "the gate's name"))
		return -EINVAL;
	gate = ktlsgate_gate_delete(kn, nla_data(name));
	if (!gate) {
		NL_SET_ERR_MSG_ATTR(info->extack, name,
				    "no gate of this name");
		return -ENOENT;
	}
	ktlsgate_event_gate(kn, gate, KTLSGATE_CMD_GATE_DEL_NTF);
	ktlsgate_gate_put(gate);
	return 0;
}

int ktlsgate_nl_conn_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct ktlsgate_net *kn = ktlsgate_net(genl_info_net(info));
	bool note = info->attrs[KTLSGATE_A_CONN_WANT_NOTE];
	struct ktlsgate_conn *conn;
	struct sk_buff *reply;
	int err = -ENOMEM;
	void *header;

	if (netlink_missing(info, KTLSGATE_A_CONN_ID, "the connection's id"))
		return -EINVAL;
	if (info->attrs[KTLSGATE_A_CONN_GATE] ||
	    info->attrs[KTLSGATE_A_CONN_PEER_ADDRESS] ||
	    info->attrs[KTLSGATE_A_CONN_PEER_PORT] ||
	    info->attrs[KTLSGATE_A_CONN_PRINCIPAL] ||
	    info->attrs[KTLSGATE_A_CONN_NOT_AFTER]) {
		NL_SET_ERR_MSG(info->extack,
			       "an id leaves nothing to filter");
		return -EINVAL;
	}
	conn = ktlsgate_conn_get(kn,
				 nla_get_u32(info->attrs[KTLSGATE_A_CONN_ID]));
	if (!conn) {
		NL_SET_ERR_MSG(info->extack, "no connection of this id");
		return -ENOENT;
	}
	reply = netlink_reply(info, KTLSGATE_CMD_CONN_GET,
			      NLMSG_GOODSIZE + KTLSGATE_IDENTITY_SIZE +
			      KTLSGATE_NOTE_MAX, &header);
	if (reply)
		err = netlink_reply_end(info, reply, header,
					ktlsgate_conn_fill(reply, conn, note));
	ktlsgate_conn_put(conn);
	return err;
}

static bool netlink_conn_wanted(struct nlattr **attrs,
				const struct ktlsgate_conn *conn,
				const struct in6_addr *peer)
{
	if (attrs[KTLSGATE_A_CONN_ID] &&
	    conn->id != nla_get_u32(attrs[KTLSGATE_A_CONN_ID]))
		return false;
	if (attrs[KTLSGATE_A_CONN_GATE] &&
	    strcmp(conn->gate->name, nla_data(attrs[KTLSGATE_A_CONN_GATE])))
		return false;
	if (attrs[KTLSGATE_A_CONN_PRINCIPAL] &&
	    strcmp(conn->identity->principal,
		   nla_data(attrs[KTLSGATE_A_CONN_PRINCIPAL])))
		return false;
	if (attrs[KTLSGATE_A_CONN_PEER_ADDRESS] &&
	    !ipv6_addr_equal(&conn->peer, peer))
		return false;
	if (attrs[KTLSGATE_A_CONN_NOT_AFTER] &&
	    !ktlsgate_identity_ends(conn->identity,
				    nla_get_u64(attrs[KTLSGATE_A_CONN_NOT_AFTER])))
		return false;
	return !attrs[KTLSGATE_A_CONN_PEER_PORT] ||
	       conn->peer_port == nla_get_u16(attrs[KTLSGATE_A_CONN_PEER_PORT]);
}

static int netlink_conn_dump_start(struct netlink_callback *cb)
{
	struct nlattr **attrs = ktlsgate_dump_attrs(cb);
	struct in6_addr peer;

	if (attrs[KTLSGATE_A_CONN_PEER_ADDRESS] &&
	    !ktlsgate_get_address(attrs[KTLSGATE_A_CONN_PEER_ADDRESS],
				  &peer)) {
		NL_SET_ERR_MSG_ATTR(cb->extack,
				    attrs[KTLSGATE_A_CONN_PEER_ADDRESS],
				    "an address has 4 or 16 bytes");
		return -EINVAL;
	}
	/* One connection has to fit. */
	cb->min_dump_alloc = NLMSG_GOODSIZE + KTLSGATE_IDENTITY_SIZE +
			     KTLSGATE_NOTE_MAX;
	return 0;
}

int ktlsgate_nl_conn_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb)
{
	struct ktlsgate_net *kn = ktlsgate_net(sock_net(skb->sk));
	struct nlattr **attrs = ktlsgate_dump_attrs(cb);
	bool note = attrs[KTLSGATE_A_CONN_WANT_NOTE];
	struct in6_addr peer = in6addr_any;
	unsigned long id = cb->args[0];
	struct ktlsgate_conn *conn;
	int err = 0;
	void *header;

	if (attrs[KTLSGATE_A_CONN_PEER_ADDRESS])
		ktlsgate_get_address(attrs[KTLSGATE_A_CONN_PEER_ADDRESS],
				     &peer);
	while (!err && (conn = ktlsgate_conn_after(kn, &id))) {
		if (!netlink_conn_wanted(attrs, conn, &peer)) {
			cb->args[0] = id;
			ktlsgate_conn_put(conn);
			continue;
		}
		err = -EMSGSIZE;
		header = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				     cb->nlh->nlmsg_seq, &ktlsgate_family,
				     NLM_F_MULTI, KTLSGATE_CMD_CONN_GET);
		if (header)
			err = ktlsgate_conn_fill(skb, conn, note);
		if (!err) {
			genlmsg_end(skb, header);
			cb->args[0] = id;
		} else if (header) {
			genlmsg_cancel(skb, header);
		}
		ktlsgate_conn_put(conn);
	}
	return skb->len ?: err;
}

int ktlsgate_nl_conn_kill_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct ktlsgate_net *kn = ktlsgate_net(genl_info_net(info));
	struct nlattr *reason = info->attrs[KTLSGATE_A_CONN_CLOSE_REASON];
	struct nlattr *text = info->attrs[KTLSGATE_A_CONN_CLOSE_TEXT];
	struct nlattr *alert = info->attrs[KTLSGATE_A_CONN_ALERT];
	u32 why = KTLSGATE_CLOSE_REASON_KILLED;
	struct ktlsgate_conn *conn;
	char *copy = NULL;

	if (netlink_missing(info, KTLSGATE_A_CONN_ID, "the connection's id"))
		return -EINVAL;
	if (reason)
		why = nla_get_u32(reason);
	if (why != KTLSGATE_CLOSE_REASON_KILLED &&
	    why != KTLSGATE_CLOSE_REASON_REFUSED &&
	    why != KTLSGATE_CLOSE_REASON_CERTIFICATE_EXPIRED) {
		NL_SET_ERR_MSG_ATTR(info->extack, reason,
				    "the reason is neither killed nor refused nor certificate-expired");
		return -EINVAL;
	}
	conn = ktlsgate_conn_get(kn,
				 nla_get_u32(info->attrs[KTLSGATE_A_CONN_ID]));
	if (!conn) {
		NL_SET_ERR_MSG(info->extack, "no connection of this id");
		return -ENOENT;
	}
	if (text) {
		copy = nla_strdup(text, GFP_KERNEL);
		if (!copy) {
			ktlsgate_conn_put(conn);
			return -ENOMEM;
		}
	}
	ktlsgate_kill(conn, why, alert ? nla_get_u8(alert) : -1, copy);
	ktlsgate_conn_put(conn);
	return 0;
}

int ktlsgate_nl_refuse_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *address = info->attrs[KTLSGATE_A_REFUSED_PEER_ADDRESS];
	struct ktlsgate_net *kn = ktlsgate_net(genl_info_net(info));
	struct ktlsgate_gate *gate;
	struct in6_addr peer;
	u32 code;

	if (netlink_missing(info, KTLSGATE_A_REFUSED_CODE, "the code") ||
	    netlink_missing(info, KTLSGATE_A_REFUSED_REASON, "the reason") ||
	    netlink_missing(info, KTLSGATE_A_REFUSED_PEER_ADDRESS,
			    "the peer's address"))
		return -EINVAL;
	if (!ktlsgate_get_address(address, &peer)) {
		NL_SET_ERR_MSG_ATTR(info->extack, address,
				    "an address has 4 or 16 bytes");
		return -EINVAL;
	}
	gate = netlink_gate(info, KTLSGATE_A_REFUSED_GATE);
	if (IS_ERR(gate))
		return PTR_ERR(gate);

	BUILD_BUG_ON(ARRAY_SIZE(gate->refused_by) != 13);
	atomic64_inc(&kn->counters.refusals);
	atomic64_inc(&gate->counters.refusals);
	/* The policy bounds it. */
	code = nla_get_u32(info->attrs[KTLSGATE_A_REFUSED_CODE]);
	atomic64_inc(&gate->refused_by[code]);
	ktlsgate_event_refused(kn, info);
	ktlsgate_gate_put(gate);
	return 0;
}

static int netlink_fill_stats(struct sk_buff *skb, u32 gates, u32 connections,
			      u32 queued, const struct ktlsgate_counters *c)
{
#define PUT(attr, value)						\
	nla_put_u64_64bit(skb, KTLSGATE_A_STATS_##attr,			\
			  atomic64_read(&(value)), KTLSGATE_A_STATS_PAD)
	if (nla_put_u32(skb, KTLSGATE_A_STATS_GATES, gates) ||
	    nla_put_u32(skb, KTLSGATE_A_STATS_CONNECTIONS, connections) ||
	    nla_put_u32(skb, KTLSGATE_A_STATS_QUEUED, queued) ||
	    PUT(HANDOFFS, c->handoffs) ||
	    PUT(HANDOFF_FAILURES, c->handoff_failures) ||
	    PUT(REFUSALS, c->refusals) ||
	    PUT(CLOSED, c->closed) ||
	    PUT(KEY_UPDATES_RECEIVED, c->key_updates_received) ||
	    PUT(KEY_UPDATES_SENT, c->key_updates_sent) ||
	    nla_put_string(skb, KTLSGATE_A_STATS_MODULE_VERSION,
			   KTLSGATE_VERSION))
		return -EMSGSIZE;
#undef PUT
	return 0;
}

/* Waiting connections are few and the question is rare: count them. */
static u32 netlink_count_queued(struct ktlsgate_net *kn,
				const struct ktlsgate_gate *gate)
{
	struct ktlsgate_conn *conn;
	unsigned long id = 0;
	u32 queued = 0;

	while ((conn = ktlsgate_conn_after(kn, &id))) {
		if (conn->gate == gate &&
		    !test_bit(KTLSGATE_CONN_ACCEPTED, &conn->flags))
			queued++;
		ktlsgate_conn_put(conn);
	}
	return queued;
}

int ktlsgate_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct ktlsgate_net *kn = ktlsgate_net(genl_info_net(info));
	struct ktlsgate_gate *gate = NULL;
	struct sk_buff *reply;
	void *header;
	int err;

	if (info->attrs[KTLSGATE_A_STATS_GATE]) {
		gate = netlink_gate(info, KTLSGATE_A_STATS_GATE);
		if (IS_ERR(gate))
			return PTR_ERR(gate);
	}
	err = -ENOMEM;
	reply = netlink_reply(info, KTLSGATE_CMD_STATS_GET, NLMSG_GOODSIZE,
			      &header);
	if (!reply)
		goto out;
	if (gate)
		err = netlink_fill_stats(reply, 1,
					 atomic_read(&gate->connections),
					 netlink_count_queued(kn, gate),
					 &gate->counters);
	else
		err = netlink_fill_stats(reply, READ_ONCE(kn->gates_nr),
					 atomic_read(&kn->live),
					 atomic_read(&kn->queued),
					 &kn->counters);
	err = netlink_reply_end(info, reply, header, err);
out:
	if (gate)
		ktlsgate_gate_put(gate);
	return err;
}

/* Principals are told to those who may also kill a connection. */
static const struct genl_multicast_group ktlsgate_groups[] = {
	[KTLSGATE_NLGRP_EVENTS] = {
		.name = KTLSGATE_MCGRP_EVENTS,
		.flags = GENL_MCAST_CAP_NET_ADMIN,
	},
};

/* The generated table, which cannot say .start. */
static struct genl_ops ktlsgate_ops[ARRAY_SIZE(ktlsgate_nl_ops)]
	__ro_after_init;

struct genl_family ktlsgate_family __ro_after_init = {
	.name		= KTLSGATE_FAMILY_NAME,
	.version	= KTLSGATE_FAMILY_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.ops		= ktlsgate_ops,
	.n_ops		= ARRAY_SIZE(ktlsgate_ops),
	.resv_start_op	= KTLSGATE_CMD_STATS_GET + 1,
	.mcgrps		= ktlsgate_groups,
	.n_mcgrps	= ARRAY_SIZE(ktlsgate_groups),
};

int __init ktlsgate_netlink_init(void)
{
	int i;

	memcpy(ktlsgate_ops, ktlsgate_nl_ops, sizeof(ktlsgate_ops));
	for (i = 0; i < ARRAY_SIZE(ktlsgate_ops); i++)
		if (ktlsgate_ops[i].cmd == KTLSGATE_CMD_CONN_GET)
			ktlsgate_ops[i].start = netlink_conn_dump_start;
	return genl_register_family(&ktlsgate_family);
}

void ktlsgate_netlink_exit(void)
{
	genl_unregister_family(&ktlsgate_family);
}
