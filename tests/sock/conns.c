// SPDX-License-Identifier: GPL-2.0-or-later
/* Connections as objects: dumps and their filters, notes, events. */
#include <sys/utsname.h>

#include "clients.h"

struct dump {
	int n;
	struct gate_conn conns[64];
};

static int collect(struct genlmsghdr *hdr, struct nlattr **attrs, void *arg)
{
	struct dump *d = arg;

	if (d->n < 64)
		gate_conn_parse(attrs, &d->conns[d->n]);
	d->n++;
	return 0;
}

static struct nl_msg *dump(struct gate_nl *nl)
{
	return gate_msg(nl, KTLSGATE_CMD_CONN_GET, NLM_F_DUMP);
}

static void put_peer(struct nl_msg *msg, const union net_addr *peer, bool port)
{
	if (peer->sa.sa_family == AF_INET)
		nla_put(msg, KTLSGATE_A_CONN_PEER_ADDRESS, 4,
			&peer->in.sin_addr);
	else
		nla_put(msg, KTLSGATE_A_CONN_PEER_ADDRESS, 16,
			&peer->in6.sin6_addr);
	if (port)
		nla_put_u16(msg, KTLSGATE_A_CONN_PEER_PORT,
			    ntohs(peer->in.sin_port));
}

TEST_F(conns, ids_are_unique)
{
	int i, k;

	for (i = 0; i < CLIENTS; i++)
		for (k = 0; k < i; k++)
			EXPECT_NE(self->ids[i], self->ids[k]);
}

TEST_F(conns, dump_all)
{
	struct dump d = {};
	int i, k, found = 0;

	ASSERT_EQ(0, gate_send(&self->p.nl, dump(&self->p.nl), collect, &d));
	ASSERT_EQ(CLIENTS, d.n);
	for (i = 0; i < CLIENTS; i++)
		for (k = 0; k < CLIENTS; k++)
			found += d.conns[i].id == self->ids[k];
	EXPECT_EQ(CLIENTS, found);
}

TEST_F(conns, dump_by_principal)
{
	struct nl_msg *msg = dump(&self->p.nl);
	struct dump d = {};

	nla_put_string(msg, KTLSGATE_A_CONN_PRINCIPAL, "CN=a");
	ASSERT_EQ(0, gate_send(&self->p.nl, msg, collect, &d));
	ASSERT_EQ(2, d.n);
	EXPECT_STREQ("CN=a", d.conns[0].principal);
	EXPECT_STREQ("CN=a", d.conns[1].principal);

	d.n = 0;
	msg = dump(&self->p.nl);
	nla_put_string(msg, KTLSGATE_A_CONN_PRINCIPAL, "CN=none");
	ASSERT_EQ(0, gate_send(&self->p.nl, msg, collect, &d));
	EXPECT_EQ(0, d.n);
}

TEST_F(conns, dump_by_gate)
{
	struct nl_msg *msg = dump(&self->p.nl);
	struct tls_client client;
	struct dump d = {};
	uint32_t id;
	int fd;

	ASSERT_EQ(0, gate_del(&self->p.nl, GATE_NAME));
	ASSERT_EQ(0, gate_add(&self->p.nl, "other",
			      net_port(self->p.listener)));
	fd = connect_as(&self->p, &variant->params, "other", "CN=a", &client,
			&id);
	ASSERT_LE(0, fd);
	nla_put_string(msg, KTLSGATE_A_CONN_GATE, "other");
	ASSERT_EQ(0, gate_send(&self->p.nl, msg, collect, &d));
	EXPECT_EQ(1, d.n);
	EXPECT_EQ(id, d.conns[0].id);
	/* Those of a deleted gate are still there, and still named so. */
	d.n = 0;
	msg = dump(&self->p.nl);
	ASSERT_EQ(0, gate_send(&self->p.nl, msg, collect, &d));
	EXPECT_EQ(CLIENTS + 1, d.n);
	close(fd);
	tls_close(&client);
}

TEST_F(conns, dump_by_peer)
{
	union net_addr peer = net_sockname(self->clients[2].fd);
	struct nl_msg *msg = dump(&self->p.nl);
	struct dump d = {};

	put_peer(msg, &peer, false);
	ASSERT_EQ(0, gate_send(&self->p.nl, msg, collect, &d));
	EXPECT_EQ(CLIENTS, d.n);

	d.n = 0;
	msg = dump(&self->p.nl);
	put_peer(msg, &peer, true);
	ASSERT_EQ(0, gate_send(&self->p.nl, msg, collect, &d));
	ASSERT_EQ(1, d.n);
	EXPECT_EQ(self->ids[2], d.conns[0].id);
	EXPECT_TRUE(net_equal(&peer, &d.conns[0].peer));

	d.n = 0;
	peer = net_loopback(peer.sa.sa_family, 0);
	((uint8_t *)(peer.sa.sa_family == AF_INET ?
		     (void *)&peer.in.sin_addr :
		     (void *)&peer.in6.sin6_addr))[3] ^= 0x40;
	msg = dump(&self->p.nl);
	put_peer(msg, &peer, false);
	ASSERT_EQ(0, gate_send(&self->p.nl, msg, collect, &d));
	EXPECT_EQ(0, d.n);
}

TEST_F(conns, dump_by_end)
{
	static const struct { uint64_t when; int n; } ends[] = {
		{ 0, 0 }, { 999, 0 }, { 1000, 2 }, { 1999, 2 }, { 2000, 3 },
		{ UINT64_MAX, 3 },
	};
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		struct nl_msg *msg = dump(&self->p.nl);
		struct dump d = {};

		nla_put_u64(msg, KTLSGATE_A_CONN_NOT_AFTER, ends[i].when);
		ASSERT_EQ(0, gate_send(&self->p.nl, msg, collect, &d));
		EXPECT_EQ(ends[i].n, d.n);
	}
}

/* Given back as it was, to those who ask only. */
TEST_F(conns, notes)
{
	struct nl_msg *msg = dump(&self->p.nl);
	struct gate_conn conn;
	struct dump d = {};
	int i;

	nla_put_flag(msg, KTLSGATE_A_CONN_WANT_NOTE);
	ASSERT_EQ(0, gate_send(&self->p.nl, msg, collect, &d));
	ASSERT_EQ(CLIENTS, d.n);
	for (i = 0; i < CLIENTS; i++) {
		ASSERT_EQ((int)strlen(d.conns[i].principal),
			  d.conns[i].note_len);
		EXPECT_EQ(0, memcmp(d.conns[i].note, d.conns[i].principal,
				    d.conns[i].note_len));
	}
	ASSERT_EQ(0, gate_conn_get(&self->p.nl, self->ids[0], &conn));
	EXPECT_EQ(-1, conn.note_len);
}

TEST_F(conns, note_too_long)
{
	static const char note[KTLSGATE_NOTE_MAX + 1];
	struct tls_client client;
	struct tls_server server;
	struct gate_handoff h;
	int fd;

	ASSERT_EQ(0, pair_dial(&self->p, &variant->params.tls, &client,
			       &server));
	gate_handoff_init(&h, &server, GATE_NAME);
	h.note = note;
	h.note_len = sizeof(note);
	EXPECT_EQ(-EINVAL, gate_handoff(&self->p.nl, &h, NULL));
	EXPECT_STREQ("the note is too long", self->p.nl.text);
	tls_close(&client);

	ASSERT_EQ(0, pair_dial(&self->p, &variant->params.tls, &client,
			       &server));
	ASSERT_EQ(0, net_acked(server.fd));
	gate_handoff_init(&h, &server, GATE_NAME);
	h.note = note;
	h.note_len = KTLSGATE_NOTE_MAX;
	EXPECT_EQ(0, gate_handoff(&self->p.nl, &h, NULL));
	fd = pair_accept(&self->p);
	EXPECT_LE(0, fd);
	close(fd);
	tls_close(&client);
}

TEST_F(conns, dump_bad_filters)
{
	struct nl_msg *msg = dump(&self->p.nl);
	struct utsname kernel;

	nla_put(msg, KTLSGATE_A_CONN_PEER_ADDRESS, 3, "123");
	EXPECT_EQ(-EINVAL, gate_send(&self->p.nl, msg, NULL, NULL));
	/* 6.1 gives the start of a dump no place for a sentence. */
	uname(&kernel);
	if (strncmp(kernel.release, "6.1.", 4))
		EXPECT_STRNE("", self->p.nl.text);
	msg = dump(&self->p.nl);
	nla_put_u32(msg, KTLSGATE_A_CONN_STATE, 1);
	EXPECT_EQ(-EINVAL, gate_send(&self->p.nl, msg, NULL, NULL));
	EXPECT_STRNE("", self->p.nl.text);
}

TEST_F(conns, states_and_times)
{
	struct tls_client client;
	struct gate_conn conn;
	uint32_t id;
	int fd;

	ASSERT_EQ(0, pair_queue(&self->p, &variant->params, &client, &id));
	ASSERT_EQ(0, gate_conn_get(&self->p.nl, id, &conn));
	EXPECT_EQ(KTLSGATE_CONN_STATE_QUEUED, conn.state);
	EXPECT_EQ(1234567, conn.handshake_time);
	EXPECT_GT(NET_DEADLINE_MS, conn.age);
	EXPECT_EQ(KTLSGATE_CLOSE_REASON_NONE, conn.close_reason);
	fd = pair_accept(&self->p);
	ASSERT_EQ(0, gate_conn_get(&self->p.nl, id, &conn));
	EXPECT_EQ(KTLSGATE_CONN_STATE_ACCEPTED, conn.state);
	close(fd);
	tls_close(&client);
	EXPECT_EQ(-ENOENT, gate_conn_get(&self->p.nl, id, &conn));
}

TEST_F(conns, open_event)
{
	union net_addr peer = net_sockname(self->clients[0].fd);
	struct gate_event event;
	int i;

	for (i = 0; i < CLIENTS; i++) {
		ASSERT_EQ(0, gate_event(&self->events,
					KTLSGATE_CMD_CONN_OPEN_NTF, &event));
		EXPECT_EQ(self->ids[i], event.conn.id);
		EXPECT_STREQ(GATE_NAME, event.conn.gate);
		if (i)
			continue;
		EXPECT_STREQ("CN=a", event.conn.principal);
		EXPECT_TRUE(net_equal(&peer, &event.conn.peer));
		EXPECT_EQ(1234567, event.conn.handshake_time);
	}
}

TEST_F(conns, close_event)
{
	struct gate_event event;
	char b[8];

	ASSERT_EQ(5, tls_write(&self->clients[0], "hello", 5));
	ASSERT_EQ(0, pair_recv(self->fds[0], b, 5));
	ASSERT_EQ(3, write(self->fds[0], "you", 3));
	ASSERT_EQ(3, tls_read_all(&self->clients[0], b, 3));
	ASSERT_EQ(0, tls_finish(&self->clients[0]));
	EXPECT_EQ(0, read(self->fds[0], b, 1));
	close(self->fds[0]);
	self->fds[0] = -1;
	ASSERT_EQ(0, gate_event(&self->events, KTLSGATE_CMD_CONN_CLOSE_NTF,
				&event));
	EXPECT_EQ(self->ids[0], event.conn.id);
	EXPECT_EQ(5, event.conn.rx_bytes);
	EXPECT_EQ(3, event.conn.tx_bytes);
	EXPECT_EQ(KTLSGATE_CLOSE_REASON_PEER_CLOSE_NOTIFY,
		  event.conn.close_reason);
	EXPECT_EQ(KTLSGATE_CONN_STATE_CLOSED, event.conn.state);
	EXPECT_STREQ("CN=a", event.conn.principal);
}

TEST_F(conns, gate_events)
{
	struct gate_event event;

	ASSERT_EQ(0, gate_add(&self->p.nl, "new", 1));
	ASSERT_EQ(0, gate_event(&self->events, KTLSGATE_CMD_GATE_NTF, &event));
	EXPECT_STREQ("new", event.gate);
	ASSERT_EQ(0, gate_set_state(&self->p.nl, "new",
				    KTLSGATE_GATE_STATE_DOWN));
	ASSERT_EQ(0, gate_event(&self->events, KTLSGATE_CMD_GATE_NTF, &event));
	ASSERT_EQ(0, gate_del(&self->p.nl, "new"));
	ASSERT_EQ(0, gate_event(&self->events, KTLSGATE_CMD_GATE_DEL_NTF,
				&event));
	EXPECT_STREQ("new", event.gate);
}

TEST_F(conns, refused_event)
{
	struct nl_msg *msg = gate_msg(&self->p.nl, KTLSGATE_CMD_REFUSE, 0);
	struct gate_event event;

	nla_put_string(msg, KTLSGATE_A_REFUSED_GATE, GATE_NAME);
	nla_put(msg, KTLSGATE_A_REFUSED_PEER_ADDRESS, 4, "\12\0\4\7");
	nla_put_u16(msg, KTLSGATE_A_REFUSED_PEER_PORT, 53310);
	nla_put_u32(msg, KTLSGATE_A_REFUSED_CODE,
		    KTLSGATE_REFUSAL_NO_CERTIFICATE);
	nla_put_string(msg, KTLSGATE_A_REFUSED_REASON, "no client certificate");
	nla_put(msg, KTLSGATE_A_REFUSED_PEER_ADDRESS, 4, "\x0a\0\0\1");
	nla_put_u8(msg, KTLSGATE_A_REFUSED_ALERT, 116);
	ASSERT_EQ(0, gate_send(&self->p.nl, msg, NULL, NULL));
	ASSERT_EQ(0, gate_event(&self->events, KTLSGATE_CMD_REFUSED_NTF,
				&event));
	EXPECT_STREQ(GATE_NAME, event.gate);
	EXPECT_STREQ("no client certificate", event.reason);
	EXPECT_EQ(KTLSGATE_REFUSAL_NO_CERTIFICATE, event.code);
	EXPECT_EQ(116, event.alert);
}

TEST_HARNESS_MAIN
