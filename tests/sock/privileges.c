// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who may do what: Documentation/security.rst as tests. Each is a process with
 * fewer rights than the one that made the connection.
 */
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "test.h"

#define NOBODY 65534

FIXTURE(privileges) {
	struct pair p;
	struct tls_client client;
	struct tls_server server;	/* not handed off */
	struct gate_nl before;		/* opened by root */
};

FIXTURE_SETUP(privileges)
{
	struct pair_params params = {};

	ASSERT_EQ(0, pair_open(&self->p, &params));
	ASSERT_EQ(0, pair_dial(&self->p, &params.tls, &self->client,
			       &self->server));
	ASSERT_EQ(0, net_acked(self->server.fd));
	ASSERT_EQ(0, gate_open(&self->before));
}

FIXTURE_TEARDOWN(privileges)
{
	gate_close(&self->before);
	if (self->server.fd >= 0)
		close(self->server.fd);
	tls_close(&self->client);
	EXPECT_EQ(0, pair_close(&self->p));
}

static int become_nobody(void)
{
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		return -1;
	return prctl(PR_SET_DUMPABLE, 1);
}

/* Root in a user namespace of nobody's, and of the network namespace if new. */
static int become_user_root(int more)
{
	char map[32];
	int fd, len;

	if (become_nobody() || unshare(CLONE_NEWUSER | more))
		return -1;
	len = snprintf(map, sizeof(map), "0 %d 1", NOBODY);
	fd = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, map, len) != len)
		return -1;
	close(fd);
	return more & CLONE_NEWNET ? net_lo_up() : 0;
}

static int ignore(struct genlmsghdr *hdr, struct nlattr **attrs, void *arg)
{
	return 0;
}

static int dump(struct gate_nl *nl, int cmd)
{
	return gate_send(nl, gate_msg(nl, cmd, NLM_F_DUMP), ignore, NULL);
}

static int refuse(struct gate_nl *nl)
{
	struct nl_msg *msg = gate_msg(nl, KTLSGATE_CMD_REFUSE, 0);

	nla_put_string(msg, KTLSGATE_A_REFUSED_GATE, GATE_NAME);
	nla_put(msg, KTLSGATE_A_REFUSED_PEER_ADDRESS, 4, "\x7f\0\0\1");
	nla_put_u32(msg, KTLSGATE_A_REFUSED_CODE, 0);
	nla_put_string(msg, KTLSGATE_A_REFUSED_REASON, "because");
	return gate_send(nl, msg, NULL, NULL);
}

/* Tells the first thing that is not so. */
#define want(condition) do { \
	if (!(condition)) { \
		fprintf(stderr, "# line %d: %s\n", __LINE__, #condition); \
		return 1; \
	} \
} while (0)

/* Every operation, of somebody who has no right to it. */
static int may_only_look(FIXTURE_DATA(privileges) *self, struct gate_nl *nl)
{
	struct gate_handoff handoff;
	struct gate_stats stats;
	struct gate_info info;
	struct gate_conn conn;

	want(gate_add(nl, "mine", 1) == -EPERM);
	want(gate_set_state(nl, GATE_NAME, KTLSGATE_GATE_STATE_DOWN) ==
	     -EPERM);
	want(gate_del(nl, GATE_NAME) == -EPERM);
	want(gate_conn_get(nl, self->p.id, &conn) == -EPERM);
	want(dump(nl, KTLSGATE_CMD_CONN_GET) == -EPERM);
	want(gate_conn_kill(nl, self->p.id, -1) == -EPERM);
	want(refuse(nl) == -EPERM);
	gate_handoff_init(&handoff, &self->server, GATE_NAME);
	want(gate_handoff(nl, &handoff, NULL) == -EPERM);
	/* Refused before anything was taken. */
	want(fcntl(self->server.fd, F_GETFD) >= 0);
	want(gate_subscribe(nl) < 0);

	want(!gate_get(nl, GATE_NAME, &info));
	want(info.state == KTLSGATE_GATE_STATE_UP && info.connections == 1);
	want(!dump(nl, KTLSGATE_CMD_GATE_GET));
	want(!gate_stats(nl, &stats));
	want(stats.gates == 1 && stats.refusals == 0);
	return 0;
}

static int as_nobody(FIXTURE_DATA(privileges) *self)
{
	struct gate_nl nl;

	want(!become_nobody() && !gate_open(&nl));
	return may_only_look(self, &nl);
}

/* A socket that root opened is no right: who sends has to have it, too. */
static int with_roots_socket(FIXTURE_DATA(privileges) *self)
{
	want(!become_nobody());
	return may_only_look(self, &self->before);
}

/* Root of a user namespace owns nothing of the network namespace outside. */
static int as_user_root(FIXTURE_DATA(privileges) *self)
{
	struct gate_nl nl;

	want(!become_user_root(0) && !gate_open(&nl));
	return may_only_look(self, &nl);
}

static int count(struct genlmsghdr *hdr, struct nlattr **attrs, void *arg)
{
	(*(int *)arg)++;
	return 0;
}

/* All of it, in a network namespace of one's own, and nothing beyond. */
static int in_own_network(FIXTURE_DATA(privileges) *self)
{
	struct pair_params params = {};
	struct gate_handoff handoff;
	struct tls_client client;
	struct tls_server server;
	struct gate_conn conn;
	struct pair mine = {};
	int seen = 0;
	char byte;

	want(!become_user_root(CLONE_NEWNET) && !gate_open(&mine.nl));
	mine.listener = net_listen(&(struct net_listen){ .family = AF_INET });
	mine.helper = net_listen(&(struct net_listen){ .family = AF_INET });
	want(mine.listener >= 0 && mine.helper >= 0);
	mine.dialled = net_loopback(AF_INET, net_port(mine.helper));

	want(!gate_send(&mine.nl, gate_msg(&mine.nl, KTLSGATE_CMD_CONN_GET,
					   NLM_F_DUMP), count, &seen) && !seen);
	want(gate_conn_kill(&mine.nl, self->p.id, -1) == -ENOENT);
	want(gate_del(&mine.nl, GATE_NAME) == -ENOENT);
	want(!gate_add(&mine.nl, GATE_NAME, net_port(mine.listener)));
	want(!gate_subscribe(&mine.nl));
	gate_close(&mine.nl);
	want(!gate_open(&mine.nl));

	/* Another namespace's socket is consumed, and goes nowhere. */
	gate_handoff_init(&handoff, &self->server, GATE_NAME);
	want(gate_handoff(&mine.nl, &handoff, NULL) == -EXDEV);
	want(fcntl(self->server.fd, F_GETFD) < 0);

	want(!pair_dial(&mine, &params.tls, &client, &server));
	want(!gate_handoff_server(&mine.nl, &server, GATE_NAME, &mine.id));
	want(!gate_conn_get(&mine.nl, mine.id, &conn));
	mine.agent = pair_accept(&mine);
	want(mine.agent >= 0 && tls_write(&client, "x", 1) == 1);
	want(read(mine.agent, &byte, 1) == 1 && byte == 'x');
	want(!gate_conn_kill(&mine.nl, mine.id, -1));
	want(read(mine.agent, &byte, 1) < 0 && errno == ECONNABORTED);
	return 0;
}

/* Whoever was given the socket may ask; nobody may set or get keys. */
static int holds_the_socket(FIXTURE_DATA(privileges) *self)
{
	struct ktlsgate_peer_info info;
	socklen_t size = sizeof(info);
	char name[256], byte;

	want(!become_user_root(CLONE_NEWNET));
	want(!getsockopt(self->p.agent, SOL_KTLSGATE, KTLSGATE_PEER_INFO,
			 &info, &size));
	want(size == sizeof(info) && info.id == self->p.id);
	size = sizeof(name);
	want(!getsockopt(self->p.agent, SOL_KTLSGATE, KTLSGATE_PEER_PRINCIPAL,
			 name, &size) && !strcmp(name, GATE_PRINCIPAL));
	want(setsockopt(self->p.agent, SOL_KTLSGATE, KTLSGATE_PEER_INFO,
			&info, sizeof(info)) < 0 && errno == ENOPROTOOPT);
	size = sizeof(name);
	want(getsockopt(self->p.agent, 282 /* SOL_TLS */, 1 /* TLS_TX */,
			name, &size) < 0);
	want(setsockopt(self->p.agent, 282, 1, name, 40) < 0);
	want(write(self->p.agent, "y", 1) == 1);
	want(tls_read(&self->p.client, &byte, 1) == 1 && byte == 'y');
	return 0;
}

/* A socket that came through no gate has nothing to tell. */
static int asks_another(FIXTURE_DATA(privileges) *self)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char name[256];
	socklen_t size = sizeof(name);

	want(!become_nobody() && fd >= 0);
	want(getsockopt(fd, SOL_KTLSGATE, KTLSGATE_PEER_PRINCIPAL, name,
			&size) < 0);
	want(getsockopt(self->p.listener, SOL_KTLSGATE,
			KTLSGATE_PEER_PRINCIPAL, name, &size) < 0);
	want(getsockopt(self->p.client.fd, SOL_KTLSGATE,
			KTLSGATE_PEER_PRINCIPAL, name, &size) < 0);
	return 0;
}

static int status_of(int (*what)(FIXTURE_DATA(privileges) *self),
		     FIXTURE_DATA(privileges) *self)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(what(self));
	return waitpid(pid, &status, 0) == pid ? status : -1;
}

TEST_F(privileges, nobody)
{
	EXPECT_EQ(0, status_of(as_nobody, self));
}

TEST_F(privileges, nobody_with_roots_socket)
{
	EXPECT_EQ(0, status_of(with_roots_socket, self));
}

TEST_F(privileges, root_of_user_namespace)
{
	EXPECT_EQ(0, status_of(as_user_root, self));
}

TEST_F(privileges, root_of_own_network)
{
	struct gate_conn conn;
	char byte;

	EXPECT_EQ(0, status_of(in_own_network, self));
	/* What is ours is as it was. */
	EXPECT_EQ(0, gate_conn_get(&self->p.nl, self->p.id, &conn));
	ASSERT_EQ(1, write(self->p.agent, "x", 1));
	EXPECT_EQ(1, tls_read(&self->p.client, &byte, 1));
}

TEST_F(privileges, whoever_holds_the_socket)
{
	EXPECT_EQ(0, status_of(holds_the_socket, self));
}

TEST_F(privileges, no_gate_no_answer)
{
	EXPECT_EQ(0, status_of(asks_another, self));
}

/* The opposite of all of it. */
TEST_F(privileges, root)
{
	struct gate_info info;
	struct gate_conn conn;

	ASSERT_EQ(0, gate_subscribe(&self->before));
	EXPECT_EQ(0, gate_add(&self->p.nl, "mine", 1));
	EXPECT_EQ(0, gate_set_state(&self->p.nl, "mine",
				    KTLSGATE_GATE_STATE_DOWN));
	EXPECT_EQ(0, gate_del(&self->p.nl, "mine"));
	EXPECT_EQ(0, gate_conn_get(&self->p.nl, self->p.id, &conn));
	EXPECT_EQ(0, dump(&self->p.nl, KTLSGATE_CMD_CONN_GET));
	EXPECT_EQ(0, refuse(&self->p.nl));
	EXPECT_EQ(0, gate_get(&self->p.nl, GATE_NAME, &info));
	EXPECT_EQ(1, info.refusals);
	EXPECT_EQ(0, gate_handoff_server(&self->p.nl, &self->server, GATE_NAME,
					 NULL));
	EXPECT_EQ(0, gate_conn_kill(&self->p.nl, self->p.id, -1));
}

TEST_HARNESS_MAIN
