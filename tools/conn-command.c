// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ktlsgate conn show|kill
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../userspace/alert.h"

#include "args.h"
#include "commands.h"
#include "conn.h"
#include "format.h"
#include "names.h"
#include "util.h"

static const char *const conn_words[KTLSGATE_A_CONN_MAX + 1] = {
	[KTLSGATE_A_CONN_ID]		= "id",
	[KTLSGATE_A_CONN_GATE]		= "gate",
	[KTLSGATE_A_CONN_PEER_ADDRESS]	= "peer",
	[KTLSGATE_A_CONN_PEER_PORT]	= "peer",
	[KTLSGATE_A_CONN_ALERT]		= "alert",
	[KTLSGATE_A_CONN_PRINCIPAL]	= "principal",
};

/* Which connections; nothing set: all of them. */
struct conn_filter {
	bool has_id;
	uint32_t id;
	const char *gate;
	const char *principal;
	uint8_t peer[16];
	size_t peer_len;
	uint16_t peer_port;

	/* conn kill only */
	bool all;
	bool has_alert;
	uint8_t alert;
};

static int complain_conn(const struct netlink *nl, const struct args *a)
{
	const struct netlink_words words = {
		.command = a->command,
		.attr = conn_words,
		.attr_count = ARRAY_SIZE(conn_words),
	};

	return netlink_complain(nl, &words);
}

static bool filter_peer(struct args *a, struct conn_filter *f)
{
	const char *text = args_value(a, "peer");
	char *shown;

	if (!text)
		return false;
	f->peer_len = parse_endpoint(text, f->peer, &f->peer_port);
	if (f->peer_len)
		return true;
	shown = escape_text(text);
	complain("%s: peer: '%s' is no ADDRESS, IPV4:PORT or [IPV6]:PORT",
		 a->command, shown);
	free(shown);
	return false;
}

static bool filter_alert(struct args *a, struct conn_filter *f)
{
	const char *text = args_value(a, "alert");
	uint32_t number;
	char *shown;

	if (!text)
		return false;
	f->has_alert = true;
	if (alert_parse(text, &f->alert))
		return true;
	if (parse_u32(text, 0, 255, &number)) {
		f->alert = number;
		return true;
	}
	shown = escape_text(text);
	complain("%s: alert: '%s' is no alert of RFC 8446, such as access_denied, and no number from 0 to 255",
		 a->command, shown);
	free(shown);
	return false;
}

static bool filter_parse(struct args *a, struct conn_filter *f, bool kill)
{
	bool ok = true;

	memset(f, 0, sizeof(*f));
	while (ok && *a->arg) {
		if (args_take(a, "id")) {
			f->has_id = true;
			ok = args_u32(a, "id", 0, UINT32_MAX, &f->id);
		} else if (args_take(a, "gate")) {
			f->gate = args_value(a, "gate");
			ok = f->gate;
		} else if (args_take(a, "principal")) {
			f->principal = args_value(a, "principal");
			ok = f->principal;
		} else if (args_take(a, "peer")) {
			ok = filter_peer(a, f);
		} else if (kill && args_take(a, "alert")) {
			ok = filter_alert(a, f);
		} else if (kill && args_take(a, "all")) {
			f->all = true;
		} else {
			args_unknown(a, *a->arg, kill ?
				     "id, gate, principal, peer, all, alert" :
				     "id, gate, principal, peer");
			ok = false;
		}
	}
	if (ok && f->has_id &&
	    (f->gate || f->principal || f->peer_len || f->all)) {
		complain("%s: id says which connection, leave the other filters out",
			 a->command);
		ok = false;
	}
	return ok;
}

static void filter_put(struct nl_msg *msg, const void *arg)
{
	const struct conn_filter *f = arg;

	if (f->gate)
		netlink_put(nla_put_string(msg, KTLSGATE_A_CONN_GATE,
					   f->gate));
	if (f->principal)
		netlink_put(nla_put_string(msg, KTLSGATE_A_CONN_PRINCIPAL,
					   f->principal));
	if (f->peer_len)
		netlink_put(nla_put(msg, KTLSGATE_A_CONN_PEER_ADDRESS,
				    f->peer_len, f->peer));
	if (f->peer_port)
		netlink_put(nla_put_u16(msg, KTLSGATE_A_CONN_PEER_PORT,
					f->peer_port));
}

/* The connections that the filter lets through; EXIT_OK or the exit code. */
static int filter_list(struct netlink *nl, struct args *a,
		       const struct conn_filter *f, struct netlink_list *list)
{
	struct nl_msg *msg, *reply;

	memset(list, 0, sizeof(*list));
	if (!f->has_id) {
		if (!netlink_dump(nl, KTLSGATE_CMD_CONN_GET, filter_put, f,
				  list))
			return EXIT_OK;
		netlink_list_free(list);
		return complain_conn(nl, a);
	}
	msg = netlink_request(nl, KTLSGATE_CMD_CONN_GET, 0);
	netlink_put(nla_put_u32(msg, KTLSGATE_A_CONN_ID, f->id));
	if (netlink_ask(nl, msg, &reply))
		return complain_conn(nl, a);
	if (!reply)
		return netlink_bad_reply(a->command);
	list->msg = xcalloc(1, sizeof(*list->msg));
	list->msg[0] = reply;
	list->count = 1;
	return EXIT_OK;
}

static int conn_show(struct args *a)
{
	struct netlink_list list;
	struct conn_filter f;
	struct netlink nl;
	struct conn conn;
	struct out *o;
	size_t i;
	int code;

	if (!filter_parse(a, &f, false))
		return EXIT_USAGE;
	code = netlink_open(&nl);
	if (code)
		return code;
	code = filter_list(&nl, a, &f, &list);
	o = out_new(stdout, a->options->json, a->options->pretty);
	if (!code)
		out_table(o, NULL);
	for (i = 0; i < list.count && !code; i++) {
		if (!conn_parse(list.msg[i], &conn, a->command)) {
			code = EXIT_KERNEL;
			break;
		}
		out_record(o);
		conn_print(o, &conn, a->options->stats);
		out_record_end(o);
	}
	if (list.torn)
		complain("%s: connections came and went while they were read, some may be missing or twice",
			 a->command);
	if (!out_finish(o) && !code)
		code = EXIT_KERNEL;
	netlink_list_free(&list);
	netlink_close(&nl);
	return code;
}

/* A connection that ended by itself meanwhile is no failure. */
static int kill_one(struct netlink *nl, struct args *a,
		    const struct conn_filter *f, uint32_t id, uint32_t *killed)
{
	struct nl_msg *msg;
	int err;

	msg = netlink_request(nl, KTLSGATE_CMD_CONN_KILL, 0);
	netlink_put(nla_put_u32(msg, KTLSGATE_A_CONN_ID, id));
	if (f->has_alert)
		netlink_put(nla_put_u8(msg, KTLSGATE_A_CONN_ALERT, f->alert));
	err = netlink_ask(nl, msg, NULL);
	if (!err)
		++*killed;
	else if (err != ENOENT || f->has_id)
		return complain_conn(nl, a);
	return EXIT_OK;
}

static int kill_list(struct netlink *nl, struct args *a,
		     const struct conn_filter *f, uint32_t *killed)
{
	struct netlink_list list;
	struct conn conn;
	size_t i;
	int code;

	if (f->has_id)
		return kill_one(nl, a, f, f->id, killed);
	code = filter_list(nl, a, f, &list);
	for (i = 0; i < list.count && !code; i++) {
		if (!conn_parse(list.msg[i], &conn, a->command))
			code = EXIT_KERNEL;
		/* it stays in the table until the agent closes it */
		else if (!conn_has_ended(&conn))
			code = kill_one(nl, a, f, conn.id, killed);
	}
	netlink_list_free(&list);
	return code;
}

static int conn_kill(struct args *a)
{
	struct conn_filter f;
	uint32_t killed = 0;
	struct netlink nl;
	struct out *o;
	int code;

	if (!filter_parse(a, &f, true))
		return EXIT_USAGE;
	if (!f.has_id && !f.gate && !f.principal && !f.peer_len && !f.all) {
		complain("%s: which ones? give id, gate, principal, peer or all",
			 a->command);
		return EXIT_USAGE;
	}
	code = netlink_open(&nl);
	if (code)
		return code;
	code = kill_list(&nl, a, &f, &killed);
	netlink_close(&nl);
	if (!code && !killed) {
		complain("%s: no connection matches", a->command);
		code = EXIT_NOT_FOUND;
	}
	if (killed || a->options->json) {
		o = out_new(stdout, a->options->json, a->options->pretty);
		out_number(o, OUT_DETAIL, "killed", "killed", killed);
		if (!out_finish(o) && !code)
			code = EXIT_KERNEL;
	}
	return code;
}

int conn_command(struct args *a)
{
	if (!*a->arg || args_take(a, "show")) {
		a->command = "conn show";
		return conn_show(a);
	}
	if (args_take(a, "kill")) {
		a->command = "conn kill";
		return conn_kill(a);
	}
	a->command = "conn";
	return args_unknown(a, *a->arg, "show, kill");
}
