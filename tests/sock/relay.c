// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Relayed connections: the agent has the end of a plain connection over
 * loopback, and sees the client's name, identity and bytes as of any other.
 */
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/utsname.h>

#include "relays.h"

/* Handed off and accepted. */
#define ACCEPT()							\
({									\
	ASSERT_EQ(0, gate_handoff(&self->p.nl, &self->h, &self->p.id)) { \
		TH_LOG("said: %s", self->p.nl.text);			\
	}								\
	self->p.agent = pair_accept(&self->p);				\
	ASSERT_LE(0, self->p.agent);					\
	self->p.agent;							\
})

TEST_F(relay, data_and_counters)
{
	static char in[100000], out[100000];
	struct gate_conn conn;
	struct gate_info info;
	int fd = ACCEPT();

	pair_fill(out, sizeof(out), 1);
	ASSERT_EQ(0, pair_send(self->far, out, 5000));
	ASSERT_EQ(0, pair_recv(fd, in, 5000));
	EXPECT_EQ(0, memcmp(in, out, 5000));
	ASSERT_EQ(0, pair_send(fd, out, sizeof(out)));
	ASSERT_EQ(0, pair_recv(self->far, in, sizeof(in)));
	EXPECT_EQ(0, memcmp(in, out, sizeof(in)));

	/* What is only looked at is not read. */
	ASSERT_EQ(0, pair_send(self->far, out, 10));
	ASSERT_EQ(10, recv(fd, in, 10, MSG_PEEK | MSG_WAITALL));

	ASSERT_EQ(0, gate_conn_get(&self->p.nl, self->p.id, &conn));
	EXPECT_EQ(5000, conn.rx_bytes);
	EXPECT_EQ(sizeof(out), conn.tx_bytes);
	EXPECT_EQ(0, conn.sendfile_calls);
	EXPECT_EQ(KTLSGATE_PATH_RELAY, conn.path);
	EXPECT_STREQ(REASON, conn.reason);
	EXPECT_STREQ(GATE_PRINCIPAL, conn.principal);
	EXPECT_EQ(KTLSGATE_CONN_STATE_ACCEPTED, conn.state);
	ASSERT_EQ(0, gate_get(&self->p.nl, GATE_NAME, &info));
	EXPECT_EQ(5000, info.rx_bytes);
	EXPECT_EQ(sizeof(out), info.tx_bytes);
	EXPECT_EQ(1, info.connections);
	EXPECT_EQ(1, info.handoffs);
}

TEST_F(relay, sendfile_and_splice)
{
	static char in[200000], out[200000];
	struct gate_conn conn;
	int fd = ACCEPT(), file, pipes[2];
	off_t at = 0;

	file = memfd_create("file", MFD_CLOEXEC);
	ASSERT_LE(0, file);
	pair_fill(out, sizeof(out), 2);
	ASSERT_EQ(0, pair_send(file, out, sizeof(out)));
	while (at < sizeof(out))
		ASSERT_LT(0, sendfile(fd, file, &at, sizeof(out) - at));
	ASSERT_EQ(0, pair_recv(self->far, in, sizeof(in)));
	EXPECT_EQ(0, memcmp(in, out, sizeof(in)));

	ASSERT_EQ(0, pipe(pipes));
	ASSERT_EQ(0, pair_send(self->far, out, 3000));
	ASSERT_EQ(3000, splice(fd, NULL, pipes[1], NULL, 3000, 0));
	ASSERT_EQ(0, pair_recv(pipes[0], in, 3000));
	EXPECT_EQ(0, memcmp(in, out, 3000));

	ASSERT_EQ(0, gate_conn_get(&self->p.nl, self->p.id, &conn));
	EXPECT_EQ(3000, conn.rx_bytes);
	EXPECT_EQ(sizeof(out), conn.tx_bytes);
	EXPECT_EQ(sizeof(out), conn.sendfile_bytes);
	EXPECT_LT(0, conn.sendfile_calls);
	close(file);
	close(pipes[0]);
	close(pipes[1]);
}

/* accept() asks the listener's operations from 6.5 on: see peername.bpf.c. */
static bool accept_asks_the_socket(void)
{
	unsigned int major = 0, minor = 0;
	struct utsname name;

	uname(&name);
	sscanf(name.release, "%u.%u", &major, &minor);
	return major < 6 || (major == 6 && minor < 5);
}

TEST_F(relay, names)
{
	union net_addr peer, local, accepted = {};
	socklen_t size = sizeof(accepted);
	struct gate_conn conn;
	int fd;

	ASSERT_EQ(0, gate_handoff(&self->p.nl, &self->h, &self->p.id));
	fd = accept4(self->p.listener, &accepted.sa, &size, SOCK_CLOEXEC);
	ASSERT_LE(0, fd);
	self->p.agent = fd;
	if (accept_asks_the_socket())
		EXPECT_TRUE(net_equal(&self->client, &accepted));
	peer = net_peername(fd);
	local = net_sockname(fd);
	EXPECT_TRUE(net_equal(&self->client, &peer));
	EXPECT_TRUE(net_equal(&self->dialled, &local));
	EXPECT_EQ(variant->params.mapped || variant->params.family == AF_INET6 ?
		  AF_INET6 : AF_INET, peer.sa.sa_family);
	ASSERT_EQ(0, gate_conn_get(&self->p.nl, self->p.id, &conn));
	EXPECT_TRUE(net_equal(&self->client, &conn.peer));
	EXPECT_TRUE(net_equal(&self->dialled, &conn.local));
}

TEST_F(relay, identity)
{
	struct ktlsgate_peer_info info;
	socklen_t size = sizeof(info);
	char name[64];
	int fd = ACCEPT();

	ASSERT_EQ(0, getsockopt(fd, SOL_KTLSGATE, KTLSGATE_PEER_INFO, &info,
				&size));
	EXPECT_EQ(self->p.id, info.id);
	EXPECT_EQ(TLS1_VERSION, info.tls_version);
	EXPECT_EQ(0xc013, info.cipher_suite);
	size = sizeof(name);
	ASSERT_EQ(0, getsockopt(fd, SOL_KTLSGATE, KTLSGATE_PEER_PRINCIPAL,
				name, &size));
	EXPECT_STREQ(GATE_PRINCIPAL, name);
	EXPECT_EQ(-1, setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", 4));
	EXPECT_EQ(EEXIST, errno);
	size = sizeof(info);
	EXPECT_EQ(-1, getsockopt(fd, 282 /* SOL_TLS */, 1, &info, &size));
}

TEST_F(relay, events)
{
	struct gate_event event;

	ACCEPT();
	ASSERT_EQ(0, gate_event(&self->events, KTLSGATE_CMD_CONN_OPEN_NTF,
				&event));
	EXPECT_EQ(KTLSGATE_PATH_RELAY, event.conn.path);
	EXPECT_STREQ(REASON, event.conn.reason);
	pair_close_agent(&self->p);
	ASSERT_EQ(0, gate_event(&self->events, KTLSGATE_CMD_CONN_CLOSE_NTF,
				&event));
	EXPECT_EQ(KTLSGATE_CLOSE_REASON_AGENT_CLOSE, event.conn.close_reason);
	EXPECT_EQ(KTLSGATE_PATH_RELAY, event.conn.path);
	EXPECT_TRUE(ended(self->far));
}

TEST_F(relay, client_ends)
{
	struct gate_event event;
	int fd = ACCEPT();
	char b;

	ASSERT_EQ(1, write(self->far, "x", 1));
	ASSERT_EQ(0, shutdown(self->far, SHUT_WR));
	EXPECT_EQ(1, read(fd, &b, 1));
	EXPECT_EQ(0, read(fd, &b, 1));
	/* It still listens. */
	EXPECT_EQ(1, write(fd, "y", 1));
	EXPECT_EQ(1, read(self->far, &b, 1));
	pair_close_agent(&self->p);
	ASSERT_EQ(0, gate_event(&self->events, KTLSGATE_CMD_CONN_CLOSE_NTF,
				&event));
	EXPECT_EQ(KTLSGATE_CLOSE_REASON_PEER_CLOSE_NOTIFY,
		  event.conn.close_reason);
}

TEST_F(relay, client_resets)
{
	struct linger reset = { .l_onoff = 1 };
	struct gate_event event;
	int fd = ACCEPT();
	char b;

	setsockopt(self->far, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(self->far);
	self->far = -1;
	EXPECT_EQ(-1, read(fd, &b, 1));
	EXPECT_EQ(ECONNRESET, errno);
	pair_close_agent(&self->p);
	ASSERT_EQ(0, gate_event(&self->events, KTLSGATE_CMD_CONN_CLOSE_NTF,
				&event));
	EXPECT_EQ(KTLSGATE_CLOSE_REASON_PEER_RESET, event.conn.close_reason);
}

TEST_F(relay, killed)
{
	struct gate_event event;
	int fd = ACCEPT();
	char b;

	/* An alert is for TLS, which is not here. */
	ASSERT_EQ(0, gate_conn_kill(&self->p.nl, self->p.id, 49));
	EXPECT_EQ(-1, read(fd, &b, 1));
	EXPECT_EQ(ECONNABORTED, errno);
	EXPECT_EQ(-1, read(self->far, &b, 1));
	EXPECT_EQ(ECONNRESET, errno);
	pair_close_agent(&self->p);
	ASSERT_EQ(0, gate_event(&self->events, KTLSGATE_CMD_CONN_CLOSE_NTF,
				&event));
	EXPECT_EQ(KTLSGATE_CLOSE_REASON_KILLED, event.conn.close_reason);
}

/* It would take connections with the identity of this one. */
TEST_F(relay, does_not_become_a_listener)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	int agent = ACCEPT();
	char b;

	EXPECT_EQ(-1, connect(agent, &none, sizeof(none)));
	EXPECT_EQ(EOPNOTSUPP, errno);
	EXPECT_EQ(-1, listen(agent, 1));
	EXPECT_EQ(EINVAL, errno);
	/* Nor when its client is gone. */
	close(self->far);
	self->far = -1;
	EXPECT_EQ(0, read(agent, &b, 1));
	EXPECT_EQ(-1, listen(agent, 1));
}

TEST_F(relay, killed_in_queue)
{
	struct gate_stats stats;
	char b;

	ASSERT_EQ(0, gate_handoff(&self->p.nl, &self->h, &self->p.id));
	ASSERT_EQ(0, gate_stats(&self->p.nl, &stats));
	EXPECT_EQ(1, stats.queued);
	ASSERT_EQ(0, gate_conn_kill(&self->p.nl, self->p.id, -1));
	EXPECT_EQ(-1, read(self->far, &b, 1));
	EXPECT_EQ(ECONNRESET, errno);
	self->p.agent = pair_accept(&self->p);
	ASSERT_LE(0, self->p.agent);
	EXPECT_TRUE(ended(self->p.agent));
}

TEST_F(relay, listener_closes_with_queue)
{
	struct gate_event event;
	struct gate_info info;
	int fars[8], i;

	ASSERT_EQ(0, gate_handoff(&self->p.nl, &self->h, NULL));
	for (i = 0; i < 8; i++) {
		self->h.fd = connect_pair(&self->p, &fars[i]);
		ASSERT_LE(0, self->h.fd);
		ASSERT_EQ(0, gate_handoff(&self->p.nl, &self->h, NULL));
		if (i % 2)
			ASSERT_EQ(4, write(fars[i], "data", 4));
	}
	close(self->p.listener);
	self->p.listener = -1;
	EXPECT_TRUE(ended(self->far));
	for (i = 0; i < 8; i++) {
		EXPECT_TRUE(ended(fars[i]));
		close(fars[i]);
	}
	ASSERT_EQ(0, gate_event(&self->events, KTLSGATE_CMD_CONN_CLOSE_NTF,
				&event));
	EXPECT_EQ(KTLSGATE_CLOSE_REASON_LISTENER_CLOSED,
		  event.conn.close_reason);
	ASSERT_TRUE(NET_WAIT(!gate_get(&self->p.nl, GATE_NAME, &info) &&
			     !info.connections));
	EXPECT_EQ(9, info.closed_by[KTLSGATE_CLOSE_REASON_LISTENER_CLOSED]);
}

TEST_HARNESS_MAIN
