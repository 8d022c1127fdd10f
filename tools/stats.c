// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ktlsgate stats: totals of the network namespace, or of one gate
 */
#include "args.h"
#include "commands.h"
#include "gate.h"
#include "netlink.h"
#include "out.h"
#include "util.h"

static const struct nla_policy stats_policy[KTLSGATE_A_STATS_MAX + 1] = {
	[KTLSGATE_A_STATS_GATES] = { .type = NLA_U32 },
	[KTLSGATE_A_STATS_CONNECTIONS] = { .type = NLA_U32 },
	[KTLSGATE_A_STATS_QUEUED] = { .type = NLA_U32 },
	[KTLSGATE_A_STATS_HANDOFFS] = { .type = NLA_U64 },
	[KTLSGATE_A_STATS_HANDOFF_FAILURES] = { .type = NLA_U64 },
	[KTLSGATE_A_STATS_REFUSALS] = { .type = NLA_U64 },
	[KTLSGATE_A_STATS_CLOSED] = { .type = NLA_U64 },
	[KTLSGATE_A_STATS_KEY_UPDATES_RECEIVED] = { .type = NLA_U64 },
	[KTLSGATE_A_STATS_KEY_UPDATES_SENT] = { .type = NLA_U64 },
	[KTLSGATE_A_STATS_MODULE_VERSION] = { .type = NLA_NUL_STRING },
};

static const int stats_required[] = {
	KTLSGATE_A_STATS_GATES, KTLSGATE_A_STATS_CONNECTIONS, 0
};

static const struct {
	int attr;
	const char *key;
	const char *label;
} stats_fields[] = {
	{ KTLSGATE_A_STATS_GATES, "gates", "gates" },
	{ KTLSGATE_A_STATS_CONNECTIONS, "connections", "connections" },
	{ KTLSGATE_A_STATS_QUEUED, "queued", "queued" },
	{ KTLSGATE_A_STATS_HANDOFFS, "handoffs", "handoffs" },
	{ KTLSGATE_A_STATS_HANDOFF_FAILURES, "handoff_failures",
	  "handoff failures" },
	{ KTLSGATE_A_STATS_REFUSALS, "refusals", "refusals" },
	{ KTLSGATE_A_STATS_CLOSED, "closed", "closed" },
	{ KTLSGATE_A_STATS_KEY_UPDATES_RECEIVED, "key_updates_received",
	  "key updates rx" },
	{ KTLSGATE_A_STATS_KEY_UPDATES_SENT, "key_updates_sent",
	  "key updates tx" },
};

static const char *const stats_words[KTLSGATE_A_STATS_MAX + 1] = {
	[KTLSGATE_A_STATS_GATE] = "gate",
};

static int print_totals(struct netlink *nl, struct args *a, const char *gate,
			struct out *o)
{
	const struct netlink_words words = {
		.command = a->command,
		.attr = stats_words,
		.attr_count = ARRAY_SIZE(stats_words),
	};
	struct nlattr *tb[KTLSGATE_A_STATS_MAX + 1], *attr;
	struct nl_msg *msg, *reply;
	int code = EXIT_OK;
	size_t i;

	msg = netlink_request(nl, KTLSGATE_CMD_STATS_GET, 0);
	if (gate)
		netlink_put(nla_put_string(msg, KTLSGATE_A_STATS_GATE, gate));
	if (netlink_ask(nl, msg, &reply))
		return netlink_complain(nl, &words);
	if (!reply)
		return netlink_bad_reply(a->command);
	if (!netlink_parse(reply, tb, KTLSGATE_A_STATS_MAX, stats_policy,
			   stats_required, a->command)) {
		code = EXIT_KERNEL;
		goto out;
	}
	attr = tb[KTLSGATE_A_STATS_MODULE_VERSION];
	if (attr)
		out_string(o, OUT_DETAIL, "module_version", "module version",
			   nla_get_string(attr));
	for (i = 0; i < ARRAY_SIZE(stats_fields); i++) {
		attr = tb[stats_fields[i].attr];
		if (attr)
			out_number(o, OUT_DETAIL, stats_fields[i].key,
				   stats_fields[i].label,
				   nla_len(attr) == 8 ? nla_get_u64(attr) :
							nla_get_u32(attr));
	}
out:
	nlmsg_free(reply);
	return code;
}

/* -s: every gate, with its counters by reason */
static int print_gates(struct netlink *nl, struct args *a, struct out *o)
{
	struct gate_list list;
	size_t i;
	int code;

	code = gate_list(nl, &list, a->command);
	if (code)
		return code;
	out_table(o, "per_gate");
	for (i = 0; i < list.count; i++) {
		out_record(o);
		gate_print(o, &list.gate[i], true);
		out_record_end(o);
	}
	if (list.torn)
		complain("%s: gates changed while they were read, some may be missing",
			 a->command);
	gate_list_free(&list);
	return EXIT_OK;
}

int stats_command(struct args *a)
{
	const char *gate = NULL;
	struct netlink nl;
	struct out *o;
	int code;

	a->command = "stats";
	args_take(a, "show");
	if (args_take(a, "gate")) {
		gate = args_value(a, "gate");
		if (!gate)
			return EXIT_USAGE;
	}
	if (!gate && *a->arg)
		return args_unknown(a, *a->arg, "gate");
	if (!args_end(a))
		return EXIT_USAGE;
	code = netlink_open(&nl);
	if (code)
		return code;
	o = out_new(stdout, a->options->json, a->options->pretty);
	code = print_totals(&nl, a, gate, o);
	if (!code && !gate && a->options->stats)
		code = print_gates(&nl, a, o);
	netlink_close(&nl);
	if (!out_finish(o) && !code)
		code = EXIT_KERNEL;
	return code;
}
