// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/ktlsgate.yaml */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink_gen.h"

#include <linux/ktlsgate.h>

/* Common nested types */
const struct nla_policy ktlsgate_identity_nl_policy[KTLSGATE_A_IDENTITY_RESUMED + 1] = {
	[KTLSGATE_A_IDENTITY_PRINCIPAL] = { .type = NLA_NUL_STRING, .len = KTLSGATE_STRING_MAX, },
	[KTLSGATE_A_IDENTITY_SUBJECT] = { .type = NLA_NUL_STRING, .len = KTLSGATE_STRING_MAX, },
	[KTLSGATE_A_IDENTITY_ISSUER] = { .type = NLA_NUL_STRING, .len = KTLSGATE_STRING_MAX, },
	[KTLSGATE_A_IDENTITY_SPIFFE_ID] = { .type = NLA_NUL_STRING, .len = 2048, },
	[KTLSGATE_A_IDENTITY_SERIAL] = { .type = NLA_BINARY, },
	[KTLSGATE_A_IDENTITY_FINGERPRINT] = NLA_POLICY_EXACT_LEN(KTLSGATE_FINGERPRINT_LEN),
	[KTLSGATE_A_IDENTITY_NOT_AFTER] = { .type = NLA_U64, },
	[KTLSGATE_A_IDENTITY_TLS_VERSION] = { .type = NLA_U16, },
	[KTLSGATE_A_IDENTITY_CIPHER_SUITE] = { .type = NLA_U16, },
	[KTLSGATE_A_IDENTITY_GROUP] = { .type = NLA_U16, },
	[KTLSGATE_A_IDENTITY_SERVER_NAME] = { .type = NLA_NUL_STRING, .len = 255, },
	[KTLSGATE_A_IDENTITY_RESUMED] = { .type = NLA_FLAG, },
};

/* KTLSGATE_CMD_GATE_GET - do */
const struct nla_policy ktlsgate_gate_get_nl_policy[KTLSGATE_A_GATE_NAME + 1] = {
	[KTLSGATE_A_GATE_NAME] = { .type = NLA_NUL_STRING, .len = KTLSGATE_NAME_MAX, },
};

/* KTLSGATE_CMD_GATE_ADD - do */
const struct nla_policy ktlsgate_gate_add_nl_policy[KTLSGATE_A_GATE_KEY_RECORDS + 1] = {
	[KTLSGATE_A_GATE_NAME] = { .type = NLA_NUL_STRING, .len = KTLSGATE_NAME_MAX, },
	[KTLSGATE_A_GATE_PORT] = NLA_POLICY_MIN(NLA_U16, 1),
	[KTLSGATE_A_GATE_ADDRESS] = { .type = NLA_BINARY, },
	[KTLSGATE_A_GATE_STATE] = NLA_POLICY_MAX(NLA_U32, 1),
	[KTLSGATE_A_GATE_KEY_RECORDS] = { .type = NLA_U32, },
};

/* KTLSGATE_CMD_GATE_SET - do */
const struct nla_policy ktlsgate_gate_set_nl_policy[KTLSGATE_A_GATE_KEY_RECORDS + 1] = {
	[KTLSGATE_A_GATE_NAME] = { .type = NLA_NUL_STRING, .len = KTLSGATE_NAME_MAX, },
	[KTLSGATE_A_GATE_PORT] = NLA_POLICY_MIN(NLA_U16, 1),
	[KTLSGATE_A_GATE_ADDRESS] = { .type = NLA_BINARY, },
	[KTLSGATE_A_GATE_STATE] = NLA_POLICY_MAX(NLA_U32, 1),
	[KTLSGATE_A_GATE_KEY_RECORDS] = { .type = NLA_U32, },
};

/* KTLSGATE_CMD_GATE_DEL - do */
const struct nla_policy ktlsgate_gate_del_nl_policy[KTLSGATE_A_GATE_NAME + 1] = {
	[KTLSGATE_A_GATE_NAME] = { .type = NLA_NUL_STRING, .len = KTLSGATE_NAME_MAX, },
};

/* KTLSGATE_CMD_CONN_GET - do */
const struct nla_policy ktlsgate_conn_get_nl_policy[KTLSGATE_A_CONN_WANT_NOTE + 1] = {
	[KTLSGATE_A_CONN_ID] = { .type = NLA_U32, },
	[KTLSGATE_A_CONN_GATE] = { .type = NLA_NUL_STRING, .len = KTLSGATE_NAME_MAX, },
	[KTLSGATE_A_CONN_PEER_ADDRESS] = { .type = NLA_BINARY, },
	[KTLSGATE_A_CONN_PEER_PORT] = { .type = NLA_U16, },
	[KTLSGATE_A_CONN_PRINCIPAL] = { .type = NLA_NUL_STRING, .len = KTLSGATE_STRING_MAX, },
	[KTLSGATE_A_CONN_NOT_AFTER] = { .type = NLA_U64, },
	[KTLSGATE_A_CONN_WANT_NOTE] = { .type = NLA_FLAG, },
};

/* KTLSGATE_CMD_CONN_KILL - do */
const struct nla_policy ktlsgate_conn_kill_nl_policy[KTLSGATE_A_CONN_CLOSE_TEXT + 1] = {
	[KTLSGATE_A_CONN_ID] = { .type = NLA_U32, },
	[KTLSGATE_A_CONN_ALERT] = { .type = NLA_U8, },
	[KTLSGATE_A_CONN_CLOSE_REASON] = NLA_POLICY_MAX(NLA_U32, 13),
	[KTLSGATE_A_CONN_CLOSE_TEXT] = { .type = NLA_NUL_STRING, .len = 1023, },
};

/* KTLSGATE_CMD_HANDOFF - do */
const struct nla_policy ktlsgate_handoff_nl_policy[KTLSGATE_A_HANDOFF_GIVE_BACK + 1] = {
	[KTLSGATE_A_HANDOFF_FD] = NLA_POLICY_MIN(NLA_S32, 0),
	[KTLSGATE_A_HANDOFF_GATE] = { .type = NLA_NUL_STRING, .len = KTLSGATE_NAME_MAX, },
	[KTLSGATE_A_HANDOFF_IDENTITY] = NLA_POLICY_NESTED(ktlsgate_identity_nl_policy),
	[KTLSGATE_A_HANDOFF_SECRET_RX] = { .type = NLA_BINARY, },
	[KTLSGATE_A_HANDOFF_SECRET_TX] = { .type = NLA_BINARY, },
	[KTLSGATE_A_HANDOFF_HANDSHAKE_TIME] = { .type = NLA_U64, },
	[KTLSGATE_A_HANDOFF_NOTE] = { .type = NLA_BINARY, },
	[KTLSGATE_A_HANDOFF_PATH] = NLA_POLICY_MAX(NLA_U32, 1),
	[KTLSGATE_A_HANDOFF_RELAY_REASON] = { .type = NLA_NUL_STRING, .len = KTLSGATE_RELAY_REASON_MAX, },
	[KTLSGATE_A_HANDOFF_PEER_ADDRESS] = { .type = NLA_BINARY, },
	[KTLSGATE_A_HANDOFF_PEER_PORT] = { .type = NLA_U16, },
	[KTLSGATE_A_HANDOFF_LOCAL_ADDRESS] = { .type = NLA_BINARY, },
	[KTLSGATE_A_HANDOFF_LOCAL_PORT] = { .type = NLA_U16, },
	[KTLSGATE_A_HANDOFF_GIVE_BACK] = { .type = NLA_FLAG, },
};

/* KTLSGATE_CMD_REFUSE - do */
const struct nla_policy ktlsgate_refuse_nl_policy[KTLSGATE_A_REFUSED_PRINCIPAL + 1] = {
	[KTLSGATE_A_REFUSED_GATE] = { .type = NLA_NUL_STRING, .len = KTLSGATE_NAME_MAX, },
	[KTLSGATE_A_REFUSED_PEER_ADDRESS] = { .type = NLA_BINARY, },
	[KTLSGATE_A_REFUSED_PEER_PORT] = { .type = NLA_U16, },
	[KTLSGATE_A_REFUSED_CODE] = NLA_POLICY_MAX(NLA_U32, 13),
	[KTLSGATE_A_REFUSED_REASON] = { .type = NLA_NUL_STRING, .len = 1023, },
	[KTLSGATE_A_REFUSED_ALERT] = { .type = NLA_U8, },
	[KTLSGATE_A_REFUSED_PRINCIPAL] = { .type = NLA_NUL_STRING, .len = KTLSGATE_STRING_MAX, },
};

/* KTLSGATE_CMD_STATS_GET - do */
const struct nla_policy ktlsgate_stats_get_nl_policy[KTLSGATE_A_STATS_GATE + 1] = {
	[KTLSGATE_A_STATS_GATE] = { .type = NLA_NUL_STRING, .len = KTLSGATE_NAME_MAX, },
};

/* Ops table for ktlsgate */
const struct genl_ops ktlsgate_nl_ops[9] = {
	{
		.cmd		= KTLSGATE_CMD_GATE_GET,
		.doit		= ktlsgate_nl_gate_get_doit,
		.dumpit		= ktlsgate_nl_gate_get_dumpit,
		.policy		= ktlsgate_gate_get_nl_policy,
		.maxattr	= KTLSGATE_A_GATE_NAME,
	},
	{
		.cmd		= KTLSGATE_CMD_GATE_ADD,
		.doit		= ktlsgate_nl_gate_add_doit,
		.policy		= ktlsgate_gate_add_nl_policy,
		.maxattr	= KTLSGATE_A_GATE_KEY_RECORDS,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= KTLSGATE_CMD_GATE_SET,
		.doit		= ktlsgate_nl_gate_set_doit,
		.policy		= ktlsgate_gate_set_nl_policy,
		.maxattr	= KTLSGATE_A_GATE_KEY_RECORDS,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= KTLSGATE_CMD_GATE_DEL,
		.doit		= ktlsgate_nl_gate_del_doit,
		.policy		= ktlsgate_gate_del_nl_policy,
		.maxattr	= KTLSGATE_A_GATE_NAME,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= KTLSGATE_CMD_CONN_GET,
		.doit		= ktlsgate_nl_conn_get_doit,
		.dumpit		= ktlsgate_nl_conn_get_dumpit,
		.policy		= ktlsgate_conn_get_nl_policy,
		.maxattr	= KTLSGATE_A_CONN_WANT_NOTE,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= KTLSGATE_CMD_CONN_KILL,
		.doit		= ktlsgate_nl_conn_kill_doit,
		.policy		= ktlsgate_conn_kill_nl_policy,
		.maxattr	= KTLSGATE_A_CONN_CLOSE_TEXT,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= KTLSGATE_CMD_HANDOFF,
		.doit		= ktlsgate_nl_handoff_doit,
		.policy		= ktlsgate_handoff_nl_policy,
		.maxattr	= KTLSGATE_A_HANDOFF_GIVE_BACK,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= KTLSGATE_CMD_REFUSE,
		.doit		= ktlsgate_nl_refuse_doit,
		.policy		= ktlsgate_refuse_nl_policy,
		.maxattr	= KTLSGATE_A_REFUSED_PRINCIPAL,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= KTLSGATE_CMD_STATS_GET,
		.doit		= ktlsgate_nl_stats_get_doit,
		.policy		= ktlsgate_stats_get_nl_policy,
		.maxattr	= KTLSGATE_A_STATS_GATE,
	},
};
