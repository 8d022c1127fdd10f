// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <linux/netlink.h>
#include <netlink/genl/ctrl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/ktlsgate.h>

#include "netlink.h"
#include "util.h"

#define DUMP_ATTEMPTS 8

static void set_option(struct netlink *nl, int option)
{
	int on = 1;

	/* kernels without it only answer with less detail */
	setsockopt(nl_socket_get_fd(nl->sk), SOL_NETLINK, option, &on,
		   sizeof(on));
}

int netlink_open(struct netlink *nl)
{
	int err;

	memset(nl, 0, sizeof(*nl));
	nl->sk = nl_socket_alloc();
	if (!nl->sk) {
		complain("out of memory");
		return EXIT_KERNEL;
	}
	err = genl_connect(nl->sk);
	if (err < 0) {
		complain("cannot open a generic netlink socket: %s",
			 nl_geterror(err));
		goto fail;
	}
	/* names of certificates make messages longer than libnl expects */
	nl_socket_enable_msg_peek(nl->sk);
	set_option(nl, NETLINK_EXT_ACK);
	set_option(nl, NETLINK_GET_STRICT_CHK);

	nl->family = genl_ctrl_resolve(nl->sk, KTLSGATE_FAMILY_NAME);
	if (nl->family == -NLE_OBJ_NOTFOUND) {
		complain("the module ktlsgate is not loaded: modprobe ktlsgate");
		netlink_close(nl);
		return EXIT_NO_MODULE;
	}
	if (nl->family < 0) {
		complain("cannot ask for the netlink family ktlsgate: %s",
			 nl_geterror(nl->family));
		goto fail;
	}
	return EXIT_OK;

fail:
	netlink_close(nl);
	return EXIT_KERNEL;
}

void netlink_close(struct netlink *nl)
{
	nl_socket_free(nl->sk);
	free(nl->sentence);
	nl->sk = NULL;
	nl->sentence = NULL;
}

void netlink_put(int err)
{
	if (err < 0) {
		complain("a netlink message does not hold its attributes: %s",
			 nl_geterror(err));
		exit(EXIT_KERNEL);
	}
}

struct nl_msg *netlink_request(struct netlink *nl, uint8_t cmd, int flags)
{
	/* room for the longest principal */
	struct nl_msg *msg = nlmsg_alloc_size(KTLSGATE_STRING_MAX + 1024);

	if (!msg || !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, nl->family, 0,
				 flags, cmd, KTLSGATE_FAMILY_VERSION)) {
		complain("out of memory");
		exit(EXIT_KERNEL);
	}
	return msg;
}

/* The TLVs behind an error or an acknowledgement (struct nlmsgerr). */
static void read_extack(struct netlink *nl, struct nlattr *attrs, int len)
{
	const struct nlattr *bad;
	uint32_t offset;
	struct nlattr *attr;
	int rem;

	nla_for_each_attr(attr, attrs, len, rem) {
		switch (nla_type(attr)) {
		case NLMSGERR_ATTR_MSG:
			free(nl->sentence);
			nl->sentence = strndup(nla_data(attr), nla_len(attr));
			break;
		case NLMSGERR_ATTR_OFFS:
			if (nla_len(attr) < 4)
				break;
			offset = nla_get_u32(attr);
			if (offset + NLA_HDRLEN > nl->request->nlmsg_len)
				break;
			bad = (void *)((char *)nl->request + offset);
			nl->blamed = nla_type(bad);
			break;
		case NLMSGERR_ATTR_MISS_TYPE:
			if (nla_len(attr) < 4)
				break;
			nl->blamed = nla_get_u32(attr);
			nl->missing = true;
			break;
		}
	}
}

static void read_nlmsgerr(struct netlink *nl, struct nlmsghdr *hdr)
{
	struct nlmsgerr *e = nlmsg_data(hdr);
	int skip = sizeof(*e);

	if (!(hdr->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	/* the request is echoed unless capped */
	if (!(hdr->nlmsg_flags & NLM_F_CAPPED))
		skip += NLMSG_ALIGN(e->msg.nlmsg_len) - sizeof(e->msg);
	if (nlmsg_datalen(hdr) > skip)
		read_extack(nl, (void *)((char *)e + skip),
			    nlmsg_datalen(hdr) - skip);
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *e, void *arg)
{
	struct netlink *nl = arg;

	(void)from;
	nl->error = -e->error;
	read_nlmsgerr(nl, (void *)((char *)e - NLMSG_HDRLEN));
	nl->done = true;
	return NL_STOP;
}

static int on_ack(struct nl_msg *msg, void *arg)
{
	struct netlink *nl = arg;

	read_nlmsgerr(nl, nlmsg_hdr(msg));
	nl->done = true;
	return NL_STOP;
}

/* A dump that fails midway says so in its last message. */
static int on_finish(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *hdr = nlmsg_hdr(msg);
	struct netlink *nl = arg;
	int error;

	if (nlmsg_datalen(hdr) >= (int)sizeof(error)) {
		memcpy(&error, nlmsg_data(hdr), sizeof(error));
		if (error < 0) {
			nl->error = -error;
			if (hdr->nlmsg_flags & NLM_F_ACK_TLVS)
				read_extack(nl, (void *)((char *)
						nlmsg_data(hdr) + 4),
					    nlmsg_datalen(hdr) - 4);
		}
	}
	nl->done = true;
	return NL_STOP;
}

static int on_valid(struct nl_msg *msg, void *arg)
{
	struct netlink_list *list = arg;

	list->msg = xrealloc(list->msg,
			     (list->count + 1) * sizeof(*list->msg));
	nlmsg_get(msg);
	list->msg[list->count++] = msg;
	return NL_OK;
}

void netlink_list_free(struct netlink_list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		nlmsg_free(list->msg[i]);
	free(list->msg);
	memset(list, 0, sizeof(*list));
}

/* Send msg and collect answers until its end. */
static int transact(struct netlink *nl, struct nl_msg *msg,
		    struct netlink_list *list)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int err;

	if (!cb) {
		complain("out of memory");
		exit(EXIT_KERNEL);
	}
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, nl);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_ack, nl);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_finish, nl);
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_valid, list);

	free(nl->sentence);
	nl->sentence = NULL;
	nl->error = 0;
	nl->blamed = 0;
	nl->missing = false;
	nl->done = false;
	nl->request = nlmsg_hdr(msg);

	err = nl_send_auto(nl->sk, msg);
	while (err >= 0 && !nl->done)
		err = nl_recvmsgs(nl->sk, cb);
	nl_cb_put(cb);

	if (err == -NLE_DUMP_INTR) {
		list->torn = true;
	} else if (err < 0 && !nl->error) {
		nl->error = EIO;
		nl->sentence = xasprintf("no answer from the kernel: %s",
					 nl_geterror(err));
	}
	return nl->error;
}

int netlink_ask(struct netlink *nl, struct nl_msg *msg, struct nl_msg **reply)
{
	struct netlink_list list = { 0 };
	int err;

	nlmsg_hdr(msg)->nlmsg_flags |= NLM_F_ACK;
	err = transact(nl, msg, &list);
	if (reply) {
		*reply = NULL;
		if (!err && list.count) {
			*reply = list.msg[0];
			nlmsg_get(*reply);
		}
	}
	netlink_list_free(&list);
	nlmsg_free(msg);
	return err;
}

int netlink_dump(struct netlink *nl, uint8_t cmd,
		 void (*fill)(struct nl_msg *msg, const void *arg),
		 const void *arg, struct netlink_list *list)
{
	struct nl_msg *msg;
	int attempt, err;

	memset(list, 0, sizeof(*list));
	for (attempt = 1;; attempt++) {
		msg = netlink_request(nl, cmd, NLM_F_DUMP);
		if (fill)
			fill(msg, arg);
		err = transact(nl, msg, list);
		nlmsg_free(msg);
		if (err || !list->torn || attempt == DUMP_ATTEMPTS)
			return err;
		netlink_list_free(list);
	}
}

int netlink_complain(const struct netlink *nl,
		     const struct netlink_words *words)
{
	const char *word = "", *colon = "";

	if (nl->blamed && nl->blamed < words->attr_count &&
	    words->attr[nl->blamed]) {
		word = words->attr[nl->blamed];
		colon = ": ";
	}
	if (nl->sentence)
		complain("%s: %s%s%s", words->command, word, colon,
			 nl->sentence);
	else if (nl->missing)
		complain("%s: %s%smissing", words->command, word, colon);
	else if (nl->error == EPERM)
		complain("%s: not permitted: it needs CAP_NET_ADMIN in the user namespace of this network namespace, run it as root",
			 words->command);
	else if (nl->error == EOPNOTSUPP)
		complain("%s: the loaded module does not know this request: install tool and module of the same version",
			 words->command);
	else
		complain("%s: %s%s%s", words->command, word, colon,
			 strerror(nl->error));
	return nl->error == ENOENT ? EXIT_NOT_FOUND : EXIT_KERNEL;
}

int netlink_bad_reply(const char *what)
{
	complain("%s: the kernel's reply does not keep the netlink contract: install tool and module of the same version",
		 what);
	return EXIT_KERNEL;
}

bool netlink_parse(struct nl_msg *msg, struct nlattr **tb, int max,
		   const struct nla_policy *policy, const int *required,
		   const char *what)
{
	struct nlmsghdr *hdr = nlmsg_hdr(msg);

	if (!genlmsg_valid_hdr(hdr, 0) ||
	    genlmsg_parse(hdr, 0, tb, max, policy) < 0) {
		netlink_bad_reply(what);
		return false;
	}
	for (; *required; required++) {
		if (!tb[*required]) {
			netlink_bad_reply(what);
			return false;
		}
	}
	return true;
}
