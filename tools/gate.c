// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "gate.h"
#include "names.h"
#include "steering.h"
#include "util.h"

static const struct nla_policy gate_policy[KTLSGATE_A_GATE_MAX + 1] = {
	[KTLSGATE_A_GATE_NAME] = { .type = NLA_STRING, .minlen = 1,
				   .maxlen = KTLSGATE_NAME_MAX + 1 },
	[KTLSGATE_A_GATE_PORT] = { .type = NLA_U16 },
	[KTLSGATE_A_GATE_ADDRESS] = { .type = NLA_UNSPEC, .maxlen = 16 },
	[KTLSGATE_A_GATE_STATE] = { .type = NLA_U32 },
	[KTLSGATE_A_GATE_LISTENER] = { .type = NLA_U32 },
	[KTLSGATE_A_GATE_QUEUE_LENGTH] = { .type = NLA_U32 },
	[KTLSGATE_A_GATE_QUEUE_MAX] = { .type = NLA_U32 },
	[KTLSGATE_A_GATE_CONNECTIONS] = { .type = NLA_U32 },
	[KTLSGATE_A_GATE_STATS] = { .type = NLA_NESTED },
	[KTLSGATE_A_GATE_KEY_RECORDS] = { .type = NLA_U32 },
};

static const int gate_required[] = {
	KTLSGATE_A_GATE_NAME, KTLSGATE_A_GATE_PORT, 0
};

/* One { number, count } of the nests refused-by and closed-by. */
static bool counter_parse(struct nlattr *nest, int number_attr, int count_attr,
			  struct gate_counters *counters)
{
	struct gate_counter *c = &counters->of[counters->count];
	bool has_number = false, has_count = false;
	struct nlattr *attr;
	int rem;

	if (counters->count == GATE_REASONS)
		return false;
	nla_for_each_nested(attr, nest, rem) {
		if (nla_type(attr) == number_attr && nla_len(attr) == 4) {
			c->code = nla_get_u32(attr);
			has_number = true;
		} else if (nla_type(attr) == count_attr && nla_len(attr) == 8) {
			c->count = nla_get_u64(attr);
			has_count = true;
		}
	}
	counters->count += has_number && has_count;
	return has_number && has_count;
}

static bool gate_stats_parse(struct nlattr *nest, struct gate *gate)
{
	struct nlattr *attr;
	int rem, type;

	nla_for_each_nested(attr, nest, rem) {
		type = nla_type(attr);
		switch (type) {
		case KTLSGATE_A_GATE_STATS_REFUSED_BY:
			if (!counter_parse(attr,
					   KTLSGATE_A_REFUSAL_COUNT_CODE,
					   KTLSGATE_A_REFUSAL_COUNT_COUNT,
					   &gate->refused_by))
				return false;
			break;
		case KTLSGATE_A_GATE_STATS_CLOSED_BY:
			if (!counter_parse(attr,
					   KTLSGATE_A_CLOSE_COUNT_REASON,
					   KTLSGATE_A_CLOSE_COUNT_COUNT,
					   &gate->closed_by))
				return false;
			break;
		case KTLSGATE_A_GATE_STATS_PAD:
			break;
		default:
			/* counters of a newer module are not for us */
			if (type >= __KTLSGATE_A_GATE_STATS_MAX)
				break;
			if (nla_len(attr) != 8)
				return false;
			gate->stats[type] = nla_get_u64(attr);
		}
	}
	gate->has_stats = true;
	return true;
}

static uint32_t u32_or_0(struct nlattr *attr)
{
	return attr ? nla_get_u32(attr) : 0;
}

bool gate_parse(struct nl_msg *msg, struct gate *gate, const char *what)
{
	struct nlattr *tb[KTLSGATE_A_GATE_MAX + 1];
	struct nlattr *attr;

	memset(gate, 0, sizeof(*gate));
	if (!netlink_parse(msg, tb, KTLSGATE_A_GATE_MAX, gate_policy,
			   gate_required, what))
		return false;

	nla_strlcpy(gate->name, tb[KTLSGATE_A_GATE_NAME], sizeof(gate->name));
	gate->port = nla_get_u16(tb[KTLSGATE_A_GATE_PORT]);
	attr = tb[KTLSGATE_A_GATE_ADDRESS];
	if (attr) {
		gate->address_len = nla_len(attr);
		memcpy(gate->address, nla_data(attr), gate->address_len);
		if (gate->address_len != 4 && gate->address_len != 16)
			goto bad;
	}
	gate->state = u32_or_0(tb[KTLSGATE_A_GATE_STATE]);
	gate->listener = u32_or_0(tb[KTLSGATE_A_GATE_LISTENER]);
	gate->queue_length = u32_or_0(tb[KTLSGATE_A_GATE_QUEUE_LENGTH]);
	gate->queue_max = u32_or_0(tb[KTLSGATE_A_GATE_QUEUE_MAX]);
	gate->connections = u32_or_0(tb[KTLSGATE_A_GATE_CONNECTIONS]);
	gate->key_records = u32_or_0(tb[KTLSGATE_A_GATE_KEY_RECORDS]);
	attr = tb[KTLSGATE_A_GATE_STATS];
	if (attr && !gate_stats_parse(attr, gate))
		goto bad;
	return true;

bad:
	netlink_bad_reply(what);
	return false;
}

int gate_list(struct netlink *nl, struct gate_list *list, const char *what)
{
	const struct netlink_words words = { .command = what };
	struct netlink_list replies;
	int code = EXIT_OK;
	size_t i;

	memset(list, 0, sizeof(*list));
	if (netlink_dump(nl, KTLSGATE_CMD_GATE_GET, NULL, NULL, &replies)) {
		netlink_list_free(&replies);
		return netlink_complain(nl, &words);
	}
	list->gate = xcalloc(replies.count + 1, sizeof(*list->gate));
	list->torn = replies.torn;
	for (i = 0; i < replies.count; i++) {
		if (!gate_parse(replies.msg[i], &list->gate[i], what)) {
			gate_list_free(list);
			code = EXIT_KERNEL;
			break;
		}
		list->count++;
	}
	netlink_list_free(&replies);
	return code;
}

void gate_list_free(struct gate_list *list)
{
	free(list->gate);
	memset(list, 0, sizeof(*list));
}

void gate_address(const struct gate *gate, char out[64])
{
	static const uint8_t any[16];

	if (!gate->address_len ||
	    !memcmp(gate->address, any, gate->address_len) ||
	    !format_address(gate->address, gate->address_len, out))
		strcpy(out, "*");
}

static const struct {
	uint32_t flag;
	const char *word;
} listeners[] = {
	{ KTLSGATE_LISTENER_IPV4,	"ipv4" },
	{ KTLSGATE_LISTENER_IPV6,	"ipv6" },
	{ KTLSGATE_LISTENER_DUAL_STACK,	"dual-stack" },
};

void gate_listeners(uint32_t listener, char out[64])
{
	size_t i;

	/* dual-stack says ipv6 already */
	if (listener & KTLSGATE_LISTENER_DUAL_STACK)
		listener &= ~KTLSGATE_LISTENER_IPV6;
	*out = '\0';
	for (i = 0; i < ARRAY_SIZE(listeners); i++) {
		if (!(listener & listeners[i].flag))
			continue;
		if (*out)
			strcat(out, ",");
		strcat(out, listeners[i].word);
	}
	if (!*out)
		strcpy(out, "none");
}

static void counters_print(struct out *o, const char *key, const char *verb,
			   const struct names *names,
			   const struct gate_counters *counters)
{
	char number[NAMES_LEN], label[NAMES_LEN + 16];
	const char *word;
	size_t i;

	out_object(o, key);
	for (i = 0; i < counters->count; i++) {
		word = names_show(names, counters->of[i].code, number);
		snprintf(label, sizeof(label), "%s %s", verb, word);
		out_number(o, OUT_DETAIL, word, label, counters->of[i].count);
	}
	out_object_end(o);
}

static const struct {
	size_t offset;
	const char *key;
	const char *label;
} steering_fields[] = {
	{ offsetof(struct steer_stats, steered), "steered", "steered" },
	{ offsetof(struct steer_stats, exempt), "exempt", "exempt" },
	{ offsetof(struct steer_stats, no_helper), "no_helper",
	  "dropped no-helper" },
	{ offsetof(struct steer_stats, source_rate), "source_rate",
	  "dropped source-rate" },
	{ offsetof(struct steer_stats, source_handshakes),
	  "source_handshakes", "dropped source-handshakes" },
	{ offsetof(struct steer_stats, gate_handshakes), "gate_handshakes",
	  "dropped gate-handshakes" },
};

static void gate_print_steering(struct out *o, const struct gate *gate)
{
	struct steer_stats counts;
	uint64_t count;
	size_t i;

	if (!steering_counts(gate, &counts))
		return;
	out_object(o, "steering");
	for (i = 0; i < ARRAY_SIZE(steering_fields); i++) {
		memcpy(&count, (char *)&counts + steering_fields[i].offset,
		       sizeof(count));
		out_number(o, OUT_DETAIL, steering_fields[i].key,
			   steering_fields[i].label, count);
	}
	out_object_end(o);
}

static void gate_print_stats(struct out *o, const struct gate *gate)
{
	const uint64_t *s = gate->stats;

	out_number(o, OUT_DETAIL, "handoffs", "handoffs",
		   s[KTLSGATE_A_GATE_STATS_HANDOFFS]);
	out_number(o, OUT_DETAIL, "handoff_failures", "handoff failures",
		   s[KTLSGATE_A_GATE_STATS_HANDOFF_FAILURES]);
	out_number(o, OUT_DETAIL, "refusals", "refusals",
		   s[KTLSGATE_A_GATE_STATS_REFUSALS]);
	counters_print(o, "refused_by", "refused", &refusals,
		       &gate->refused_by);
	out_number(o, OUT_DETAIL, "closed", "closed",
		   s[KTLSGATE_A_GATE_STATS_CLOSED]);
	counters_print(o, "closed_by", "closed", &close_reasons,
		       &gate->closed_by);
	out_size(o, OUT_DETAIL, "rx_bytes", "rx bytes",
		 s[KTLSGATE_A_GATE_STATS_RX_BYTES]);
	out_size(o, OUT_DETAIL, "tx_bytes", "tx bytes",
		 s[KTLSGATE_A_GATE_STATS_TX_BYTES]);
	out_number(o, OUT_DETAIL, "tx_sendfile_calls", "tx sendfile calls",
		   s[KTLSGATE_A_GATE_STATS_TX_SENDFILE_CALLS]);
	out_size(o, OUT_DETAIL, "tx_sendfile_bytes", "tx sendfile bytes",
		 s[KTLSGATE_A_GATE_STATS_TX_SENDFILE_BYTES]);
	out_number(o, OUT_DETAIL, "key_updates_received", "key updates rx",
		   s[KTLSGATE_A_GATE_STATS_KEY_UPDATES_RECEIVED]);
	out_number(o, OUT_DETAIL, "key_updates_sent", "key updates tx",
		   s[KTLSGATE_A_GATE_STATS_KEY_UPDATES_SENT]);
}

void gate_print(struct out *o, const struct gate *gate, bool stats)
{
	char text[64], number[NAMES_LEN];
	size_t i;

	out_string(o, OUT_COLUMN, "name", "GATE", gate->name);
	out_number(o, OUT_COLUMN, "port", "PORT", gate->port);
	gate_address(gate, text);
	out_string(o, OUT_COLUMN, "address", "ADDRESS", text);
	out_string(o, OUT_COLUMN, "state", "STATE",
		   names_show(&gate_states, gate->state, number));
	gate_listeners(gate->listener, text);
	out_string(o, OUT_COLUMN, NULL, "LISTENS", text);
	out_element(o, "listener", NULL);
	for (i = 0; i < ARRAY_SIZE(listeners); i++)
		if (gate->listener & listeners[i].flag)
			out_element(o, "listener", listeners[i].word);

	snprintf(text, sizeof(text), "%u/%u", gate->queue_length,
		 gate->queue_max);
	out_string(o, OUT_COLUMN, NULL, "QUEUE", text);
	out_number(o, OUT_HIDDEN, "queue_length", NULL, gate->queue_length);
	out_number(o, OUT_HIDDEN, "queue_max", NULL, gate->queue_max);
	out_number(o, OUT_COLUMN, "connections", "CONNS", gate->connections);
	if (gate->key_records)
		out_number(o, OUT_DETAIL, "key_records", "key records",
			   gate->key_records);
	if (gate->has_stats && (stats || out_is_json(o)))
		gate_print_stats(o, gate);
	if (stats || out_is_json(o))
		gate_print_steering(o, gate);
}
