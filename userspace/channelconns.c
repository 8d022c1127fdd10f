// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include <linux/ktlsgate.h>

#include "channelcall.h"
#include "channelconns.h"
#include "note.h"

static struct nla_policy conn_policy[KTLSGATE_A_CONN_MAX + 1] = {
	[KTLSGATE_A_CONN_ID] = { .type = NLA_U32 },
	[KTLSGATE_A_CONN_IDENTITY] = { .type = NLA_NESTED },
};

static struct nla_policy identity_policy[KTLSGATE_A_IDENTITY_MAX + 1] = {
	[KTLSGATE_A_IDENTITY_PRINCIPAL] = { .type = NLA_STRING },
	[KTLSGATE_A_IDENTITY_SUBJECT] = { .type = NLA_STRING },
	[KTLSGATE_A_IDENTITY_ISSUER] = { .type = NLA_STRING },
	[KTLSGATE_A_IDENTITY_SPIFFE_ID] = { .type = NLA_STRING },
	[KTLSGATE_A_IDENTITY_NOT_AFTER] = { .type = NLA_U64 },
};

struct conn_reader {
	void (*on_conn)(const struct live_conn *conn, void *arg);
	void *arg;
};

/* The strings stay the message's own. */
static char *text_of(struct nlattr *attribute)
{
	return attribute ? nla_get_string(attribute) : NULL;
}

static void read_conn(struct nlattr **attrs, void *arg)
{
	struct nlattr *identity[KTLSGATE_A_IDENTITY_MAX + 1];
	struct nlattr *note = attrs[KTLSGATE_A_CONN_NOTE];
	struct conn_reader *reader = arg;
	struct live_conn conn = {};

	if (!attrs[KTLSGATE_A_CONN_ID] || !attrs[KTLSGATE_A_CONN_IDENTITY] ||
	    nla_parse_nested(identity, KTLSGATE_A_IDENTITY_MAX,
			     attrs[KTLSGATE_A_CONN_IDENTITY],
			     identity_policy) ||
	    !identity[KTLSGATE_A_IDENTITY_PRINCIPAL])
		return;
	conn.id = nla_get_u32(attrs[KTLSGATE_A_CONN_ID]);
	conn.identity.principal =
		text_of(identity[KTLSGATE_A_IDENTITY_PRINCIPAL]);
	conn.identity.subject = text_of(identity[KTLSGATE_A_IDENTITY_SUBJECT]);
	conn.identity.issuer = text_of(identity[KTLSGATE_A_IDENTITY_ISSUER]);
	conn.identity.spiffe_id =
		text_of(identity[KTLSGATE_A_IDENTITY_SPIFFE_ID]);
	if (identity[KTLSGATE_A_IDENTITY_NOT_AFTER])
		conn.identity.not_after =
			nla_get_u64(identity[KTLSGATE_A_IDENTITY_NOT_AFTER]);
	conn.has_chain = note && note_read(nla_data(note), nla_len(note),
					   &conn.identity);
	reader->on_conn(&conn, reader->arg);
}

int channel_conns(struct channel *channel, const char *gate, uint64_t ended,
		  void (*on_conn)(const struct live_conn *conn, void *arg),
		  void *arg)
{
	struct conn_reader reader = { .on_conn = on_conn, .arg = arg };
	struct nl_msg *msg;

	msg = channel_request(channel, KTLSGATE_CMD_CONN_GET, 64, NLM_F_DUMP);
	nla_put_string(msg, KTLSGATE_A_CONN_GATE, gate);
	if (ended)
		nla_put_u64(msg, KTLSGATE_A_CONN_NOT_AFTER, ended);
	else
		nla_put_flag(msg, KTLSGATE_A_CONN_WANT_NOTE);
	channel_expect(channel, read_conn, conn_policy, KTLSGATE_A_CONN_MAX,
		       &reader);
	return channel_call(channel, msg);
}

int channel_conn_kill(struct channel *channel, uint32_t id, uint32_t reason,
		      uint8_t alert, const char *why)
{
	char *text = channel_shortened(why, REASON_MAX);
	struct nl_msg *msg;

	msg = channel_request(channel, KTLSGATE_CMD_CONN_KILL,
			      64 + strlen(text), 0);
	nla_put_u32(msg, KTLSGATE_A_CONN_ID, id);
	nla_put_u32(msg, KTLSGATE_A_CONN_CLOSE_REASON, reason);
	nla_put_u8(msg, KTLSGATE_A_CONN_ALERT, alert);
	nla_put_string(msg, KTLSGATE_A_CONN_CLOSE_TEXT, text);
	free(text);
	return channel_call(channel, msg);
}
