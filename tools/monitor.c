// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ktlsgate monitor: events of the network namespace as they happen
 */
#include <errno.h>
#include <netlink/genl/ctrl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "args.h"
#include "commands.h"
#include "conn.h"
#include "format.h"
#include "gate.h"
#include "names.h"
#include "netlink.h"
#include "out.h"
#include "util.h"

/* Some 20,000 events wait here while the terminal is slow. */
#define MONITOR_RCVBUF (16 * 1024 * 1024)

struct monitor {
	struct netlink *nl;
	struct out *o;
	const char *gate;	/* only this one, NULL: all */
	int ctrl;		/* family that tells when the module goes */
	bool unloaded;
	int code;
};

static const struct nla_policy refused_policy[KTLSGATE_A_REFUSED_MAX + 1] = {
	[KTLSGATE_A_REFUSED_GATE] = { .type = NLA_NUL_STRING },
	[KTLSGATE_A_REFUSED_PEER_ADDRESS] = { .type = NLA_UNSPEC,
					      .maxlen = 16 },
	[KTLSGATE_A_REFUSED_PEER_PORT] = { .type = NLA_U16 },
	[KTLSGATE_A_REFUSED_CODE] = { .type = NLA_U32 },
	[KTLSGATE_A_REFUSED_REASON] = { .type = NLA_NUL_STRING },
	[KTLSGATE_A_REFUSED_ALERT] = { .type = NLA_U8 },
	[KTLSGATE_A_REFUSED_PRINCIPAL] = { .type = NLA_NUL_STRING },
};

static const int refused_required[] = {
	KTLSGATE_A_REFUSED_GATE, KTLSGATE_A_REFUSED_PEER_ADDRESS,
	KTLSGATE_A_REFUSED_CODE, KTLSGATE_A_REFUSED_REASON, 0
};

static bool begin(struct monitor *m, const char *event, const char *gate)
{
	char time[FORMAT_TIME_LEN], padded[16];
	struct timespec now;

	if (m->gate && gate && strcmp(m->gate, gate))
		return false;
	clock_gettime(CLOCK_REALTIME, &now);
	format_time(&now, out_is_json(m->o), time);
	snprintf(padded, sizeof(padded), "%-8s", event);
	out_record(m->o);
	out_string(m->o, OUT_COLUMN, "time", NULL, time);
	out_both(m->o, OUT_COLUMN, "event", NULL, padded, event);
	return true;
}

static void show_conn(struct monitor *m, struct nl_msg *msg, bool open)
{
	struct conn conn;

	if (!conn_parse(msg, &conn, "monitor"))
		return;
	if (!begin(m, open ? "accepted" : "closed",
		   nla_get_string(conn.attr[KTLSGATE_A_CONN_GATE])))
		return;
	if (open)
		conn_print_open(m->o, &conn);
	else
		conn_print_close(m->o, &conn);
	out_record_end(m->o);
}

static void show_gate(struct monitor *m, struct nl_msg *msg, bool deleted)
{
	char address[64], number[NAMES_LEN];
	struct gate gate;

	if (!gate_parse(msg, &gate, "monitor") ||
	    !begin(m, deleted ? "deleted" : "gate", gate.name))
		return;
	if (out_is_json(m->o)) {
		gate_print(m->o, &gate, false);
	} else {
		gate_address(&gate, address);
		out_string(m->o, OUT_COLUMN, NULL, NULL, gate.name);
		out_number(m->o, OUT_COLUMN, NULL, "port", gate.port);
		out_string(m->o, OUT_COLUMN, NULL, "address", address);
		out_string(m->o, OUT_COLUMN, NULL, "state",
			   names_show(&gate_states, gate.state, number));
	}
	out_record_end(m->o);
}

static void show_refused(struct monitor *m, struct nl_msg *msg)
{
	struct nlattr *tb[KTLSGATE_A_REFUSED_MAX + 1], *attr;
	char peer[FORMAT_ENDPOINT_LEN] = "-", text[NAMES_LEN + 16];
	char address[INET6_ADDRSTRLEN] = "-", name[NAMES_LEN];
	const char *gate, *alert;
	uint16_t port = 0;

	if (!netlink_parse(msg, tb, KTLSGATE_A_REFUSED_MAX, refused_policy,
			   refused_required, "monitor"))
		return;
	gate = nla_get_string(tb[KTLSGATE_A_REFUSED_GATE]);
	if (!begin(m, "refused", gate))
		return;
	if (tb[KTLSGATE_A_REFUSED_PEER_PORT])
		port = nla_get_u16(tb[KTLSGATE_A_REFUSED_PEER_PORT]);
	attr = tb[KTLSGATE_A_REFUSED_PEER_ADDRESS];
	format_address(nla_data(attr), nla_len(attr), address);
	format_endpoint(nla_data(attr), nla_len(attr), port, peer);

	out_string(m->o, OUT_COLUMN, "gate", NULL, gate);
	out_string(m->o, OUT_COLUMN, NULL, NULL, peer);
	out_string(m->o, OUT_HIDDEN, "peer_address", NULL, address);
	out_number(m->o, OUT_HIDDEN, "peer_port", NULL, port);
	attr = tb[KTLSGATE_A_REFUSED_PRINCIPAL];
	if (attr)
		out_string(m->o, OUT_COLUMN, "principal", NULL,
			   nla_get_string(attr));
	attr = tb[KTLSGATE_A_REFUSED_CODE];
	out_string(m->o, OUT_HIDDEN, "code", NULL,
		   names_show(&refusals, nla_get_u32(attr), name));
	out_string(m->o, OUT_COLUMN, "reason", NULL,
		   nla_get_string(tb[KTLSGATE_A_REFUSED_REASON]));
	attr = tb[KTLSGATE_A_REFUSED_ALERT];
	if (attr) {
		alert = alert_name(nla_get_u8(attr), name);
		snprintf(text, sizeof(text), "(alert %s sent)", alert);
		out_both(m->o, OUT_COLUMN, "alert", NULL, text, alert);
	}
	out_record_end(m->o);
}

/* nlctrl tells every family that goes; ours means that the module did. */
static void watch_family(struct monitor *m, struct nl_msg *msg)
{
	struct genlmsghdr *gh = nlmsg_data(nlmsg_hdr(msg));
	struct nlattr *attr;

	if (gh->cmd != CTRL_CMD_DELFAMILY)
		return;
	attr = nlmsg_find_attr(nlmsg_hdr(msg), GENL_HDRLEN,
			       CTRL_ATTR_FAMILY_ID);
	if (attr && nla_len(attr) == 2 && nla_get_u16(attr) == m->nl->family)
		m->unloaded = true;
}

static int on_event(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *hdr = nlmsg_hdr(msg);
	struct genlmsghdr *gh = nlmsg_data(hdr);
	struct monitor *m = arg;

	if (!genlmsg_valid_hdr(hdr, 0))
		return NL_SKIP;
	if (hdr->nlmsg_type == m->ctrl) {
		watch_family(m, msg);
		return NL_OK;
	}
	if (hdr->nlmsg_type != m->nl->family)
		return NL_SKIP;
	switch (gh->cmd) {
	case KTLSGATE_CMD_CONN_OPEN_NTF:
		show_conn(m, msg, true);
		break;
	case KTLSGATE_CMD_CONN_CLOSE_NTF:
		show_conn(m, msg, false);
		break;
	case KTLSGATE_CMD_REFUSED_NTF:
		show_refused(m, msg);
		break;
	case KTLSGATE_CMD_GATE_NTF:
		show_gate(m, msg, false);
		break;
	case KTLSGATE_CMD_GATE_DEL_NTF:
		show_gate(m, msg, true);
		break;
	}
	return NL_OK;
}

/* What was lost cannot be told, that something was must be. */
static void show_lost(struct monitor *m)
{
	static const char sentence[] =
		"events: they came faster than they were read; ktlsgate conn show tells what is there now";

	if (!begin(m, "lost", NULL))
		return;
	out_string(m->o, OUT_COLUMN, "reason", NULL, sentence);
	out_record_end(m->o);
}

static int monitor_join(struct monitor *m)
{
	struct nl_sock *sk = m->nl->sk;
	int group, fd = nl_socket_get_fd(sk), size = MONITOR_RCVBUF;
	int err;

	/* the plain one is held below net.core.rmem_max */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));

	m->ctrl = genl_ctrl_resolve(sk, "nlctrl");
	group = genl_ctrl_resolve_grp(sk, "nlctrl", "notify");
	if (group >= 0)
		nl_socket_add_membership(sk, group);

	group = genl_ctrl_resolve_grp(sk, KTLSGATE_FAMILY_NAME,
				      KTLSGATE_MCGRP_EVENTS);
	if (group < 0) {
		complain("monitor: the loaded module has no events: %s",
			 nl_geterror(group));
		return EXIT_KERNEL;
	}
	err = nl_socket_add_membership(sk, group);
	if (err == -NLE_PERM) {
		complain("monitor: not permitted: it needs CAP_NET_ADMIN in the user namespace of this network namespace, run it as root");
		return EXIT_KERNEL;
	}
	if (err < 0) {
		complain("monitor: cannot listen to events: %s",
			 nl_geterror(err));
		return EXIT_KERNEL;
	}
	nl_socket_disable_seq_check(sk);
	nl_socket_modify_cb(sk, NL_CB_VALID, NL_CB_CUSTOM, on_event, m);
	nl_socket_set_nonblocking(sk);
	return EXIT_OK;
}

static int monitor_run(struct monitor *m, int signals)
{
	struct pollfd fds[] = {
		{ .fd = nl_socket_get_fd(m->nl->sk), .events = POLLIN },
		{ .fd = signals, .events = POLLIN },
	};
	int err;

	while (!m->unloaded) {
		if (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno != EINTR) {
			complain("monitor: poll: %s", strerror(errno));
			return EXIT_KERNEL;
		}
		if (fds[1].revents)
			return EXIT_OK;
		err = nl_recvmsgs_default(m->nl->sk);
		/* libnl calls ENOBUFS "no memory" */
		if (err == -NLE_NOMEM) {
			show_lost(m);
		} else if (err < 0 && err != -NLE_AGAIN && err != -NLE_INTR) {
			complain("monitor: %s", nl_geterror(err));
			return EXIT_KERNEL;
		}
		if (ferror(stdout))
			return EXIT_KERNEL;
	}
	complain("monitor: the module ktlsgate was unloaded");
	return EXIT_NO_MODULE;
}

int monitor_command(struct args *a)
{
	struct monitor m = { 0 };
	struct netlink nl;
	sigset_t stop;
	int signals, code;

	a->command = "monitor";
	if (args_take(a, "gate")) {
		m.gate = args_value(a, "gate");
		if (!m.gate)
			return EXIT_USAGE;
	}
	if (!m.gate && *a->arg)
		return args_unknown(a, *a->arg, "gate");
	if (!args_end(a))
		return EXIT_USAGE;

	/* ctrl-c ends it with 0 and whole lines */
	sigemptyset(&stop);
	sigaddset(&stop, SIGINT);
	sigaddset(&stop, SIGTERM);
	sigprocmask(SIG_BLOCK, &stop, NULL);
	signals = signalfd(-1, &stop, SFD_CLOEXEC);
	if (signals < 0) {
		complain("monitor: signalfd: %s", strerror(errno));
		return EXIT_KERNEL;
	}

	code = netlink_open(&nl);
	if (!code) {
		m.nl = &nl;
		m.o = out_new(stdout, a->options->json, a->options->pretty);
		out_lines(m.o);
		code = monitor_join(&m);
		if (!code)
			code = monitor_run(&m, signals);
		if (!out_finish(m.o) && !code)
			code = EXIT_KERNEL;
		netlink_close(&nl);
	}
	close(signals);
	return code;
}
