// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include <linux/ktlsgate.h>

#include "channel.h"
#include "channelcall.h"
#include "mem.h"

#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

#define MESSAGE_MAX 256		/* of what the kernel says */

/* As much as the kernel puts into a message of a dump. */
#define RECEIVE_BYTES 32768

struct channel {
	struct nl_sock *socket;
	struct nl_cb *callbacks;
	int family;
	char message[MESSAGE_MAX];
	/* the call under way */
	unsigned int sequence;
	void (*on_reply)(struct nlattr **attrs, void *arg);
	struct nla_policy *policy;
	int max_attr;
	void *arg;
	int error;
	bool done;
};

static struct nla_policy gate_policy[KTLSGATE_A_GATE_MAX + 1] = {
	[KTLSGATE_A_GATE_NAME] = { .type = NLA_STRING },
	[KTLSGATE_A_GATE_PORT] = { .type = NLA_U16 },
	[KTLSGATE_A_GATE_LISTENER] = { .type = NLA_U32 },
	[KTLSGATE_A_GATE_QUEUE_LENGTH] = { .type = NLA_U32 },
	[KTLSGATE_A_GATE_QUEUE_MAX] = { .type = NLA_U32 },
};

/* What belongs to a call before, which was given up, is nothing to this one. */
static int on_sequence(struct nl_msg *msg, void *arg)
{
	const struct channel *channel = arg;

	return nlmsg_hdr(msg)->nlmsg_seq == channel->sequence ? NL_OK :
								NL_SKIP;
}

static int on_valid(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *header = nlmsg_hdr(msg);
	struct nlattr *attrs[64];
	struct channel *channel = arg;

	if (channel->on_reply &&
	    !genlmsg_parse(header, 0, attrs, channel->max_attr,
			   channel->policy))
		channel->on_reply(attrs, channel->arg);
	if (channel->on_reply && !(header->nlmsg_flags & NLM_F_MULTI))
		channel->done = true;
	return NL_OK;
}

static int on_finish(struct nl_msg *msg, void *arg)
{
	struct channel *channel = arg;

	(void)msg;
	channel->done = true;
	return NL_STOP;
}

static int on_ack(struct nl_msg *msg, void *arg)
{
	return on_finish(msg, arg);
}

/* The kernel's sentence follows the error, see struct nlmsgerr. */
static int on_error(struct sockaddr_nl *from, struct nlmsgerr *error, void *arg)
{
	struct nlmsghdr *header = (void *)((char *)error - NLMSG_HDRLEN);
	struct nlattr *attrs[NLMSGERR_ATTR_MAX + 1];
	struct channel *channel = arg;
	size_t skip = sizeof(*error);

	(void)from;
	channel->error = error->error;
	channel->done = true;
	if (!(header->nlmsg_flags & NLM_F_ACK_TLVS))
		return NL_STOP;
	if (!(header->nlmsg_flags & NLM_F_CAPPED))
		skip += error->msg.nlmsg_len - NLMSG_HDRLEN;
	if (nlmsg_datalen(header) < (int)NLMSG_ALIGN(skip) ||
	    nla_parse(attrs, NLMSGERR_ATTR_MAX,
		      (void *)((char *)error + NLMSG_ALIGN(skip)),
		      nlmsg_datalen(header) - NLMSG_ALIGN(skip), NULL))
		return NL_STOP;
	if (attrs[NLMSGERR_ATTR_MSG])
		nla_strlcpy(channel->message, attrs[NLMSGERR_ATTR_MSG],
			    sizeof(channel->message));
	return NL_STOP;
}

bool channel_resolve(struct channel *channel)
{
	channel->family = genl_ctrl_resolve(channel->socket,
					    KTLSGATE_FAMILY_NAME);
	return channel->family >= 0;
}

struct channel *channel_open(char **error)
{
	struct channel *channel = xcalloc(1, sizeof(*channel));
	int on = 1, fd;

	channel->socket = nl_socket_alloc();
	channel->callbacks = nl_cb_alloc(NL_CB_CUSTOM);
	if (!channel->socket || !channel->callbacks)
		abort();
	nl_cb_set(channel->callbacks, NL_CB_SEQ_CHECK, NL_CB_CUSTOM,
		  on_sequence, channel);
	nl_cb_set(channel->callbacks, NL_CB_VALID, NL_CB_CUSTOM, on_valid,
		  channel);
	nl_cb_set(channel->callbacks, NL_CB_FINISH, NL_CB_CUSTOM, on_finish,
		  channel);
	nl_cb_set(channel->callbacks, NL_CB_ACK, NL_CB_CUSTOM, on_ack, channel);
	nl_cb_err(channel->callbacks, NL_CB_CUSTOM, on_error, channel);
	if (genl_connect(channel->socket)) {
		*error = xasprintf("cannot open a netlink socket: %s",
				   strerror(errno));
		channel_close(channel);
		return NULL;
	}
	/* It would read each message twice, to know its size. */
	nl_socket_disable_msg_peek(channel->socket);
	nl_socket_set_msg_buf_size(channel->socket, RECEIVE_BYTES);
	nl_socket_disable_seq_check(channel->socket);
	fd = nl_socket_get_fd(channel->socket);
	/* Capped: an error must not send secrets back through the kernel. */
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	if (!channel_resolve(channel)) {
		*error = xstrdup("the kernel module is not loaded: modprobe ktlsgate");
		channel_close(channel);
		return NULL;
	}
	return channel;
}

void channel_close(struct channel *channel)
{
	if (!channel)
		return;
	nl_cb_put(channel->callbacks);
	nl_socket_free(channel->socket);
	free(channel);
}

const char *channel_message(const struct channel *channel)
{
	return channel->message;
}

struct nl_msg *channel_request(struct channel *channel, uint8_t command,
			       size_t size, int flags)
{
	struct nl_msg *msg = nlmsg_alloc_size(size + 512);

	if (!msg || !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ,
				 channel->family, 0, flags, command,
				 KTLSGATE_FAMILY_VERSION))
		abort();
	return msg;
}

/* Where there is a reply, that is answer enough: errors come anyway. */
static int send_request(struct channel *channel, struct nl_msg *msg)
{
	struct nlmsghdr *header = nlmsg_hdr(msg);

	nl_complete_msg(channel->socket, msg);
	channel->sequence = header->nlmsg_seq;
	if (channel->on_reply)
		header->nlmsg_flags &= ~NLM_F_ACK;
	return nl_send(channel->socket, msg);
}

int channel_call(struct channel *channel, struct nl_msg *msg)
{
	struct nlmsghdr *header = nlmsg_hdr(msg);
	int sent;

	channel->error = 0;
	channel->done = false;
	channel->message[0] = '\0';
	sent = send_request(channel, msg);
	while (sent >= 0 && !channel->done) {
		int got = nl_recvmsgs(channel->socket, channel->callbacks);

		if (got < 0 && !channel->done && got != -NLE_INTR) {
			channel->error = -EIO;
			snprintf(channel->message, sizeof(channel->message),
				 "netlink: %s", nl_geterror(got));
			channel->done = true;
		}
	}
	if (sent < 0) {
		channel->error = -EIO;
		snprintf(channel->message, sizeof(channel->message),
			 "netlink: %s", nl_geterror(sent));
	}
	OPENSSL_cleanse(header, header->nlmsg_len);
	nlmsg_free(msg);
	channel->on_reply = NULL;
	if (channel->error && !channel->message[0])
		snprintf(channel->message, sizeof(channel->message), "%s",
			 strerror(-channel->error));
	return channel->error;
}

void channel_expect(struct channel *channel,
		    void (*on_reply)(struct nlattr **attrs, void *arg),
		    struct nla_policy *policy, int max_attr, void *arg)
{
	channel->on_reply = on_reply;
	channel->policy = policy;
	channel->max_attr = max_attr;
	channel->arg = arg;
}

static void read_gate(struct nlattr **attrs, void *arg)
{
	struct gate_status *out = arg;
	struct nlattr *address = attrs[KTLSGATE_A_GATE_ADDRESS];

	memset(out, 0, sizeof(*out));
	if (attrs[KTLSGATE_A_GATE_NAME])
		nla_strlcpy(out->name, attrs[KTLSGATE_A_GATE_NAME],
			    sizeof(out->name));
	if (attrs[KTLSGATE_A_GATE_PORT])
		out->port = nla_get_u16(attrs[KTLSGATE_A_GATE_PORT]);
	if (address && (nla_len(address) == 4 || nla_len(address) == 16)) {
		out->address.family = nla_len(address) == 4 ? AF_INET :
				      AF_INET6;
		memcpy(out->address.bytes, nla_data(address),
		       nla_len(address));
	}
	if (attrs[KTLSGATE_A_GATE_LISTENER])
		out->listener = nla_get_u32(attrs[KTLSGATE_A_GATE_LISTENER]);
	if (attrs[KTLSGATE_A_GATE_QUEUE_LENGTH])
		out->queue_length =
			nla_get_u32(attrs[KTLSGATE_A_GATE_QUEUE_LENGTH]);
	if (attrs[KTLSGATE_A_GATE_QUEUE_MAX])
		out->queue_max = nla_get_u32(attrs[KTLSGATE_A_GATE_QUEUE_MAX]);
}

int channel_gate_get(struct channel *channel, const char *name,
		     struct gate_status *out)
{
	struct nl_msg *msg = channel_request(channel, KTLSGATE_CMD_GATE_GET,
					     64, 0);

	memset(out, 0, sizeof(*out));
	nla_put_string(msg, KTLSGATE_A_GATE_NAME, name);
	channel_expect(channel, read_gate, gate_policy, KTLSGATE_A_GATE_MAX,
		       out);
	return channel_call(channel, msg);
}

struct search {
	uint16_t port;
	const struct address *address;
	struct gate_status *out;
	bool found;
};

static void match_gate(struct nlattr **attrs, void *arg)
{
	struct search *search = arg;
	struct gate_status one;

	read_gate(attrs, &one);
	if (one.port != search->port ||
	    !address_equal(&one.address, search->address))
		return;
	*search->out = one;
	search->found = true;
}

int channel_gate_find(struct channel *channel, uint16_t port,
		      const struct address *address, struct gate_status *out)
{
	struct search search = {
		.port = port, .address = address, .out = out,
	};
	struct nl_msg *msg;
	int error;

	msg = channel_request(channel, KTLSGATE_CMD_GATE_GET, 0, NLM_F_DUMP);
	channel_expect(channel, match_gate, gate_policy, KTLSGATE_A_GATE_MAX,
		       &search);
	error = channel_call(channel, msg);
	if (!error && !search.found)
		error = -ENOENT;
	return error;
}

static int change_gate(struct channel *channel, uint8_t command,
		       const char *name, uint16_t port,
		       const struct address *address)
{
	struct nl_msg *msg = channel_request(channel, command, 128, 0);

	nla_put_string(msg, KTLSGATE_A_GATE_NAME, name);
	nla_put_u16(msg, KTLSGATE_A_GATE_PORT, port);
	if (address->family)
		nla_put(msg, KTLSGATE_A_GATE_ADDRESS, address_size(address),
			address->bytes);
	else if (command == KTLSGATE_CMD_GATE_SET)
		nla_put(msg, KTLSGATE_A_GATE_ADDRESS, 16, address->bytes);
	return channel_call(channel, msg);
}

int channel_gate_add(struct channel *channel, const char *name, uint16_t port,
		     const struct address *address)
{
	return change_gate(channel, KTLSGATE_CMD_GATE_ADD, name, port, address);
}

int channel_gate_set(struct channel *channel, const char *name, uint16_t port,
		     const struct address *address)
{
	return change_gate(channel, KTLSGATE_CMD_GATE_SET, name, port, address);
}

int channel_gate_del(struct channel *channel, const char *name)
{
	struct nl_msg *msg = channel_request(channel, KTLSGATE_CMD_GATE_DEL,
					     64, 0);

	nla_put_string(msg, KTLSGATE_A_GATE_NAME, name);
	return channel_call(channel, msg);
}

char *channel_shortened(const char *text, size_t max)
{
	size_t length = strlen(text);

	if (length > max) {
		length = max;
		while (length && ((unsigned char)text[length] & 0xc0) == 0x80)
			length--;
	}
	return xstrndup(text, length);
}

int channel_refuse(struct channel *channel, const char *gate,
		   const struct address *peer, uint16_t port,
		   const struct verdict *verdict)
{
	char *reason = channel_shortened(verdict->reason, REASON_MAX);
	char *principal = NULL;
	struct nl_msg *msg;
	int error;

	if (verdict->principal)
		principal = channel_shortened(verdict->principal,
					      KTLSGATE_STRING_MAX);
	msg = channel_request(channel, KTLSGATE_CMD_REFUSE, strlen(reason) +
			      (principal ? strlen(principal) : 0), 0);
	nla_put_string(msg, KTLSGATE_A_REFUSED_GATE, gate);
	if (peer->family) {
		nla_put(msg, KTLSGATE_A_REFUSED_PEER_ADDRESS,
			address_size(peer), peer->bytes);
		nla_put_u16(msg, KTLSGATE_A_REFUSED_PEER_PORT, port);
	}
	nla_put_u32(msg, KTLSGATE_A_REFUSED_CODE, verdict->code);
	nla_put_string(msg, KTLSGATE_A_REFUSED_REASON, reason);
	if (verdict->alert_sent >= 0)
		nla_put_u8(msg, KTLSGATE_A_REFUSED_ALERT, verdict->alert_sent);
	put_text(msg, KTLSGATE_A_REFUSED_PRINCIPAL, principal);
	error = channel_call(channel, msg);
	free(reason);
	free(principal);
	return error;
}
