// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A handoff that gives the connection back when the agent cannot take it now:
 * by another number, as it was, to be handed off again.
 */
#include <fcntl.h>

#include "handoffs.h"

/* Given back for that reason; self->h then has the new number. */
#define EXPECT_BACK(reason)						\
do {									\
	struct gate_handed out_;					\
	int was_ = self->h.fd;						\
	self->h.give_back = true;					\
	ASSERT_EQ(0, gate_handoff_or_back(&self->p.nl, &self->h, &out_)) { \
		TH_LOG("said: %s", self->p.nl.text);			\
	}								\
	EXPECT_EQ(0, out_.id);						\
	EXPECT_EQ(reason, out_.error);					\
	ASSERT_LE(0, out_.fd);						\
	EXPECT_EQ(FD_CLOEXEC, fcntl(out_.fd, F_GETFD));			\
	EXPECT_TRUE(was_ == out_.fd || !net_is_open(was_));		\
	self->h.fd = out_.fd;						\
} while (0)

/* Handed off, and the agent hears what the client says and the other way. */
#define EXPECT_TAKEN()							\
do {									\
	struct gate_handed out_;					\
	char b_[4];							\
	int fd_;							\
	self->h.give_back = true;					\
	ASSERT_EQ(0, gate_handoff_or_back(&self->p.nl, &self->h, &out_)) { \
		TH_LOG("said: %s", self->p.nl.text);			\
	}								\
	EXPECT_NE(0, out_.id);						\
	EXPECT_EQ(-1, out_.fd);						\
	fd_ = pair_accept(&self->p);					\
	ASSERT_LE(0, fd_);						\
	ASSERT_EQ(4, tls_write(&self->client, "ping", 4));		\
	ASSERT_EQ(0, pair_recv(fd_, b_, 4));				\
	EXPECT_EQ(0, memcmp(b_, "ping", 4));				\
	ASSERT_EQ(0, pair_send(fd_, "pong", 4));			\
	ASSERT_EQ(4, tls_read_all(&self->client, b_, 4));		\
	EXPECT_EQ(0, memcmp(b_, "pong", 4));				\
	close(fd_);							\
} while (0)

TEST_F(handoff, not_needed)
{
	EXPECT_TAKEN();
}

TEST_F(handoff, agent_restarts)
{
	struct net_listen again = {
		.family = variant->params.family ?: AF_INET,
		.port = net_port(self->p.listener),
	};
	struct gate_info info;
	char b[5];

	close(self->p.listener);
	EXPECT_BACK(ECONNREFUSED);
	EXPECT_BACK(ECONNREFUSED);
	/* What the client says meanwhile is not lost. */
	ASSERT_EQ(5, tls_write(&self->client, "early", 5));
	self->p.listener = net_listen(&again);
	ASSERT_LE(0, self->p.listener);
	ASSERT_EQ(0, gate_get(&self->p.nl, GATE_NAME, &info));
	EXPECT_EQ(0, info.handoff_failures);
	EXPECT_EQ(0, info.handoffs);
	EXPECT_EQ(0, info.connections);

	ASSERT_EQ(0, gate_handoff(&self->p.nl, &self->h, NULL));
	self->p.agent = pair_accept(&self->p);
	ASSERT_LE(0, self->p.agent);
	ASSERT_EQ(0, pair_recv(self->p.agent, b, 5));
	EXPECT_EQ(0, memcmp(b, "early", 5));
	ASSERT_EQ(0, gate_get(&self->p.nl, GATE_NAME, &info));
	EXPECT_EQ(1, info.handoffs);
	pair_close_agent(&self->p);
}

TEST_F(handoff, queue_full)
{
	struct tls_client other;
	struct tls_server server;
	int fd;

	ASSERT_EQ(0, listen(self->p.listener, 0));
	ASSERT_EQ(0, pair_dial(&self->p, &variant->params.tls, &other,
			       &server));
	ASSERT_EQ(0, gate_handoff_server(&self->p.nl, &server, GATE_NAME,
					 NULL));
	EXPECT_BACK(EAGAIN);
	fd = pair_accept(&self->p);
	ASSERT_LE(0, fd);
	EXPECT_TAKEN();
	close(fd);
	tls_close(&other);
}

TEST_F(handoff, other_family)
{
	int family = variant->params.family == AF_INET6 ? AF_INET : AF_INET6;
	int other = net_listen(&(struct net_listen){
		.family = family, .v6only = true });

	ASSERT_LE(0, other);
	ASSERT_EQ(0, gate_add(&self->p.nl, "other", net_port(other)));
	self->h.gate = "other";
	EXPECT_BACK(EAFNOSUPPORT);
	self->h.gate = GATE_NAME;
	EXPECT_TAKEN();
	close(other);
}

TEST_F(handoff, gate_down)
{
	ASSERT_EQ(0, gate_set_state(&self->p.nl, GATE_NAME,
				    KTLSGATE_GATE_STATE_DOWN));
	EXPECT_BACK(ESHUTDOWN);
	ASSERT_EQ(0, gate_set_state(&self->p.nl, GATE_NAME,
				    KTLSGATE_GATE_STATE_UP));
	EXPECT_TAKEN();
}

TEST_F(handoff, no_gate)
{
	self->h.gate = "nobody";
	EXPECT_BACK(ENOENT);
	self->h.gate = GATE_NAME;
	EXPECT_TAKEN();
}

/* It is the caller's again, to close as well. */
TEST_F(handoff, closed)
{
	close(self->p.listener);
	EXPECT_BACK(ECONNREFUSED);
	close(self->h.fd);
	EXPECT_TRUE(ended(&self->client));
}

/* Not what is wrong with the request or the connection itself. */
TEST_F(handoff, not_for_mistakes)
{
	struct gate_handed out;
	int other = fcntl(self->h.fd, F_DUPFD_CLOEXEC, 0);

	ASSERT_LE(0, other);
	self->h.give_back = true;
	EXPECT_EQ(-EBUSY, gate_handoff_or_back(&self->p.nl, &self->h, &out));
	EXPECT_STRNE("", self->p.nl.text);
	EXPECT_EQ(-1, out.fd);
	EXPECT_FALSE(net_is_open(self->h.fd));

	self->h.fd = other;
	self->h.principal = NULL;
	EXPECT_EQ(-EINVAL, gate_handoff_or_back(&self->p.nl, &self->h, &out));
	EXPECT_EQ(-1, out.fd);
	EXPECT_FALSE(net_is_open(other));
	EXPECT_TRUE(ended(&self->client));
}

TEST_HARNESS_MAIN
