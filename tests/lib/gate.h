/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_GATE_H
#define TESTS_GATE_H

#include <linux/ktlsgate.h>
#include <linux/ktlsgate_sockopt.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <stdbool.h>
#include <stdint.h>

#include "net.h"
#include "tls.h"

#define GATE_NAME "kafka"
#define GATE_PRINCIPAL "CN=payments,O=ACME"

/* One netlink socket of the module's family. */
struct gate_nl {
	struct nl_sock *sock;
	int family;
	int err;		/* of the last request: 0 or -errno */
	char text[512];		/* its extack sentence, "" when none came */
	int attr_offset;	/* NLMSGERR_ATTR_OFFS, -1 when none came */
};

/* 0 or -1. strict: NETLINK_GET_STRICT_CHK, as every client here sets it. */
int gate_open(struct gate_nl *nl);
void gate_close(struct gate_nl *nl);

/* A request; the caller puts the attributes, gate_send() frees it. */
struct nl_msg *gate_msg(struct gate_nl *nl, int cmd, int flags);
typedef int (*gate_reply)(struct genlmsghdr *hdr, struct nlattr **attrs,
			  void *arg);
/* Sends, hands each reply to fn, waits for the end: 0 or -errno. */
int gate_send(struct gate_nl *nl, struct nl_msg *msg, gate_reply fn, void *arg);

int gate_add(struct gate_nl *nl, const char *name, uint16_t port);
int gate_add_at(struct gate_nl *nl, const char *name,
		const union net_addr *addr);
int gate_set_state(struct gate_nl *nl, const char *name, uint32_t state);
int gate_set_key_records(struct gate_nl *nl, const char *name, uint32_t n);
int gate_del(struct gate_nl *nl, const char *name);

struct gate_info {
	char name[KTLSGATE_NAME_MAX + 1];
	uint16_t port;
	uint32_t state, listener, queue_length, queue_max, connections;
	uint32_t key_records;
	uint64_t handoffs, handoff_failures, refusals, closed;
	uint64_t rx_bytes, tx_bytes, sendfile_calls, sendfile_bytes;
	uint64_t updates_received, updates_sent;
	uint64_t refused_by[16], closed_by[16];
};
int gate_get(struct gate_nl *nl, const char *name, struct gate_info *info);

struct gate_stats {
	uint32_t gates, connections, queued;
	uint64_t handoffs, handoff_failures, refusals, closed;
	uint64_t updates_received, updates_sent;
	char version[32];
};
int gate_stats(struct gate_nl *nl, struct gate_stats *stats);

struct gate_conn {
	uint32_t id, state, path, close_reason;
	int alert;		/* -1: none */
	char gate[KTLSGATE_NAME_MAX + 1];
	char principal[256];
	char close_text[128];
	int note_len;		/* -1: none */
	char note[64];
	char reason[KTLSGATE_RELAY_REASON_MAX + 1];
	union net_addr peer, local;
	uint64_t rx_bytes, tx_bytes, sendfile_calls, sendfile_bytes;
	uint32_t updates_received, updates_sent;
	uint64_t age, handshake_time;
};
/* One event or reply into conn. */
void gate_conn_parse(struct nlattr **attrs, struct gate_conn *conn);
int gate_conn_get(struct gate_nl *nl, uint32_t id, struct gate_conn *conn);
int gate_conn_kill(struct gate_nl *nl, uint32_t id, int alert);
int gate_conn_cut(struct gate_nl *nl, uint32_t id, uint32_t reason,
		  const char *text);

/* A handoff: all zeroes but fd is not enough; gate_handoff_init() fills. */
struct gate_handoff {
	int fd;
	const char *gate;
	const char *principal;
	uint16_t version, suite;
	const uint8_t *secret_rx, *secret_tx;
	size_t secret_rx_len, secret_tx_len;
	const void *note;
	size_t note_len;
	uint64_t not_after;	/* 0: not told */
	uint32_t path;			/* the following for relay only */
	const char *reason;
	const union net_addr *peer, *local;
	bool give_back;
};
void gate_handoff_init(struct gate_handoff *h, const struct tls_server *s,
		       const char *gate);
struct nl_msg *gate_handoff_msg(struct gate_nl *nl,
				const struct gate_handoff *h);
/* 0 or -errno; the connection's id. */
int gate_handoff(struct gate_nl *nl, const struct gate_handoff *h,
		 uint32_t *id);
/* 0 or -errno; the answer, of which one half is 0 (id) or -1 (fd). */
struct gate_handed {
	uint32_t id;
	int fd, error;
};
int gate_handoff_or_back(struct gate_nl *nl, const struct gate_handoff *h,
			 struct gate_handed *out);
/* Takes s->fd when its ACKs are in, sets it to -1. */
int gate_handoff_server(struct gate_nl *nl, struct tls_server *s,
			const char *gate, uint32_t *id);

/* The events of the namespace, one at a time. */
struct gate_event {
	int cmd;
	struct gate_conn conn;		/* open and close */
	char gate[KTLSGATE_NAME_MAX + 1];
	char reason[1024];		/* refused */
	uint32_t code;
	int alert;
};
int gate_subscribe(struct gate_nl *nl);
/* The next event of this command within the deadline: 0 or -1. */
int gate_event(struct gate_nl *nl, int cmd, struct gate_event *event);

#endif
