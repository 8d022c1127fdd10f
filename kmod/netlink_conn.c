// SPDX-License-Identifier: GPL-2.0
/* Generic netlink: the operations on connections. */
#include <net/genetlink.h>

#include "address.h"
#include "close.h"
#include "compat/compat.h"
#include "conn.h"
#include "gate.h"
#include "identity.h"
#include "namespace.h"
#include "netlink.h"

/* The connection of the request's id, which is there. */
static struct ktlsgate_conn *netlink_conn(struct genl_info *info)
{
	struct ktlsgate_net *kn = ktlsgate_net(genl_info_net(info));
	struct ktlsgate_conn *conn;

	conn = ktlsgate_conn_get(kn,
				 nla_get_u32(info->attrs[KTLSGATE_A_CONN_ID]));
	if (!conn) {
		NL_SET_ERR_MSG(info->extack, "no connection of this id");
		return ERR_PTR(-ENOENT);
	}
	return conn;
}

int ktlsgate_nl_conn_get_doit(struct sk_buff *skb, struct genl_info *info)
{
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
	conn = netlink_conn(info);
	if (IS_ERR(conn))
		return PTR_ERR(conn);
	reply = ktlsgate_reply(info, KTLSGATE_CMD_CONN_GET,
			       NLMSG_GOODSIZE + conn->note_len +
			       ktlsgate_identity_size(conn->identity),
			       &header);
	if (reply)
		err = ktlsgate_reply_end(info, reply, header,
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

/**
 * ktlsgate_conn_dump_start() - says how much a dump of connections needs at least
 * @cb: the dump
 *
 * Return: 0
 */
int ktlsgate_conn_dump_start(struct netlink_callback *cb)
{
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

	/* Not at the start: Linux 6.1 has no room for a sentence there. */
	if (attrs[KTLSGATE_A_CONN_PEER_ADDRESS] &&
	    !ktlsgate_get_address(attrs[KTLSGATE_A_CONN_PEER_ADDRESS],
				  &peer)) {
		NL_SET_ERR_MSG_ATTR(cb->extack,
				    attrs[KTLSGATE_A_CONN_PEER_ADDRESS],
				    "an address has 4 or 16 bytes");
		return -EINVAL;
	}
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
	conn = netlink_conn(info);
	if (IS_ERR(conn))
		return PTR_ERR(conn);
	if (text) {
		copy = nla_strdup(text, GFP_KERNEL);
		if (!copy) {
			ktlsgate_conn_put(conn);
			return refuse_no_memory(info->extack);
		}
	}
	ktlsgate_kill(conn, why, alert ? nla_get_u8(alert) : -1, copy);
	ktlsgate_conn_put(conn);
	return 0;
}
