// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every allocation of the module, and every copy from and to its callers, fails
 * once: the first of an operation, the second, until one comes that none is
 * left for. What is refused says so and leaves nothing; a connection is whole
 * afterwards, or ended for a reason. How many there were is printed.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>

#include "fault.h"
#include "test.h"

FIXTURE(faults) {
	struct pair p;
	struct gate_nl events;
	struct fault_round round;
};

FIXTURE_SETUP(faults)
{
	struct pair_params params = {};

	if (fault_open())
		SKIP(return, "this kernel cannot inject faults");
	ASSERT_EQ(0, pair_listen(&self->p, &params));
	/* Somebody listens, so that events are made. */
	ASSERT_EQ(0, gate_open(&self->events));
	ASSERT_EQ(0, gate_subscribe(&self->events));
}

FIXTURE_TEARDOWN(faults)
{
	gate_close(&self->events);
	EXPECT_EQ(0, pair_close(&self->p));
}

TEST_F(faults, gate_add)
{
	struct gate_info info;
	int err;

	FOR_EACH_FAULT(&self->round) {
		err = FAULTY(&self->round, gate_add(&self->p.nl, "more", 1));
		EXPECT_DONE_OR_NO_MEMORY(err, &self->round);
		EXPECT_EQ(err ? -ENOENT : 0,
			  gate_get(&self->p.nl, "more", &info));
		EXPECT_EQ(err ? -ENOENT : 0, gate_del(&self->p.nl, "more"));
	}
	fault_reached(&self->round, "gate-add");
	EXPECT_LT(2, self->round.nth - 2);
}

TEST_F(faults, gate_set)
{
	struct gate_info info;
	uint32_t state = KTLSGATE_GATE_STATE_UP;
	int err;

	FOR_EACH_FAULT(&self->round) {
		state = !state;
		err = FAULTY(&self->round, gate_set_state(&self->p.nl,
							  GATE_NAME, state));
		EXPECT_DONE_OR_NO_MEMORY(err, &self->round);
		ASSERT_EQ(0, gate_get(&self->p.nl, GATE_NAME, &info));
		EXPECT_EQ(err ? !state : state, info.state);
	}
	fault_reached(&self->round, "gate-set");
}

TEST_F(faults, gate_del)
{
	struct gate_info info;
	int err;

	FOR_EACH_FAULT(&self->round) {
		err = FAULTY(&self->round, gate_del(&self->p.nl, GATE_NAME));
		EXPECT_DONE_OR_NO_MEMORY(err, &self->round);
		EXPECT_EQ(err ? 0 : -ENOENT,
			  gate_get(&self->p.nl, GATE_NAME, &info));
		if (!err)
			ASSERT_EQ(0, gate_add(&self->p.nl, GATE_NAME,
					      net_port(self->p.listener)));
	}
	fault_reached(&self->round, "gate-del");
}

static int refuse(struct gate_nl *nl)
{
	struct nl_msg *msg = gate_msg(nl, KTLSGATE_CMD_REFUSE, 0);
	struct in_addr peer = { htonl(INADDR_LOOPBACK) };

	nla_put_string(msg, KTLSGATE_A_REFUSED_GATE, GATE_NAME);
	nla_put(msg, KTLSGATE_A_REFUSED_PEER_ADDRESS, sizeof(peer), &peer);
	nla_put_u16(msg, KTLSGATE_A_REFUSED_PEER_PORT, 1);
	nla_put_u32(msg, KTLSGATE_A_REFUSED_CODE, 0);
	nla_put_string(msg, KTLSGATE_A_REFUSED_REASON, "because");
	return gate_send(nl, msg, NULL, NULL);
}

/* It is counted, whether or not somebody hears of it. */
TEST_F(faults, refuse)
{
	struct gate_stats stats;
	unsigned int done = 0;
	int err;

	FOR_EACH_FAULT(&self->round) {
		err = FAULTY(&self->round, refuse(&self->p.nl));
		EXPECT_DONE_OR_NO_MEMORY(err, &self->round);
		done += !err;
	}
	ASSERT_EQ(0, gate_stats(&self->p.nl, &stats));
	EXPECT_EQ(done, stats.refusals);
	fault_reached(&self->round, "refuse");
}

/* One request: what is asked for comes whole, or nothing with an error. */
static int count(struct genlmsghdr *hdr, struct nlattr **attrs, void *arg)
{
	(*(int *)arg)++;
	return 0;
}

static struct nl_msg *ask(struct gate_nl *nl, int cmd, int flags, uint32_t id,
			  const char *gate)
{
	struct nl_msg *msg = gate_msg(nl, cmd, flags);

	if (id)
		nla_put_u32(msg, KTLSGATE_A_CONN_ID, id);
	if (gate && cmd == KTLSGATE_CMD_STATS_GET)
		nla_put_string(msg, KTLSGATE_A_STATS_GATE, gate);
	else if (gate)
		nla_put_string(msg, KTLSGATE_A_GATE_NAME, gate);
	return msg;
}

#define ASKED(what, cmd, flags, id, gate)				\
do {									\
	FOR_EACH_FAULT(&self->round) {					\
		int n_ = 0, err_;					\
		err_ = FAULTY(&self->round, gate_send(&self->p.nl,	\
				ask(&self->p.nl, cmd, flags, id, gate),	\
				count, &n_));				\
		EXPECT_DONE_OR_NO_MEMORY(err_, &self->round);		\
		EXPECT_EQ(err_ ? 0 : 1, n_);				\
	}								\
	fault_reached(&self->round, what);					\
} while (0)

TEST_F(faults, questions)
{
	struct pair_params params = {};
	struct tls_client client;
	uint32_t id;

	ASSERT_EQ(0, pair_queue(&self->p, &params, &client, &id));
	ASKED("gate-get", KTLSGATE_CMD_GATE_GET, 0, 0, GATE_NAME);
	EXPECT_LT(0, self->round.nth - 2);
	ASKED("gate-get dump", KTLSGATE_CMD_GATE_GET, NLM_F_DUMP, 0, NULL);
	ASKED("conn-get", KTLSGATE_CMD_CONN_GET, 0, id, NULL);
	EXPECT_LT(0, self->round.nth - 2);
	ASKED("conn-get dump", KTLSGATE_CMD_CONN_GET, NLM_F_DUMP, 0, NULL);
	ASKED("stats-get", KTLSGATE_CMD_STATS_GET, 0, 0, NULL);
	ASKED("stats-get of a gate", KTLSGATE_CMD_STATS_GET, 0, 0, GATE_NAME);
	tls_close(&client);
}

/* Either the agent has it and it works, or nobody has. */
#define EXPECT_WHOLE_OR_GONE(err, client, id)				\
do {									\
	struct gate_stats stats_;					\
	char b_;							\
	int fd_;							\
	EXPECT_EQ(!(err), net_poll(self->p.listener, POLLIN, 0));	\
	if (err) {							\
		EXPECT_TRUE(tls_ended(client));				\
	} else {							\
		EXPECT_NE(0, id);					\
		fd_ = pair_accept(&self->p);				\
		ASSERT_LE(0, fd_);					\
		EXPECT_EQ(1, write(fd_, "x", 1));			\
		EXPECT_EQ(1, tls_read(client, &b_, 1));			\
		EXPECT_EQ(1, tls_write(client, "y", 1));		\
		EXPECT_EQ(1, read(fd_, &b_, 1));			\
		close(fd_);						\
	}								\
	EXPECT_TRUE(NET_WAIT(!gate_stats(&self->p.nl, &stats_) &&	\
			     !stats_.connections && !stats_.queued));	\
} while (0)

TEST_F(faults, handoff)
{
	struct tls_params params = {};
	struct tls_client client;
	struct tls_server server;
	struct gate_handoff h;
	uint32_t id;
	int err;

	FOR_EACH_FAULT(&self->round) {
		ASSERT_EQ(0, pair_dial(&self->p, &params, &client, &server));
		ASSERT_EQ(0, net_acked(server.fd));
		gate_handoff_init(&h, &server, GATE_NAME);
		h.note = "a note";
		h.note_len = 6;
		err = FAULTY(&self->round, gate_handoff(&self->p.nl, &h, &id));
		EXPECT_DONE_OR_NO_MEMORY(err, &self->round);
		EXPECT_EQ(-1, fcntl(server.fd, F_GETFD));
		EXPECT_WHOLE_OR_GONE(err, &client, id);
		tls_close(&client);
	}
	fault_reached(&self->round, "handoff, path kernel");
	EXPECT_LT(5, self->round.nth - 2);
}

/* Nobody listens: given back, or ended for want of memory, with its number. */
TEST_F(faults, handoff_given_back)
{
	struct tls_params params = {};
	struct gate_handed handed;
	struct tls_client client;
	struct tls_server server;
	struct gate_handoff h;
	char b;
	int err;

	ASSERT_EQ(0, gate_add(&self->p.nl, "absent", 1));
	FOR_EACH_FAULT(&self->round) {
		ASSERT_EQ(0, pair_dial(&self->p, &params, &client, &server));
		ASSERT_EQ(0, net_acked(server.fd));
		gate_handoff_init(&h, &server, "absent");
		h.give_back = true;
		err = FAULTY(&self->round,
			     gate_handoff_or_back(&self->p.nl, &h, &handed));
		EXPECT_DONE_OR_NO_MEMORY(err, &self->round);
		if (err) {
			EXPECT_EQ(-1, handed.fd);
			EXPECT_EQ(-1, fcntl(server.fd, F_GETFD));
			EXPECT_GE(0, tls_read(&client, &b, 1));
		} else {
			EXPECT_EQ(ECONNREFUSED, handed.error);
			EXPECT_LE(0, handed.fd);
			close(handed.fd);
		}
		tls_close(&client);
	}
	fault_reached(&self->round, "handoff, given back");
	EXPECT_LT(3, self->round.nth - 2);
}

TEST_F(faults, handoff_relay)
{
	struct gate_handoff h = { .gate = GATE_NAME,
				  .principal = GATE_PRINCIPAL,
				  .version = TLS1_VERSION, .suite = 0xc013,
				  .path = KTLSGATE_PATH_RELAY,
				  .reason = "old" };
	struct tls_client client = {};
	union net_addr peer;
	uint32_t id;
	int err;

	FOR_EACH_FAULT(&self->round) {
		client.fd = net_connect(&self->p.dialled);
		ASSERT_LE(0, client.fd);
		net_timeout(client.fd, NET_DEADLINE_MS);
		h.fd = accept(self->p.helper, NULL, NULL);
		peer = net_sockname(client.fd);
		h.peer = &peer;
		h.local = &self->p.dialled;
		err = FAULTY(&self->round, gate_handoff(&self->p.nl, &h, &id));
		EXPECT_DONE_OR_NO_MEMORY(err, &self->round);
		EXPECT_EQ(-1, fcntl(h.fd, F_GETFD));
		EXPECT_WHOLE_OR_GONE(err, &client, id);
		tls_close(&client);
	}
	fault_reached(&self->round, "handoff, path relay");
	EXPECT_LT(5, self->round.nth - 2);
}

TEST_F(faults, accept)
{
	struct pair_params params = {};
	struct tls_client client;
	int fd;

	FOR_EACH_FAULT(&self->round) {
		ASSERT_EQ(0, pair_queue(&self->p, &params, &client, NULL));
		fd = FAULTY(&self->round, accept(self->p.listener, NULL, NULL));
		EXPECT_LE(0, fd);
		close(fd);
		tls_close(&client);
	}
	fault_reached(&self->round, "accept");
}

/* The listener closes with a connection queued. */
TEST_F(faults, listener_closes)
{
	struct net_listen how = { .family = AF_INET,
				  .port = net_port(self->p.listener) };
	struct pair_params params = {};
	struct tls_client client;

	FOR_EACH_FAULT(&self->round) {
		ASSERT_EQ(0, pair_queue(&self->p, &params, &client, NULL));
		EXPECT_EQ(0, FAULTY(&self->round, close(self->p.listener)));
		EXPECT_TRUE(tls_ended(&client));
		tls_close(&client);
		self->p.listener = net_listen(&how);
		ASSERT_LE(0, self->p.listener);
	}
	fault_reached(&self->round, "close of the listener");
}

static int new_namespace(void)
{
	return unshare(CLONE_NEWNET) ? -errno : 0;
}

TEST_F(faults, namespace)
{
	FOR_EACH_FAULT(&self->round)
		EXPECT_EQ(0, FAULTY(&self->round, new_namespace()));
	fault_reached(&self->round, "unshare(CLONE_NEWNET)");
}

TEST_HARNESS_MAIN
