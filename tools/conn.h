/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connection as the kernel tells it, in dumps and in events.
 */
#ifndef KTLSGATE_CONN_H
#define KTLSGATE_CONN_H

#include <linux/ktlsgate.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netlink.h"
#include "out.h"

/*
 * Attributes stay in their message: a conn lives no longer than the msg it
 * was parsed from. What is optional and absent is NULL.
 */
struct conn {
	struct nlattr *attr[KTLSGATE_A_CONN_MAX + 1];
	struct nlattr *identity[KTLSGATE_A_IDENTITY_MAX + 1];
	uint32_t id;
};

/* False after a complaint that begins with what. */
bool conn_parse(struct nl_msg *msg, struct conn *conn, const char *what);

/* KTLSGATE_CLOSE_REASON_NONE: nothing has ended it yet */
uint32_t conn_close_reason(const struct conn *conn);

/* The agent has still to close it. */
bool conn_has_ended(const struct conn *conn);

/* "10.0.4.7:53310", "-" when the kernel did not tell */
void conn_peer(const struct conn *conn, char *out, size_t len);

/* One row of conn show. */
void conn_print(struct out *o, const struct conn *conn, bool stats);

/* One line of monitor, after its time and event. */
void conn_print_open(struct out *o, const struct conn *conn);
void conn_print_close(struct out *o, const struct conn *conn);

#endif
