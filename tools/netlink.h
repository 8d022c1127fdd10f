/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Talking to the module: one socket, requests with the kernel's own sentence
 * when it refuses, dumps that are whole or asked for again.
 */
#ifndef KTLSGATE_NETLINK_H
#define KTLSGATE_NETLINK_H

#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdbool.h>
#include <stdint.h>

struct netlink {
	struct nl_sock *sk;
	int family;

	/* of the last request, for its complaint */
	int error;		/* errno, 0: it went well */
	char *sentence;		/* extack, NULL: the kernel had none */
	uint32_t blamed;	/* type of the attribute it names, or 0 */
	bool missing;		/* that attribute was not in the request */
	bool done;
	const struct nlmsghdr *request;
};

/* What the user wrote, to name an attribute in a complaint. */
struct netlink_words {
	const char *command;		/* "gate add" */
	const char *const *attr;	/* by attribute type, NULL: none */
	uint32_t attr_count;
};

/* Messages of a dump. */
struct netlink_list {
	struct nl_msg **msg;
	size_t count;
	bool torn;	/* changed on every attempt: something may be missing */
};

/* EXIT_OK or the exit code, after a complaint. */
int netlink_open(struct netlink *nl);
void netlink_close(struct netlink *nl);

/* A request of the family, to be filled by nla_put_*. */
struct nl_msg *netlink_request(struct netlink *nl, uint8_t cmd, int flags);

/*
 * Send msg, which is consumed, and wait for its end. The reply goes to *reply
 * (free with nlmsg_free) if that is not NULL. Returns 0 or an errno; what the
 * kernel said is in nl.
 */
int netlink_ask(struct netlink *nl, struct nl_msg *msg, struct nl_msg **reply);

/*
 * Send the dump request that fill() completes, again when it was interrupted
 * (NLM_F_DUMP_INTR). Returns 0 or an errno.
 */
int netlink_dump(struct netlink *nl, uint8_t cmd,
		 void (*fill)(struct nl_msg *msg, const void *arg),
		 const void *arg, struct netlink_list *list);
void netlink_list_free(struct netlink_list *list);

/* Say why the last request failed; returns the exit code for it. */
int netlink_complain(const struct netlink *nl,
		     const struct netlink_words *words);

/* A reply that does not keep the contract; returns the exit code. */
int netlink_bad_reply(const char *what);

/*
 * Attributes of a reply, checked against policy and for those that must be
 * there (required ends with 0). False after a complaint.
 */
bool netlink_parse(struct nl_msg *msg, struct nlattr **tb, int max,
		   const struct nla_policy *policy, const int *required,
		   const char *what);

/* An attribute that does not fit would be a bug of ours: exits. */
void netlink_put(int err);

#endif
