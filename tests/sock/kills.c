// SPDX-License-Identifier: GPL-2.0-or-later
/* Connections that are ended from outside: with and without alert and reason. */
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/ioctl.h>

#include "clients.h"

TEST_F(conns, kill)
{
	struct gate_event event;
	struct gate_conn conn;
	char b;

	ASSERT_EQ(0, gate_conn_kill(&self->p.nl, self->ids[0], -1));
	/* The agent has not closed it, so it is there, and not as live. */
	ASSERT_EQ(0, gate_conn_get(&self->p.nl, self->ids[0], &conn));
	EXPECT_EQ(KTLSGATE_CONN_STATE_ENDED, conn.state);
	EXPECT_EQ(KTLSGATE_CLOSE_REASON_KILLED, conn.close_reason);
	ASSERT_EQ(0, gate_conn_get(&self->p.nl, self->ids[1], &conn));
	EXPECT_EQ(KTLSGATE_CONN_STATE_ACCEPTED, conn.state);
	EXPECT_EQ(-1, read(self->fds[0], &b, 1));
	EXPECT_EQ(ECONNABORTED, errno);
	EXPECT_GE(0, tls_read(&self->clients[0], &b, 1));
	/* The others live. */
	ASSERT_EQ(1, write(self->fds[1], "x", 1));
	EXPECT_EQ(1, tls_read(&self->clients[1], &b, 1));
	close(self->fds[0]);
	self->fds[0] = -1;
	ASSERT_EQ(0, gate_event(&self->events, KTLSGATE_CMD_CONN_CLOSE_NTF,
				&event));
	EXPECT_EQ(KTLSGATE_CLOSE_REASON_KILLED, event.conn.close_reason);
	EXPECT_EQ(KTLSGATE_CONN_STATE_CLOSED, event.conn.state);
	EXPECT_EQ(self->ids[0], event.conn.id);
	EXPECT_EQ(-ENOENT, gate_conn_get(&self->p.nl, self->ids[0], &conn));
}

TEST_F(conns, kill_with_alert)
{
	char b;

	ASSERT_EQ(0, gate_conn_kill(&self->p.nl, self->ids[0],
				    SSL_AD_CERTIFICATE_REVOKED));
	EXPECT_EQ(-1, read(self->fds[0], &b, 1));
	EXPECT_EQ(ECONNABORTED, errno);
	EXPECT_EQ(-1, write(self->fds[0], &b, 1));
	EXPECT_GE(0, tls_read(&self->clients[0], &b, 1));
	EXPECT_EQ(SSL_AD_CERTIFICATE_REVOKED, self->clients[0].alert_in);
}

/* Nagle keeps a small record back while another one is not acknowledged, and the reset
 * takes along what TCP has not sent: the alert is sent at once all the same.
 */
TEST_F(conns, kill_with_alert_behind_data)
{
	int fd = self->fds[0], off = 0, unacked;
	char b[2];

	ASSERT_EQ(0, setsockopt(self->clients[0].fd, IPPROTO_TCP, TCP_QUICKACK,
				&off, sizeof(off)));
	ASSERT_EQ(1, write(fd, "x", 1));
	ASSERT_EQ(0, ioctl(fd, SIOCOUTQ, &unacked));
	if (!unacked)
		SKIP(return, "the client acknowledged at once");
	ASSERT_EQ(0, gate_conn_kill(&self->p.nl, self->ids[0],
				    SSL_AD_CERTIFICATE_REVOKED));
	EXPECT_EQ(1, tls_read(&self->clients[0], b, sizeof(b)));
	EXPECT_GE(0, tls_read(&self->clients[0], b, sizeof(b)));
	EXPECT_EQ(SSL_AD_CERTIFICATE_REVOKED, self->clients[0].alert_in);
}

static void *echo(void *arg)
{
	char b[64];
	ssize_t got;

	while ((got = read(*(int *)arg, b, sizeof(b))) > 0)
		if (write(*(int *)arg, b, got) != got)
			break;
	return NULL;
}

struct talker {
	struct tls_client *client;
	atomic_int rounds;
};

static void *talk(void *arg)
{
	struct talker *t = arg;
	char b[64] = {};

	while (tls_write(t->client, b, sizeof(b)) == sizeof(b) &&
	       tls_read_all(t->client, b, sizeof(b)) == sizeof(b))
		t->rounds++;
	/* It may have failed to write: the alert came before the reset. */
	tls_read(t->client, b, sizeof(b));
	return NULL;
}

/* Whatever agent and client are doing just now, as long as neither waits for room. */
TEST_F(conns, kill_with_alert_while_talking)
{
	pthread_t agent, client;
	int round, i;

	for (round = 0; round < 30; round++) {
		i = round % CLIENTS;
		struct talker t = { .client = &self->clients[i] };

		if (round >= CLIENTS) {
			close(self->fds[i]);
			tls_close(t.client);
			self->fds[i] = connect_as(&self->p, &variant->params,
						  GATE_NAME, "CN=a", t.client,
						  &self->ids[i]);
			ASSERT_LE(0, self->fds[i]);
		}
		ASSERT_EQ(0, pthread_create(&agent, NULL, echo, &self->fds[i]));
		ASSERT_EQ(0, pthread_create(&client, NULL, talk, &t));
		EXPECT_TRUE(NET_WAIT(t.rounds > round));
		EXPECT_EQ(0, gate_conn_kill(&self->p.nl, self->ids[i],
					    SSL_AD_CERTIFICATE_REVOKED));
		ASSERT_EQ(0, pthread_join(client, NULL));
		ASSERT_EQ(0, pthread_join(agent, NULL));
		ASSERT_EQ(SSL_AD_CERTIFICATE_REVOKED, t.client->alert_in) {
			TH_LOG("round %d of 30", round);
		}
	}
}

/* The reason is told with the end; it stays the first one. */
TEST_F(conns, kill_with_reason)
{
	struct gate_event event;
	struct gate_conn conn;

	ASSERT_EQ(0, gate_conn_cut(&self->p.nl, self->ids[0],
				   KTLSGATE_CLOSE_REASON_REFUSED, "revoked"));
	ASSERT_EQ(0, gate_conn_cut(&self->p.nl, self->ids[0],
				   KTLSGATE_CLOSE_REASON_CERTIFICATE_EXPIRED,
				   "expired"));
	ASSERT_EQ(0, gate_conn_get(&self->p.nl, self->ids[0], &conn));
	EXPECT_EQ(KTLSGATE_CLOSE_REASON_REFUSED, conn.close_reason);
	EXPECT_STREQ("revoked", conn.close_text);
	close(self->fds[0]);
	self->fds[0] = -1;
	ASSERT_EQ(0, gate_event(&self->events, KTLSGATE_CMD_CONN_CLOSE_NTF,
				&event));
	EXPECT_EQ(KTLSGATE_CLOSE_REASON_REFUSED, event.conn.close_reason);
	EXPECT_STREQ("revoked", event.conn.close_text);
}

TEST_F(conns, kill_expired)
{
	struct gate_event event;
	struct gate_info info;

	ASSERT_EQ(0, gate_conn_cut(&self->p.nl, self->ids[0],
				   KTLSGATE_CLOSE_REASON_CERTIFICATE_EXPIRED,
				   "expired"));
	close(self->fds[0]);
	self->fds[0] = -1;
	ASSERT_EQ(0, gate_event(&self->events, KTLSGATE_CMD_CONN_CLOSE_NTF,
				&event));
	EXPECT_EQ(KTLSGATE_CLOSE_REASON_CERTIFICATE_EXPIRED,
		  event.conn.close_reason);
	ASSERT_EQ(0, gate_get(&self->p.nl, GATE_NAME, &info));
	EXPECT_EQ(1, info.closed_by[KTLSGATE_CLOSE_REASON_CERTIFICATE_EXPIRED]);
}

TEST_F(conns, kill_with_bad_reason)
{
	struct gate_conn conn;

	EXPECT_EQ(-EINVAL, gate_conn_cut(&self->p.nl, self->ids[0],
					 KTLSGATE_CLOSE_REASON_PEER_FIN, "x"));
	EXPECT_STREQ("the reason is neither killed nor refused nor certificate-expired",
		     self->p.nl.text);
	EXPECT_GT(0, gate_conn_cut(&self->p.nl, self->ids[0], 1000, "x"));
	ASSERT_EQ(0, gate_conn_get(&self->p.nl, self->ids[0], &conn));
	EXPECT_EQ(KTLSGATE_CLOSE_REASON_NONE, conn.close_reason);
}

TEST_F(conns, kill_queued)
{
	socklen_t size = sizeof(union net_addr), own_size = size;
	union net_addr from = {}, own = {};
	struct tls_client client;
	struct gate_conn conn;
	uint32_t id;
	char b;
	int fd;

	ASSERT_EQ(0, pair_queue(&self->p, &variant->params, &client, &id));
	ASSERT_EQ(0, gate_conn_kill(&self->p.nl, id, -1));
	ASSERT_EQ(0, gate_conn_get(&self->p.nl, id, &conn));
	EXPECT_EQ(KTLSGATE_CONN_STATE_ENDED, conn.state);
	EXPECT_GE(0, tls_read(&client, &b, 1));
	/* As on plain TCP, accept() still returns it, and it is dead. */
	ASSERT_TRUE(net_poll(self->p.listener, POLLIN, NET_DEADLINE_MS) & POLLIN);
	fd = accept4(self->p.listener, &from.sa, &size, SOCK_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, getsockname(client.fd, &own.sa, &own_size));
	EXPECT_EQ(own_size, size);
	EXPECT_EQ(0, memcmp(&own, &from, size));
	EXPECT_EQ(-1, read(fd, &b, 1));
	EXPECT_EQ(ECONNABORTED, errno);
	EXPECT_EQ(0, read(fd, &b, 1));
	EXPECT_EQ(-1, write(fd, &b, 1));
	close(fd);
	tls_close(&client);
}

TEST_F(conns, kill_twice)
{
	ASSERT_EQ(0, gate_conn_kill(&self->p.nl, self->ids[0], -1));
	gate_conn_kill(&self->p.nl, self->ids[0], 10);
	gate_conn_kill(&self->p.nl, self->ids[0], -1);
}

static void *kill_it(void *arg)
{
	struct gate_nl nl;

	if (!gate_open(&nl)) {
		gate_conn_kill(&nl, *(uint32_t *)arg, 80);
		gate_close(&nl);
	}
	return NULL;
}

/* Killed while the agent writes, reads, and closes. */
TEST_F(conns, kill_races)
{
	static char b[65536];
	pthread_t thread;
	int i;

	for (i = 0; i < CLIENTS; i++) {
		ASSERT_EQ(0, net_nonblock(self->fds[i], true));
		ASSERT_EQ(0, pthread_create(&thread, NULL, kill_it,
					    &self->ids[i]));
		while (write(self->fds[i], b, sizeof(b)) > 0)
			continue;
		recv(self->fds[i], b, 1, MSG_DONTWAIT);
		close(self->fds[i]);
		self->fds[i] = -1;
		pthread_join(thread, NULL);
	}
}

static void *kill_all(void *arg)
{
	const uint32_t *ids = arg;
	struct gate_nl nl;
	int i;

	if (gate_open(&nl))
		return NULL;
	for (i = 0; i < CLIENTS; i++)
		gate_conn_kill(&nl, ids[i], -1);
	gate_close(&nl);
	return NULL;
}

/* Killed while the agent accepts, and while its listener closes. The kernel warns
 * of a queued socket that is owned by anybody then (inet_csk_listen_stop()).
 */
TEST_F(conns, kill_queued_races)
{
	struct net_listen how = {
		.port = net_port(self->p.listener),
		.family = variant->params.family ?: AF_INET,
	};
	struct tls_client clients[CLIENTS];
	uint32_t ids[CLIENTS];
	pthread_t thread;
	int i, round, fd;

	for (round = 0; round < 10; round++) {
		for (i = 0; i < CLIENTS; i++)
			ASSERT_EQ(0, pair_queue(&self->p, &variant->params,
						&clients[i], &ids[i]));
		ASSERT_EQ(0, pthread_create(&thread, NULL, kill_all, ids));
		fd = accept4(self->p.listener, NULL, NULL, SOCK_CLOEXEC);
		ASSERT_LE(0, fd);
		close(fd);
		close(self->p.listener);
		pthread_join(thread, NULL);
		for (i = 0; i < CLIENTS; i++)
			tls_close(&clients[i]);
		self->p.listener = net_listen(&how);
		ASSERT_LE(0, self->p.listener);
	}
}

TEST_HARNESS_MAIN
