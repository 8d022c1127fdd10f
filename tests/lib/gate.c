// SPDX-License-Identifier: GPL-2.0-or-later
/* The module's generic netlink family: requests and what they come to. */
#include <errno.h>
#include <linux/netlink.h>
#include <netlink/genl/ctrl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "gate.h"

#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

struct exchange {
	struct gate_nl *nl;
	gate_reply fn;
	void *arg;
	int err;
	bool done;
};

int gate_open(struct gate_nl *nl)
{
	int one = 1, fd;

	memset(nl, 0, sizeof(*nl));
	nl->sock = nl_socket_alloc();
	if (!nl->sock || genl_connect(nl->sock))
		goto fail;
	fd = nl_socket_get_fd(nl->sock);
	if (setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one)) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one)) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one,
		       sizeof(one)))
		goto fail;
	net_timeout(fd, NET_DEADLINE_MS);
	nl->family = genl_ctrl_resolve(nl->sock, KTLSGATE_FAMILY_NAME);
	if (nl->family < 0) {
		fprintf(stderr, "# gate: no netlink family %s: %s\n",
			KTLSGATE_FAMILY_NAME, nl_geterror(nl->family));
		goto fail;
	}
	nl_socket_disable_auto_ack(nl->sock);
	return 0;
fail:
	gate_close(nl);
	return -1;
}

void gate_close(struct gate_nl *nl)
{
	if (nl->sock)
		nl_socket_free(nl->sock);
	nl->sock = NULL;
}

struct nl_msg *gate_msg(struct gate_nl *nl, int cmd, int flags)
{
	struct nl_msg *msg = nlmsg_alloc_size(65536);

	if (msg && !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, nl->family, 0,
				NLM_F_REQUEST | NLM_F_ACK | flags, cmd,
				KTLSGATE_FAMILY_VERSION)) {
		nlmsg_free(msg);
		msg = NULL;
	}
	return msg;
}

/* The attributes behind an acknowledgement or a NLMSG_DONE. */
static void extack(struct gate_nl *nl, struct nlmsghdr *hdr, int offset)
{
	struct nlattr *attr;
	int rem = nlmsg_datalen(hdr) - offset;

	if (!(hdr->nlmsg_flags & NLM_F_ACK_TLVS) || rem <= 0)
		return;
	nla_for_each_attr(attr, nlmsg_data(hdr) + offset, rem, rem) {
		if (nla_type(attr) == NLMSGERR_ATTR_MSG)
			nla_strlcpy(nl->text, attr, sizeof(nl->text));
		if (nla_type(attr) == NLMSGERR_ATTR_OFFS)
			nl->attr_offset = nla_get_u32(attr);
	}
}

static int on_error(struct sockaddr_nl *who, struct nlmsgerr *err, void *arg)
{
	struct exchange *x = arg;
	struct nlmsghdr *hdr = (void *)((char *)err - NLMSG_HDRLEN);
	int len = sizeof(*err);

	/* With NETLINK_CAP_ACK only the header of the request comes back. */
	if (!(hdr->nlmsg_flags & NLM_F_CAPPED))
		len += NLMSG_ALIGN(err->msg.nlmsg_len) - NLMSG_HDRLEN;
	extack(x->nl, hdr, len);
	x->err = err->error;
	x->done = true;
	return NL_STOP;
}

static int on_ack(struct nl_msg *msg, void *arg)
{
	struct exchange *x = arg;

	x->done = true;
	return NL_STOP;
}

static int on_finish(struct nl_msg *msg, void *arg)
{
	struct exchange *x = arg;
	struct nlmsghdr *hdr = nlmsg_hdr(msg);

	if (nlmsg_datalen(hdr) >= (int)sizeof(int))
		x->err = *(int *)nlmsg_data(hdr);
	extack(x->nl, hdr, sizeof(int));
	x->done = true;
	return NL_STOP;
}

static int on_valid(struct nl_msg *msg, void *arg)
{
	struct genlmsghdr *hdr = genlmsg_hdr(nlmsg_hdr(msg));
	struct nlattr *attrs[64];
	struct exchange *x = arg;

	nla_parse(attrs, 63, genlmsg_attrdata(hdr, 0),
		  genlmsg_attrlen(hdr, 0), NULL);
	if (x->fn)
		x->fn(hdr, attrs, x->arg);
	return NL_OK;
}

int gate_send(struct gate_nl *nl, struct nl_msg *msg, gate_reply fn, void *arg)
{
	struct exchange x = { .nl = nl, .fn = fn, .arg = arg };
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int ret;

	nl->text[0] = '\0';
	nl->attr_offset = -1;
	nl->err = -ENOMEM;
	if (!cb || !msg)
		goto out;
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, &x);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_ack, &x);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_finish, &x);
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_valid, &x);
	ret = nl_send_auto(nl->sock, msg);
	while (ret >= 0 && !x.done)
		ret = nl_recvmsgs(nl->sock, cb);
	nl->err = x.err;
	if (ret < 0 && !x.done) {
		fprintf(stderr, "# gate: netlink: %s\n", nl_geterror(ret));
		nl->err = -EIO;
	}
out:
	nlmsg_free(msg);
	nl_cb_put(cb);
	return nl->err;
}

int gate_add_at(struct gate_nl *nl, const char *name,
		const union net_addr *addr)
{
	struct nl_msg *msg = gate_msg(nl, KTLSGATE_CMD_GATE_ADD, 0);

	nla_put_string(msg, KTLSGATE_A_GATE_NAME, name);
	nla_put_u16(msg, KTLSGATE_A_GATE_PORT, ntohs(addr->in.sin_port));
	if (addr->sa.sa_family == AF_INET)
		nla_put(msg, KTLSGATE_A_GATE_ADDRESS, 4, &addr->in.sin_addr);
	else if (addr->sa.sa_family == AF_INET6)
		nla_put(msg, KTLSGATE_A_GATE_ADDRESS, 16,
			&addr->in6.sin6_addr);
	return gate_send(nl, msg, NULL, NULL);
}

int gate_add(struct gate_nl *nl, const char *name, uint16_t port)
{
	union net_addr any = { .in.sin_port = htons(port) };

	any.sa.sa_family = AF_UNSPEC;
	return gate_add_at(nl, name, &any);
}

int gate_set_state(struct gate_nl *nl, const char *name, uint32_t state)
{
	struct nl_msg *msg = gate_msg(nl, KTLSGATE_CMD_GATE_SET, 0);

	nla_put_string(msg, KTLSGATE_A_GATE_NAME, name);
	nla_put_u32(msg, KTLSGATE_A_GATE_STATE, state);
	return gate_send(nl, msg, NULL, NULL);
}

int gate_set_key_records(struct gate_nl *nl, const char *name, uint32_t n)
{
	struct nl_msg *msg = gate_msg(nl, KTLSGATE_CMD_GATE_SET, 0);

	nla_put_string(msg, KTLSGATE_A_GATE_NAME, name);
	nla_put_u32(msg, KTLSGATE_A_GATE_KEY_RECORDS, n);
	return gate_send(nl, msg, NULL, NULL);
}

int gate_del(struct gate_nl *nl, const char *name)
{
	struct nl_msg *msg = gate_msg(nl, KTLSGATE_CMD_GATE_DEL, 0);

	nla_put_string(msg, KTLSGATE_A_GATE_NAME, name);
	return gate_send(nl, msg, NULL, NULL);
}

int gate_conn_kill(struct gate_nl *nl, uint32_t id, int alert)
{
	struct nl_msg *msg = gate_msg(nl, KTLSGATE_CMD_CONN_KILL, 0);

	nla_put_u32(msg, KTLSGATE_A_CONN_ID, id);
	if (alert >= 0)
		nla_put_u8(msg, KTLSGATE_A_CONN_ALERT, alert);
	return gate_send(nl, msg, NULL, NULL);
}

int gate_conn_cut(struct gate_nl *nl, uint32_t id, uint32_t reason,
		  const char *text)
{
	struct nl_msg *msg = gate_msg(nl, KTLSGATE_CMD_CONN_KILL, 0);

	nla_put_u32(msg, KTLSGATE_A_CONN_ID, id);
	nla_put_u32(msg, KTLSGATE_A_CONN_CLOSE_REASON, reason);
	nla_put_string(msg, KTLSGATE_A_CONN_CLOSE_TEXT, text);
	return gate_send(nl, msg, NULL, NULL);
}

void gate_handoff_init(struct gate_handoff *h, const struct tls_server *s,
		       const char *gate)
{
	memset(h, 0, sizeof(*h));
	h->fd = s->fd;
	h->gate = gate;
	h->principal = GATE_PRINCIPAL;
	h->version = s->version;
	h->suite = s->suite;
	if (s->version == TLS1_3_VERSION) {
		h->secret_rx = s->secret_rx;
		h->secret_tx = s->secret_tx;
		h->secret_rx_len = s->secret_len;
		h->secret_tx_len = s->secret_len;
	}
}

static void put_address(struct nl_msg *msg, int address, int port,
			const union net_addr *a)
{
	if (!a)
		return;
	if (a->sa.sa_family == AF_INET)
		nla_put(msg, address, 4, &a->in.sin_addr);
	else
		nla_put(msg, address, 16, &a->in6.sin6_addr);
	nla_put_u16(msg, port, ntohs(a->in.sin_port));
}

static void put_relay(struct nl_msg *msg, const struct gate_handoff *h)
{
	if (h->path)
		nla_put_u32(msg, KTLSGATE_A_HANDOFF_PATH, h->path);
	if (h->reason)
		nla_put_string(msg, KTLSGATE_A_HANDOFF_RELAY_REASON,
			       h->reason);
	put_address(msg, KTLSGATE_A_HANDOFF_PEER_ADDRESS,
		    KTLSGATE_A_HANDOFF_PEER_PORT, h->peer);
	put_address(msg, KTLSGATE_A_HANDOFF_LOCAL_ADDRESS,
		    KTLSGATE_A_HANDOFF_LOCAL_PORT, h->local);
}

struct nl_msg *gate_handoff_msg(struct gate_nl *nl,
				const struct gate_handoff *h)
{
	struct nl_msg *msg = gate_msg(nl, KTLSGATE_CMD_HANDOFF, 0);
	struct nlattr *nest;

	nla_put_s32(msg, KTLSGATE_A_HANDOFF_FD, h->fd);
	if (h->gate)
		nla_put_string(msg, KTLSGATE_A_HANDOFF_GATE, h->gate);
	nest = nla_nest_start(msg, KTLSGATE_A_HANDOFF_IDENTITY | NLA_F_NESTED);
	if (h->principal)
		nla_put_string(msg, KTLSGATE_A_IDENTITY_PRINCIPAL,
			       h->principal);
	nla_put_u16(msg, KTLSGATE_A_IDENTITY_TLS_VERSION, h->version);
	nla_put_u16(msg, KTLSGATE_A_IDENTITY_CIPHER_SUITE, h->suite);
	if (h->not_after)
		nla_put_u64(msg, KTLSGATE_A_IDENTITY_NOT_AFTER, h->not_after);
	nla_nest_end(msg, nest);
	if (h->note)
		nla_put(msg, KTLSGATE_A_HANDOFF_NOTE, h->note_len, h->note);
	if (h->secret_rx_len)
		nla_put(msg, KTLSGATE_A_HANDOFF_SECRET_RX, h->secret_rx_len,
			h->secret_rx);
	if (h->secret_tx_len)
		nla_put(msg, KTLSGATE_A_HANDOFF_SECRET_TX, h->secret_tx_len,
			h->secret_tx);
	nla_put_u64(msg, KTLSGATE_A_HANDOFF_HANDSHAKE_TIME, 1234567);
	put_relay(msg, h);
	if (h->give_back)
		nla_put_flag(msg, KTLSGATE_A_HANDOFF_GIVE_BACK);
	return msg;
}

static int on_handoff(struct genlmsghdr *hdr, struct nlattr **attrs, void *arg)
{
	struct gate_handed *out = arg;

	if (attrs[KTLSGATE_A_HANDOFF_ID])
		out->id = nla_get_u32(attrs[KTLSGATE_A_HANDOFF_ID]);
	if (attrs[KTLSGATE_A_HANDOFF_FD])
		out->fd = nla_get_s32(attrs[KTLSGATE_A_HANDOFF_FD]);
	if (attrs[KTLSGATE_A_HANDOFF_ERROR])
		out->error = nla_get_u32(attrs[KTLSGATE_A_HANDOFF_ERROR]);
	return 0;
}

int gate_handoff_or_back(struct gate_nl *nl, const struct gate_handoff *h,
			 struct gate_handed *out)
{
	*out = (struct gate_handed){ .fd = -1 };
	return gate_send(nl, gate_handoff_msg(nl, h), on_handoff, out);
}

int gate_handoff(struct gate_nl *nl, const struct gate_handoff *h, uint32_t *id)
{
	struct gate_handed got;
	int err = gate_handoff_or_back(nl, h, &got);

	if (id)
		*id = got.id;
	return err;
}

int gate_handoff_server(struct gate_nl *nl, struct tls_server *s,
			const char *gate, uint32_t *id)
{
	struct gate_handoff h;

	if (net_acked(s->fd))
		return -ETIME;
	gate_handoff_init(&h, s, gate);
	s->fd = -1;
	return gate_handoff(nl, &h, id);
}
