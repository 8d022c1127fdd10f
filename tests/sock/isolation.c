// SPDX-License-Identifier: GPL-2.0-or-later
/* Network namespaces: each has its own gates, and takes them with it. */
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "cgroup.h"
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

/* As root of a user namespace of its own, which is nobody outside. */
static int become_container(const char *group)
{
	if (cgroup_enter(group) || setresgid(65534, 65534, 65534) ||
	    setresuid(65534, 65534, 65534) || prctl(PR_SET_DUMPABLE, 1) ||
	    unshare(CLONE_NEWUSER))
		return -1;
	return net_put("/proc/self/setgroups", "deny") ||
	       net_put("/proc/self/uid_map", "0 65534 1") ||
	       net_put("/proc/self/gid_map", "0 65534 1") ? -1 : 0;
}

#define CONTAINER "container"
#define CONTAINED 4
#define UNREAD 20000

/* What runs in there, until it is killed: exit codes tell where it stopped. */
static int contained(int ready)
{
	struct pair_params params = {};
	struct tls_client clients[CONTAINED];
	static char data[UNREAD];
	struct pair p;
	char b;
	int i;

	if (become_container(CONTAINER) || pair_open(&p, &params))
		return 1;
	if (tls_write(&p.client, "x", 1) != 1 || read(p.agent, &b, 1) != 1 ||
	    write(p.agent, "y", 1) != 1 || tls_read(&p.client, &b, 1) != 1)
		return 2;
	for (i = 0; i < CONTAINED; i++)
		if (pair_queue(&p, &params, &clients[i], NULL) ||
		    (i % 2 && pair_accept(&p) < 0) ||
		    tls_write(&clients[i], data, UNREAD) != UNREAD)
			return 3;
	if (write(ready, "r", 1) != 1)
		return 4;
	pause();
	return 5;
}

/*
 * A container (network, user and memory of its own) has gates and connections
 * like any other, is charged for them, and leaves nothing when it is killed.
 */
TEST_F(isolation, container_goes)
{
	int i, status, ready[2];
	struct gate_stats before, after;
	pid_t pid;
	char b;

	ASSERT_EQ(0, gate_stats(&self->p.nl, &before));
	ASSERT_EQ(0, cgroup_make(CONTAINER));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, pipe2(ready, O_CLOEXEC));
		pid = fork();
		if (!pid)
			_exit(contained(ready[1]));
		close(ready[1]);
		ASSERT_EQ(1, read(ready[0], &b, 1));
		EXPECT_TRUE(NET_WAIT(cgroup_sock(CONTAINER) >= UNREAD));
		kill(pid, SIGKILL);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(SIGKILL, status);
		close(ready[0]);
		EXPECT_TRUE(NET_WAIT(!cgroup_sock(CONTAINER))) {
			TH_LOG("left: %ld", cgroup_sock(CONTAINER));
		}
	}
	EXPECT_TRUE(NET_WAIT(!cgroup_remove(CONTAINER)));
	ASSERT_EQ(0, gate_stats(&self->p.nl, &after));
	EXPECT_EQ(before.handoffs, after.handoffs);
	EXPECT_EQ(before.connections, after.connections);
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
