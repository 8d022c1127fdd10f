// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The agent's listeners: groups, restarts, addresses, queues that nobody
 * empties, and agents that die.
 */
#include <sys/wait.h>

#include "test.h"

#define CLIENTS 10

FIXTURE(listener) {
	struct pair p;
	struct tls_client clients[CLIENTS];
	int n;
};

FIXTURE_VARIANT(listener) {
	struct pair_params params;
};

FIXTURE_VARIANT_ADD(listener, ipv4) {
};

FIXTURE_VARIANT_ADD(listener, ipv6) {
	.params.family = AF_INET6,
};

FIXTURE_VARIANT_ADD(listener, mapped) {
	.params.mapped = true,
};

FIXTURE_SETUP(listener)
{
	int i;

	for (i = 0; i < CLIENTS; i++)
		self->clients[i].fd = -1;
	ASSERT_EQ(0, pair_listen(&self->p, &variant->params));
}

FIXTURE_TEARDOWN(listener)
{
	int i;

	for (i = 0; i < CLIENTS; i++)
		if (self->clients[i].fd >= 0)
			tls_close(&self->clients[i]);
	EXPECT_EQ(0, pair_close(&self->p));
}

static int family(const struct pair_params *params)
{
	return params->mapped || params->family == AF_INET6 ? AF_INET6 :
							       AF_INET;
}

static uint32_t kinds(const struct pair_params *params)
{
	if (params->mapped || params->family == AF_INET6)
		return KTLSGATE_LISTENER_IPV6 | KTLSGATE_LISTENER_DUAL_STACK;
	return KTLSGATE_LISTENER_IPV4;
}

static int queue_all(struct pair *p, const struct pair_params *params,
		     struct tls_client *clients, int n)
{
	int i;

	for (i = 0; i < n; i++)
		if (pair_queue(p, params, &clients[i], NULL))
			return -1;
	return 0;
}

/* The same port once more, as an agent that starts again. */
static int again(struct pair *p, const struct pair_params *params,
		 uint16_t port)
{
	return net_listen(&(struct net_listen){ .family = family(params),
						.port = port });
}

TEST_F(listener, shown)
{
	struct gate_info info;

	ASSERT_EQ(0, gate_get(&self->p.nl, GATE_NAME, &info));
	EXPECT_EQ(kinds(&variant->params), info.listener);
	EXPECT_EQ(0, info.queue_length);
	EXPECT_EQ(512, info.queue_max);
	ASSERT_EQ(0, queue_all(&self->p, &variant->params, self->clients, 3));
	ASSERT_EQ(0, gate_get(&self->p.nl, GATE_NAME, &info));
	EXPECT_EQ(3, info.queue_length);
	EXPECT_EQ(3, info.connections);
	close(self->p.listener);
	self->p.listener = -1;
	ASSERT_TRUE(NET_WAIT(!gate_get(&self->p.nl, GATE_NAME, &info) &&
			     !info.connections));
	EXPECT_EQ(0, info.listener);
	EXPECT_EQ(3, info.closed_by[KTLSGATE_CLOSE_REASON_LISTENER_CLOSED]);
}

/* Queued and never accepted: the client is told, nothing stays behind. */
TEST_F(listener, closed_with_queue)
{
	struct gate_stats stats;
	int i;

	ASSERT_EQ(0, queue_all(&self->p, &variant->params, self->clients,
			       CLIENTS));
	ASSERT_EQ(0, gate_stats(&self->p.nl, &stats));
	EXPECT_EQ(CLIENTS, stats.queued);
	close(self->p.listener);
	self->p.listener = -1;
	for (i = 0; i < CLIENTS; i++)
		EXPECT_TRUE(tls_ended(&self->clients[i]));
	EXPECT_TRUE(NET_WAIT(!check_tls_stat("TlsCurrTxSw") &&
			     !check_tls_stat("TlsCurrRxSw")));
	ASSERT_TRUE(NET_WAIT(!gate_stats(&self->p.nl, &stats) &&
			     !stats.connections));
	EXPECT_EQ(0, stats.queued);
	EXPECT_EQ(CLIENTS, stats.closed);
}

/* The same with data, KeyUpdates, the end or a reset in the queue. */
TEST_F(listener, closed_with_busy_queue)
{
	struct linger reset = { .l_onoff = 1 };
	char data[3000] = {};
	int i;

	ASSERT_EQ(0, queue_all(&self->p, &variant->params, self->clients,
			       CLIENTS));
	for (i = 0; i < CLIENTS; i++) {
		ASSERT_EQ(sizeof(data), tls_write(&self->clients[i], data,
						  sizeof(data)));
		if (i % 4 == 1) {
			ASSERT_EQ(0, tls_update(&self->clients[i], true));
		}
		if (i % 4 == 2) {
			ASSERT_EQ(0, tls_finish(&self->clients[i]));
		}
		if (i % 4 == 3) {
			setsockopt(self->clients[i].fd, SOL_SOCKET, SO_LINGER,
				   &reset, sizeof(reset));
			tls_close(&self->clients[i]);
		}
	}
	close(self->p.listener);
	self->p.listener = -1;
	for (i = 0; i < CLIENTS; i++)
		if (self->clients[i].fd >= 0)
			EXPECT_TRUE(tls_ended(&self->clients[i]));
	EXPECT_TRUE(NET_WAIT(!check_tls_stat("TlsCurrTxSw") &&
			     !check_tls_stat("TlsCurrRxSw")));
}

/* The client goes while it waits: accept() still returns it, as plain TCP. */
TEST_F(listener, client_gone_in_queue)
{
	struct linger reset = { .l_onoff = 1 };
	char b;
	int fd;

	ASSERT_EQ(0, queue_all(&self->p, &variant->params, self->clients, 2));
	tls_finish(&self->clients[0]);
	tls_close(&self->clients[0]);
	setsockopt(self->clients[1].fd, SOL_SOCKET, SO_LINGER, &reset,
		   sizeof(reset));
	tls_close(&self->clients[1]);
	fd = pair_accept(&self->p);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, read(fd, &b, 1));
	close(fd);
	fd = pair_accept(&self->p);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, read(fd, &b, 1));
	EXPECT_EQ(ECONNRESET, errno);
	close(fd);
}

TEST_F(listener, agent_restarts)
{
	uint16_t port = net_port(self->p.listener);
	int i, fd, accepted;
	char b;

	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, queue_all(&self->p, &variant->params,
				       self->clients, 2));
		accepted = pair_accept(&self->p);
		ASSERT_LE(0, accepted);
		/* One is accepted and lives on, one waits and ends. */
		close(self->p.listener);
		self->p.listener = again(&self->p, &variant->params, port);
		ASSERT_LE(0, self->p.listener);
		EXPECT_TRUE(tls_ended(&self->clients[1]));
		ASSERT_EQ(1, write(accepted, "x", 1));
		EXPECT_EQ(1, tls_read(&self->clients[0], &b, 1));
		close(accepted);
		tls_close(&self->clients[0]);
		tls_close(&self->clients[1]);
	}
	ASSERT_EQ(0, queue_all(&self->p, &variant->params, self->clients, 1));
	fd = pair_accept(&self->p);
	EXPECT_LE(0, fd);
	close(fd);
}

/* Go's servers listen so since 1.24. What they accept from who speaks plain TCP is a
 * plain TCP socket, and so is what comes through a gate.
 */
TEST_F(listener, multipath)
{
	struct net_listen how = {
		.family = family(&variant->params), .mptcp = true,
		.port = net_port(self->p.listener),
	};
	char principal[64], bytes[16];
	socklen_t size = sizeof(principal);
	struct gate_info info;
	int fd, protocol;

	close(self->p.listener);
	self->p.listener = net_listen(&how);
	if (self->p.listener < 0 && errno == EPROTONOSUPPORT)
		SKIP(return, "no Multipath TCP of this family (CONFIG_MPTCP_IPV6)");
	ASSERT_LE(0, self->p.listener);
	ASSERT_EQ(0, gate_get(&self->p.nl, GATE_NAME, &info));
	EXPECT_EQ(kinds(&variant->params), info.listener);
	ASSERT_EQ(0, queue_all(&self->p, &variant->params, self->clients, 2));
	ASSERT_EQ(0, pair_queue(&self->p, &variant->params, &self->clients[2],
				&self->p.id));
	fd = pair_accept(&self->p);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, getsockopt(fd, SOL_KTLSGATE, KTLSGATE_PEER_PRINCIPAL,
				principal, &size));
	EXPECT_STREQ(GATE_PRINCIPAL, principal);
	size = sizeof(protocol);
	ASSERT_EQ(0, getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size));
	EXPECT_EQ(IPPROTO_TCP, protocol);
	ASSERT_EQ(5, write(fd, "hello", 5));
	EXPECT_EQ(5, tls_read(&self->clients[0], bytes, sizeof(bytes)));
	ASSERT_EQ(3, tls_write(&self->clients[0], "you", 3));
	EXPECT_EQ(3, read(fd, bytes, sizeof(bytes)));
	close(fd);
	EXPECT_TRUE(tls_ended(&self->clients[0]));
	/* And closed before anything else is done with it. */
	tls_close(&self->clients[0]);
	fd = accept4(self->p.listener, NULL, NULL, SOCK_CLOEXEC);
	ASSERT_LE(0, fd);
	close(fd);
	EXPECT_TRUE(tls_ended(&self->clients[1]));
	tls_close(&self->clients[1]);
	ASSERT_EQ(0, queue_all(&self->p, &variant->params, self->clients, 2));
	/* One is killed in the queue, the others wait there when it closes. */
	ASSERT_EQ(0, gate_conn_kill(&self->p.nl, self->p.id, -1));
	EXPECT_TRUE(tls_ended(&self->clients[2]));
	close(self->p.listener);
	self->p.listener = -1;
	EXPECT_TRUE(tls_ended(&self->clients[1]));
}

/* shutdown() stops a listener without closing it. */
TEST_F(listener, shut_down)
{
	uint16_t port = net_port(self->p.listener);
	struct tls_server server;
	struct gate_info info;

	/* With a port that it asked for: it keeps that for the next listen(). */
	close(self->p.listener);
	self->p.listener = again(&self->p, &variant->params, port);
	ASSERT_LE(0, self->p.listener);
	ASSERT_EQ(0, queue_all(&self->p, &variant->params, self->clients, 2));
	ASSERT_EQ(0, shutdown(self->p.listener, SHUT_RDWR));
	EXPECT_TRUE(tls_ended(&self->clients[0]));
	EXPECT_TRUE(tls_ended(&self->clients[1]));
	ASSERT_EQ(0, gate_get(&self->p.nl, GATE_NAME, &info));
	EXPECT_EQ(0, info.listener);
	ASSERT_EQ(0, pair_dial(&self->p, &variant->params.tls,
			       &self->clients[2], &server));
	EXPECT_EQ(-ECONNREFUSED, gate_handoff_server(&self->p.nl, &server,
						     GATE_NAME, NULL));
	/* And listens again. */
	ASSERT_EQ(0, listen(self->p.listener, 10));
	ASSERT_EQ(0, queue_all(&self->p, &variant->params, self->clients + 3,
			       1));
}

TEST_F(listener, killed_with_queue)
{
	int status, ready[2];
	char b;
	pid_t pid;

	ASSERT_EQ(0, pipe(ready));
	pid = fork();
	if (!pid) {
		accept(self->p.listener, NULL, NULL);
		write(ready[1], "r", 1);
		pause();
	}
	close(self->p.listener);
	self->p.listener = -1;
	ASSERT_EQ(0, queue_all(&self->p, &variant->params, self->clients, 6));
	ASSERT_EQ(1, read(ready[0], &b, 1));
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	for (status = 0; status < 6; status++)
		EXPECT_TRUE(tls_ended(&self->clients[status]));
	/* The accepted one was closed properly, by the kernel. */
	EXPECT_TRUE(tls_got_close_notify(&self->clients[0]));
	EXPECT_TRUE(NET_WAIT(!check_tls_stat("TlsCurrTxSw") &&
			     !check_tls_stat("TlsCurrRxSw")));
}

/* A group of SO_REUSEPORT: every member gets its part. */
TEST_F(listener, reuseport)
{
	struct net_listen how = { .family = family(&variant->params),
				  .reuseport = true, .nonblock = true };
	int fds[3], got[3] = {}, i, k, fd, rounds;

	close(self->p.listener);
	fds[0] = net_listen(&how);
	ASSERT_LE(0, fds[0]);
	how.port = net_port(fds[0]);
	for (i = 1; i < 3; i++) {
		fds[i] = net_listen(&how);
		ASSERT_LE(0, fds[i]);
	}
	self->p.listener = fds[0];
	ASSERT_EQ(0, gate_del(&self->p.nl, GATE_NAME));
	ASSERT_EQ(0, gate_add(&self->p.nl, GATE_NAME, how.port));
	for (rounds = 0; rounds < 6; rounds++) {
		ASSERT_EQ(0, queue_all(&self->p, &variant->params,
				       self->clients, CLIENTS));
		for (i = 0; i < 3; i++) {
			while ((fd = accept(fds[i], NULL, NULL)) >= 0) {
				got[i]++;
				close(fd);
			}
		}
		for (k = 0; k < CLIENTS; k++)
			tls_close(&self->clients[k]);
	}
	EXPECT_EQ(6 * CLIENTS, got[0] + got[1] + got[2]);
	/* 60 by hash: that one gets none has odds of 3 in 10^11. */
	for (i = 0; i < 3; i++)
		EXPECT_LT(0, got[i]);
	close(fds[1]);
	close(fds[2]);
}

/* One of the group closes: the others take what comes from now on. */
TEST_F(listener, reuseport_member_gone)
{
	struct net_listen how = { .family = family(&variant->params),
				  .reuseport = true };
	int other, i, fd;

	close(self->p.listener);
	self->p.listener = net_listen(&how);
	how.port = net_port(self->p.listener);
	other = net_listen(&how);
	ASSERT_LE(0, other);
	ASSERT_EQ(0, gate_del(&self->p.nl, GATE_NAME));
	ASSERT_EQ(0, gate_add(&self->p.nl, GATE_NAME, how.port));
	close(other);
	ASSERT_EQ(0, queue_all(&self->p, &variant->params, self->clients,
			       CLIENTS));
	for (i = 0; i < CLIENTS; i++) {
		fd = pair_accept(&self->p);
		ASSERT_LE(0, fd);
		close(fd);
	}
}

/* A listener on the connection's own address goes before the wildcard. */
TEST_F(listener, address_before_wildcard)
{
	struct net_listen how = { .family = family(&variant->params),
				  .reuseport = true };
	int own, fd;

	if (variant->params.mapped)
		SKIP(return, "127.0.0.1 is no address of an AF_INET6 socket");
	close(self->p.listener);
	self->p.listener = net_listen(&how);
	how.port = net_port(self->p.listener);
	how.loopback = true;
	own = net_listen(&how);
	ASSERT_LE(0, own);
	ASSERT_EQ(0, gate_del(&self->p.nl, GATE_NAME));
	ASSERT_EQ(0, gate_add(&self->p.nl, GATE_NAME, how.port));
	ASSERT_EQ(0, queue_all(&self->p, &variant->params, self->clients, 1));
	EXPECT_EQ(0, net_poll(self->p.listener, POLLIN, 0));
	EXPECT_EQ(POLLIN, net_poll(own, POLLIN, NET_DEADLINE_MS));
	fd = accept(own, NULL, NULL);
	EXPECT_LE(0, fd);
	close(fd);
	close(own);
}

/* Closes and opens the listener while handoffs come in. */
TEST_F(listener, close_races_with_handoff)
{
	uint16_t port = net_port(self->p.listener);
	int i, k, status;
	pid_t pid;

	close(self->p.listener);
	self->p.listener = -1;
	pid = fork();
	if (!pid) {
		/* With a connection in the queue, or about to come. */
		for (i = 0;; i++) {
			k = again(&self->p, &variant->params, port);
			net_poll(k, POLLIN, i % 8);
			close(k);
		}
	}
	for (i = 0; i < 60; i++) {
		struct tls_server server;
		int err;

		ASSERT_EQ(0, pair_dial(&self->p, &variant->params.tls,
				       &self->clients[0], &server));
		err = gate_handoff_server(&self->p.nl, &server, GATE_NAME,
					  NULL);
		EXPECT_TRUE(!err || err == -ECONNREFUSED) {
			TH_LOG("%d %s", err, self->p.nl.text);
		}
		EXPECT_TRUE(tls_ended(&self->clients[0]));
		tls_close(&self->clients[0]);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
}

TEST_HARNESS_MAIN
