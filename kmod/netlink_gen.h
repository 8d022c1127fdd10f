/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/ktlsgate.yaml */

#ifndef _LINUX_KTLSGATE_GEN_H
#define _LINUX_KTLSGATE_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <linux/ktlsgate.h>

/* Common nested types */
extern const struct nla_policy ktlsgate_identity_nl_policy[KTLSGATE_A_IDENTITY_RESUMED + 1];

extern const struct nla_policy ktlsgate_gate_get_nl_policy[KTLSGATE_A_GATE_NAME + 1];

extern const struct nla_policy ktlsgate_gate_add_nl_policy[KTLSGATE_A_GATE_KEY_RECORDS + 1];

extern const struct nla_policy ktlsgate_gate_set_nl_policy[KTLSGATE_A_GATE_KEY_RECORDS + 1];

extern const struct nla_policy ktlsgate_gate_del_nl_policy[KTLSGATE_A_GATE_NAME + 1];

extern const struct nla_policy ktlsgate_conn_get_nl_policy[KTLSGATE_A_CONN_WANT_NOTE + 1];

extern const struct nla_policy ktlsgate_conn_kill_nl_policy[KTLSGATE_A_CONN_CLOSE_TEXT + 1];

extern const struct nla_policy ktlsgate_handoff_nl_policy[KTLSGATE_A_HANDOFF_GIVE_BACK + 1];

extern const struct nla_policy ktlsgate_refuse_nl_policy[KTLSGATE_A_REFUSED_PRINCIPAL + 1];

extern const struct nla_policy ktlsgate_stats_get_nl_policy[KTLSGATE_A_STATS_GATE + 1];

/* Ops table for ktlsgate */
extern const struct genl_ops ktlsgate_nl_ops[9];

int ktlsgate_nl_gate_get_doit(struct sk_buff *skb, struct genl_info *info);
int ktlsgate_nl_gate_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb);
int ktlsgate_nl_gate_add_doit(struct sk_buff *skb, struct genl_info *info);
int ktlsgate_nl_gate_set_doit(struct sk_buff *skb, struct genl_info *info);
int ktlsgate_nl_gate_del_doit(struct sk_buff *skb, struct genl_info *info);
int ktlsgate_nl_conn_get_doit(struct sk_buff *skb, struct genl_info *info);
int ktlsgate_nl_conn_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb);
int ktlsgate_nl_conn_kill_doit(struct sk_buff *skb, struct genl_info *info);
int ktlsgate_nl_handoff_doit(struct sk_buff *skb, struct genl_info *info);
int ktlsgate_nl_refuse_doit(struct sk_buff *skb, struct genl_info *info);
int ktlsgate_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info);

enum {
	KTLSGATE_NLGRP_EVENTS,
};

#endif /* _LINUX_KTLSGATE_GEN_H */
