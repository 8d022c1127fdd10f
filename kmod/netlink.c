// SPDX-License-Identifier: GPL-2.0
/* Generic netlink: the family and its operations but the handoff and
 * those on connections.
 */
#include <linux/module.h>
#include <net/genetlink.h>

#include "address.h"
#include "conn.h"
#include "event.h"
#include "gate.h"
#include "namespace.h"
#include "netlink.h"

/**
 * ktlsgate_reply() - begins the answer to a request
 * @info: the request
 * @command: of the answer
 * @size: room for its attributes
 * @header: what ktlsgate_reply_end() needs
 *
 * Return: the message, or NULL when there is no memory, which is then said.
 */
struct sk_buff *ktlsgate_reply(struct genl_info *info, u8 command, size_t size,
			       void **header)
{
	struct sk_buff *skb;

	skb = genlmsg_new(size, GFP_KERNEL);
	if (!skb) {
		refuse_no_memory(info->extack);
		return NULL;
	}
	*header = genlmsg_put_reply(skb, info, &ktlsgate_family, 0, command);
	if (*header)
		return skb;
	nlmsg_free(skb);
	return NULL;
}

/**
 * ktlsgate_reply_end() - sends an answer, or drops it
 * @info: the request
 * @skb: the message, gone afterwards
 * @header: of ktlsgate_reply()
 * @err: why it cannot be sent, 0 otherwise
 *
 * Return: 0 or a negative error.
 */
int ktlsgate_reply_end(struct genl_info *info, struct sk_buff *skb,
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
	reply = ktlsgate_reply(info, KTLSGATE_CMD_GATE_GET, NLMSG_GOODSIZE,
			       &header);
	if (reply)
		err = ktlsgate_reply_end(info, reply, header,
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
	if (info->attrs[KTLSGATE_A_GATE_KEY_RECORDS]) {
		change->has_key_records = true;
		change->key_records =
			nla_get_u32(info->attrs[KTLSGATE_A_GATE_KEY_RECORDS]);
		if (change->key_records > KTLSGATE_KEY_RECORDS_MAX) {
			NL_SET_ERR_MSG_ATTR(info->extack,
					    info->attrs[KTLSGATE_A_GATE_KEY_RECORDS],
					    "a key protects 2^24 records at most");
			return -ERANGE;
		}
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

	BUILD_BUG_ON(ARRAY_SIZE(gate->refused_by) != 14);
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
	reply = ktlsgate_reply(info, KTLSGATE_CMD_STATS_GET, NLMSG_GOODSIZE,
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
	err = ktlsgate_reply_end(info, reply, header, err);
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
			ktlsgate_ops[i].start = ktlsgate_conn_dump_start;
	return genl_register_family(&ktlsgate_family);
}

void ktlsgate_netlink_exit(void)
{
	genl_unregister_family(&ktlsgate_family);
}
