// SPDX-License-Identifier: GPL-2.0-or-later
/* Network namespaces: each has its own gates, and takes them with it. */
#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>

#include "test.h"

FIXTURE(isolation) {
	struct pair p;
	struct gate_nl other;
};

FIXTURE_SETUP(isolation)
{
	struct pair_params params = {};

	ASSERT_EQ(0, pair_open(&self->p, &params));
	/* Sockets stay in the namespace where they were made. */
	ASSERT_EQ(0, net_unshare());
	ASSERT_EQ(0, gate_open(&self->other));
}

FIXTURE_TEARDOWN(isolation)
{
	gate_close(&self->other);
	EXPECT_EQ(0, pair_close(&self->p));
}

static int count(struct genlmsghdr *hdr, struct nlattr **attrs, void *arg)
{
	(*(int *)arg)++;
	return 0;
}

static int dumped(struct gate_nl *nl, int cmd)
{
	int n = 0, err;

	err = gate_send(nl, gate_msg(nl, cmd, NLM_F_DUMP), count, &n);
	return err ? err : n;
}

TEST_F(isolation, nothing_is_seen)
{
	struct gate_info info;
	struct gate_conn conn;
	struct gate_stats stats;

	EXPECT_EQ(-ENOENT, gate_get(&self->other, GATE_NAME, &info));
	EXPECT_EQ(-ENOENT, gate_conn_get(&self->other, self->p.id, &conn));
	EXPECT_EQ(0, dumped(&self->other, KTLSGATE_CMD_GATE_GET));
	EXPECT_EQ(0, dumped(&self->other, KTLSGATE_CMD_CONN_GET));
	EXPECT_EQ(1, dumped(&self->p.nl, KTLSGATE_CMD_GATE_GET));
	EXPECT_EQ(1, dumped(&self->p.nl, KTLSGATE_CMD_CONN_GET));
	ASSERT_EQ(0, gate_stats(&self->other, &stats));
	EXPECT_EQ(0, stats.handoffs);
	EXPECT_EQ(0, stats.gates);
}

TEST_F(isolation, nothing_is_touched)
{
	char b;

	EXPECT_EQ(-ENOENT, gate_conn_kill(&self->other, self->p.id, -1));
	EXPECT_EQ(-ENOENT, gate_del(&self->other, GATE_NAME));
	EXPECT_EQ(0, gate_add(&self->other, GATE_NAME,
			      net_port(self->p.listener)));
	EXPECT_EQ(0, gate_del(&self->other, GATE_NAME));
	ASSERT_EQ(1, write(self->p.agent, "x", 1));
	EXPECT_EQ(1, tls_read(&self->p.client, &b, 1));
}

TEST_F(isolation, events_stay)
{
	struct gate_event event;
	struct gate_nl listening;

	ASSERT_EQ(0, gate_open(&listening));
	ASSERT_EQ(0, gate_subscribe(&listening));
	ASSERT_EQ(0, gate_add(&self->p.nl, "there", 1));
	ASSERT_EQ(0, gate_add(&self->other, "here", 1));
	/* "there" came first, and is not what is heard first. */
	ASSERT_EQ(0, gate_event(&listening, KTLSGATE_CMD_GATE_NTF, &event));
	EXPECT_STREQ("here", event.gate);
	gate_close(&listening);
}

/* The namespace goes with gates in it and nobody to delete them. */
TEST_F(isolation, namespace_with_gates_goes)
{
	struct gate_nl nl;
	int i, status;
	pid_t pid;

	for (i = 0; i < 20; i++) {
		pid = fork();
		if (!pid) {
			if (net_unshare() || gate_open(&nl) ||
			    gate_add(&nl, "a", 1) || gate_add(&nl, "b", 2))
				_exit(1);
			_exit(0);
		}
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(0, status);
	}
}

/* And with connections: open, queued, at all ends of their lives. */
TEST_F(isolation, namespace_with_connections_goes)
{
	struct pair_params params = {};
	struct tls_client clients[6];
	struct pair p;
	int i, k, status;
	pid_t pid;

	for (i = 0; i < 5; i++) {
		pid = fork();
		if (!pid) {
			if (pair_open(&p, &params))
				_exit(1);
			for (k = 0; k < 6; k++)
				if (pair_queue(&p, &params, &clients[k], NULL))
					_exit(2);
			if (tls_write(&clients[0], "x", 1) != 1 ||
			    write(p.agent, "y", 1) != 1)
				_exit(3);
			if (accept(p.listener, NULL, NULL) < 0)
				_exit(4);
			if (i % 2)
				raise(SIGKILL);
			_exit(0);
		}
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(i % 2 ? SIGKILL : 0, status);
	}
}

/* A connection outlives the gate, the agent's listener and the netlink. */
TEST_F(isolation, connection_without_gate)
{
	char b;

	ASSERT_EQ(0, gate_del(&self->p.nl, GATE_NAME));
	gate_close(&self->p.nl);
	close(self->p.listener);
	self->p.listener = -1;
	ASSERT_EQ(1, write(self->p.agent, "x", 1));
	EXPECT_EQ(1, tls_read(&self->p.client, &b, 1));
	ASSERT_EQ(1, tls_write(&self->p.client, "y", 1));
	EXPECT_EQ(1, read(self->p.agent, &b, 1));
	EXPECT_EQ('y', b);
}

TEST_HARNESS_MAIN
