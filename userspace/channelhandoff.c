// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/ktlsgate.h>

#include "channelcall.h"
#include "channelhandoff.h"
#include "mem.h"
#include "note.h"

static struct nla_policy handoff_policy[KTLSGATE_A_HANDOFF_MAX + 1] = {
	[KTLSGATE_A_HANDOFF_ID] = { .type = NLA_U32 },
	[KTLSGATE_A_HANDOFF_FD] = { .type = NLA_S32 },
	[KTLSGATE_A_HANDOFF_ERROR] = { .type = NLA_U32 },
};

static size_t identity_size(const struct identity *identity)
{
	size_t size = 512 + NOTE_MAX_BYTES;

	size += strlen(identity->principal);
	size += identity->subject ? strlen(identity->subject) : 0;
	size += identity->issuer ? strlen(identity->issuer) : 0;
	size += identity->spiffe_id ? strlen(identity->spiffe_id) : 0;
	size += identity->server_name ? strlen(identity->server_name) : 0;
	return size;
}

static void put_identity(struct nl_msg *msg, const struct identity *identity)
{
	const struct chain_link *leaf = &identity->chain[0];
	struct nlattr *nest;

	nest = nla_nest_start(msg, KTLSGATE_A_HANDOFF_IDENTITY);
	put_text(msg, KTLSGATE_A_IDENTITY_PRINCIPAL, identity->principal);
	if (identity->subject) {
		put_text(msg, KTLSGATE_A_IDENTITY_SUBJECT, identity->subject);
		put_text(msg, KTLSGATE_A_IDENTITY_ISSUER, identity->issuer);
		put_text(msg, KTLSGATE_A_IDENTITY_SPIFFE_ID,
			 identity->spiffe_id);
		nla_put(msg, KTLSGATE_A_IDENTITY_SERIAL, leaf->serial_size,
			leaf->serial);
		nla_put(msg, KTLSGATE_A_IDENTITY_FINGERPRINT,
			sizeof(leaf->fingerprint), leaf->fingerprint);
		nla_put_u64(msg, KTLSGATE_A_IDENTITY_NOT_AFTER,
			    identity->not_after);
	}
	nla_put_u16(msg, KTLSGATE_A_IDENTITY_TLS_VERSION,
		    identity->tls_version);
	nla_put_u16(msg, KTLSGATE_A_IDENTITY_CIPHER_SUITE,
		    identity->cipher_suite);
	if (identity->group)
		nla_put_u16(msg, KTLSGATE_A_IDENTITY_GROUP, identity->group);
	put_text(msg, KTLSGATE_A_IDENTITY_SERVER_NAME, identity->server_name);
	if (identity->resumed)
		nla_put_flag(msg, KTLSGATE_A_IDENTITY_RESUMED);
	nla_nest_end(msg, nest);
}

static void put_note(struct nl_msg *msg, const struct identity *identity)
{
	uint8_t note[NOTE_MAX_BYTES];

	if (identity->subject)
		nla_put(msg, KTLSGATE_A_HANDOFF_NOTE,
			note_write(identity, note), note);
}

static void put_relayed(struct nl_msg *msg, const struct relayed *relayed)
{
	char *reason = xstrndup(relayed->reason, KTLSGATE_RELAY_REASON_MAX);

	nla_put_u32(msg, KTLSGATE_A_HANDOFF_PATH, KTLSGATE_PATH_RELAY);
	nla_put_string(msg, KTLSGATE_A_HANDOFF_RELAY_REASON, reason);
	nla_put(msg, KTLSGATE_A_HANDOFF_PEER_ADDRESS,
		address_size(relayed->peer), relayed->peer->bytes);
	nla_put_u16(msg, KTLSGATE_A_HANDOFF_PEER_PORT, relayed->peer_port);
	nla_put(msg, KTLSGATE_A_HANDOFF_LOCAL_ADDRESS,
		address_size(relayed->local), relayed->local->bytes);
	nla_put_u16(msg, KTLSGATE_A_HANDOFF_LOCAL_PORT, relayed->local_port);
	free(reason);
}

static void read_handed(struct nlattr **attrs, void *arg)
{
	struct handed *out = arg;

	if (attrs[KTLSGATE_A_HANDOFF_ID])
		out->id = nla_get_u32(attrs[KTLSGATE_A_HANDOFF_ID]);
	if (attrs[KTLSGATE_A_HANDOFF_FD])
		out->fd = nla_get_s32(attrs[KTLSGATE_A_HANDOFF_FD]);
	if (attrs[KTLSGATE_A_HANDOFF_ERROR])
		out->error = nla_get_u32(attrs[KTLSGATE_A_HANDOFF_ERROR]);
}

int channel_handoff(struct channel *channel, const struct handoff *handoff,
		    struct handed *out)
{
	const struct secrets *secrets = handoff->secrets;
	struct stat before = {}, after;
	struct nl_msg *msg;
	int error;

	*out = (struct handed){ .fd = -1 };
	fstat(handoff->fd, &before);
	msg = channel_request(channel, KTLSGATE_CMD_HANDOFF,
			      identity_size(handoff->identity), 0);
	nla_put_s32(msg, KTLSGATE_A_HANDOFF_FD, handoff->fd);
	nla_put_string(msg, KTLSGATE_A_HANDOFF_GATE, handoff->gate);
	put_identity(msg, handoff->identity);
	if (secrets && secrets->rx_size && secrets->tx_size) {
		nla_put(msg, KTLSGATE_A_HANDOFF_SECRET_RX, secrets->rx_size,
			secrets->rx);
		nla_put(msg, KTLSGATE_A_HANDOFF_SECRET_TX, secrets->tx_size,
			secrets->tx);
	}
	nla_put_u64(msg, KTLSGATE_A_HANDOFF_HANDSHAKE_TIME,
		    handoff->handshake_time);
	put_note(msg, handoff->identity);
	if (handoff->relayed)
		put_relayed(msg, handoff->relayed);
	else
		nla_put_flag(msg, KTLSGATE_A_HANDOFF_GIVE_BACK);
	channel_expect(channel, read_handed, handoff_policy,
		       KTLSGATE_A_HANDOFF_MAX, out);
	error = channel_call(channel, msg);
	/*
	 * The kernel takes the file unless it turned the message away first
	 * (permission, no such family). Then the number still names our
	 * socket; otherwise it may already be that of another worker's.
	 */
	if (error && !fstat(handoff->fd, &after) &&
	    before.st_ino == after.st_ino && before.st_dev == after.st_dev)
		out->fd = handoff->fd;
	return error;
}
