// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ktlsgate gate show|add|set|del
 */
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "commands.h"
#include "format.h"
#include "gate.h"
#include "in-force.h"
#include "names.h"
#include "util.h"

static const char *const gate_words[KTLSGATE_A_GATE_MAX + 1] = {
	[KTLSGATE_A_GATE_NAME]		= "name",
	[KTLSGATE_A_GATE_PORT]		= "port",
	[KTLSGATE_A_GATE_ADDRESS]	= "address",
	[KTLSGATE_A_GATE_STATE]		= "state",
	[KTLSGATE_A_GATE_KEY_RECORDS]	= "key-records",
};

static int complain_gate(const struct netlink *nl, const struct args *a)
{
	const struct netlink_words words = {
		.command = a->command,
		.attr = gate_words,
		.attr_count = ARRAY_SIZE(gate_words),
	};

	return netlink_complain(nl, &words);
}

static int show_one(struct netlink *nl, struct args *a, const char *name,
		    struct out *o)
{
	struct nl_msg *msg, *reply;
	struct in_force *state;
	struct gate gate;
	bool ok;

	msg = netlink_request(nl, KTLSGATE_CMD_GATE_GET, 0);
	netlink_put(nla_put_string(msg, KTLSGATE_A_GATE_NAME, name));
	if (netlink_ask(nl, msg, &reply))
		return complain_gate(nl, a);
	if (!reply)
		return netlink_bad_reply(a->command);
	ok = gate_parse(reply, &gate, a->command);
	nlmsg_free(reply);
	if (!ok)
		return EXIT_KERNEL;
	out_table(o, NULL);
	out_record(o);
	gate_print(o, &gate, a->options->stats);
	state = in_force_open(a->command);
	in_force_print(state, o, gate.name);
	in_force_close(state);
	if (a->options->stats || out_is_json(o)) {
		state = in_force_open_refusals(a->command);
		in_force_print_refusals(state, o, gate.name);
		in_force_close(state);
	}
	out_record_end(o);
	return EXIT_OK;
}

static int show_all(struct netlink *nl, struct args *a, struct out *o)
{
	struct gate_list list;
	size_t i;
	int code;

	code = gate_list(nl, &list, a->command);
	if (code)
		return code;
	out_table(o, NULL);
	for (i = 0; i < list.count; i++) {
		out_record(o);
		gate_print(o, &list.gate[i], a->options->stats);
		out_record_end(o);
	}
	if (list.torn)
		complain("%s: gates changed while they were read, some may be missing",
			 a->command);
	gate_list_free(&list);
	return EXIT_OK;
}

static int gate_show(struct args *a)
{
	const char *name = args_next(a);
	struct netlink nl;
	struct out *o;
	int code;

	if (!args_end(a))
		return EXIT_USAGE;
	code = netlink_open(&nl);
	if (code)
		return code;
	o = out_new(stdout, a->options->json, a->options->pretty);
	code = name ? show_one(&nl, a, name, o) : show_all(&nl, a, o);
	netlink_close(&nl);
	if (!out_finish(o) && !code)
		code = EXIT_KERNEL;
	return code;
}

/* What gate add and gate set take after the name. */
struct gate_change {
	uint32_t port;
	bool has_address;
	uint8_t address[16];
	size_t address_len;
	bool has_state;
	uint32_t state;
	bool has_key_records;
	uint32_t key_records;
};

static bool change_address(struct args *a, struct gate_change *c)
{
	const char *text = args_value(a, "address");
	char *shown;

	if (!text)
		return false;
	c->has_address = true;
	if (!strcmp(text, "any")) {
		memset(c->address, 0, sizeof(c->address));
		c->address_len = sizeof(c->address);
		return true;
	}
	c->address_len = parse_address(text, c->address);
	if (c->address_len)
		return true;
	shown = escape_text(text);
	complain("%s: address: '%s' is neither an IPv4 nor an IPv6 address nor any",
		 a->command, shown);
	free(shown);
	return false;
}

static bool change_state(struct args *a, struct gate_change *c)
{
	const char *text = args_value(a, "state");

	if (!text)
		return false;
	c->has_state = true;
	if (names_parse(&gate_states, text, &c->state))
		return true;
	args_unknown(a, text, "up, down");
	return false;
}

static bool change_key_records(struct args *a, struct gate_change *c)
{
	c->has_key_records = true;
	return args_u32(a, "key-records", 0, KTLSGATE_KEY_RECORDS_MAX,
			&c->key_records);
}

/* True when one of the keywords was read, *ok says whether its value holds. */
static bool change_keyword(struct args *a, struct gate_change *c, bool *ok)
{
	if (args_take(a, "port"))
		*ok = args_u32(a, "port", 1, 65535, &c->port);
	else if (args_take(a, "address"))
		*ok = change_address(a, c);
	else if (args_take(a, "state"))
		*ok = change_state(a, c);
	else if (args_take(a, "key-records"))
		*ok = change_key_records(a, c);
	else
		return false;
	return true;
}

static bool change_parse(struct args *a, struct gate_change *c)
{
	bool ok = true;

	memset(c, 0, sizeof(*c));
	while (ok && change_keyword(a, c, &ok))
		;
	if (ok && *a->arg) {
		args_unknown(a, *a->arg,
			     "port, address, state, key-records");
		ok = false;
	}
	return ok;
}

static const char *gate_name(struct args *a)
{
	const char *name = args_next(a);

	if (!name)
		complain("%s: a gate's name is missing; see ktlsgate -h",
			 a->command);
	return name;
}

/* Send one request that has no reply. */
static int gate_request(struct args *a, uint8_t cmd, const char *name,
			const struct gate_change *c)
{
	struct netlink nl;
	struct nl_msg *msg;
	int code;

	code = netlink_open(&nl);
	if (code)
		return code;
	msg = netlink_request(&nl, cmd, 0);
	netlink_put(nla_put_string(msg, KTLSGATE_A_GATE_NAME, name));
	if (c && c->port)
		netlink_put(nla_put_u16(msg, KTLSGATE_A_GATE_PORT, c->port));
	if (c && c->has_address)
		netlink_put(nla_put(msg, KTLSGATE_A_GATE_ADDRESS,
				    c->address_len, c->address));
	if (c && c->has_state)
		netlink_put(nla_put_u32(msg, KTLSGATE_A_GATE_STATE, c->state));
	if (c && c->has_key_records)
		netlink_put(nla_put_u32(msg, KTLSGATE_A_GATE_KEY_RECORDS,
					c->key_records));
	if (netlink_ask(&nl, msg, NULL))
		code = complain_gate(&nl, a);
	netlink_close(&nl);
	return code;
}

static int gate_add(struct args *a)
{
	const char *name = gate_name(a);
	struct gate_change c;

	if (!name || !change_parse(a, &c))
		return EXIT_USAGE;
	if (!c.port) {
		complain("%s: port is missing: the TCP port that the agent listens on",
			 a->command);
		return EXIT_USAGE;
	}
	return gate_request(a, KTLSGATE_CMD_GATE_ADD, name, &c);
}

static int gate_set(struct args *a)
{
	const char *name = gate_name(a);
	struct gate_change c;

	if (!name || !change_parse(a, &c))
		return EXIT_USAGE;
	if (!c.port && !c.has_address && !c.has_state && !c.has_key_records) {
		complain("%s: nothing to change: give port, address, state or key-records",
			 a->command);
		return EXIT_USAGE;
	}
	return gate_request(a, KTLSGATE_CMD_GATE_SET, name, &c);
}

static int gate_del(struct args *a)
{
	const char *name = gate_name(a);

	if (!name || !args_end(a))
		return EXIT_USAGE;
	return gate_request(a, KTLSGATE_CMD_GATE_DEL, name, NULL);
}

int gate_command(struct args *a)
{
	if (!*a->arg || args_take(a, "show")) {
		a->command = "gate show";
		return gate_show(a);
	}
	if (args_take(a, "add")) {
		a->command = "gate add";
		return gate_add(a);
	}
	if (args_take(a, "set")) {
		a->command = "gate set";
		return gate_set(a);
	}
	if (args_take(a, "del")) {
		a->command = "gate del";
		return gate_del(a);
	}
	a->command = "gate";
	return args_unknown(a, *a->arg, "show, add, set, del");
}
