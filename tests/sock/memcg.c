// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory of a handed-off socket belongs to the agent's cgroup, none of it stays
 * with the helper. This process plays each in the cgroup of each.
 */
#include "cgroup.h"
#include "test.h"

#define CONNECTIONS 20
#define UNREAD 20000

FIXTURE(memcg) {
	struct pair p;
	struct tls_client clients[CONNECTIONS];
	int fds[CONNECTIONS];
};

FIXTURE_VARIANT(memcg) {
	struct pair_params params;
	size_t unread;		/* bytes that wait when it is handed off */
};

FIXTURE_VARIANT_ADD(memcg, idle) {
};

FIXTURE_VARIANT_ADD(memcg, unread) {
	.unread = UNREAD,
};

FIXTURE_VARIANT_ADD(memcg, unread_tls12_ipv6) {
	.params = { .family = AF_INET6, .tls.version = TLS1_2_VERSION },
	.unread = UNREAD,
};

static const char *const groups[] = { "client", "helper", "agent" };

FIXTURE_SETUP(memcg)
{
	int i;

	for (i = 0; i < CONNECTIONS; i++) {
		self->clients[i].fd = -1;
		self->fds[i] = -1;
	}
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, cgroup_make(groups[i]));
		ASSERT_EQ(0, cgroup_sock(groups[i]));
	}
	ASSERT_EQ(0, pair_listen(&self->p, &variant->params));
}

FIXTURE_TEARDOWN(memcg)
{
	int i;

	for (i = 0; i < CONNECTIONS; i++) {
		if (self->fds[i] >= 0)
			close(self->fds[i]);
		if (self->clients[i].fd >= 0)
			tls_close(&self->clients[i]);
	}
	EXPECT_EQ(0, pair_close(&self->p));
	cgroup_enter(NULL);
	for (i = 0; i < 3; i++) {
		EXPECT_TRUE(NET_WAIT(!cgroup_sock(groups[i]))) {
			TH_LOG("%s keeps %ld", groups[i], cgroup_sock(groups[i]));
		}
		EXPECT_TRUE(NET_WAIT(!cgroup_remove(groups[i])));
	}
}

/* A client connects in its cgroup, the helper accepts in its own. */
static int dial(struct pair *p, const struct pair_params *params,
		struct tls_client *client, struct tls_server *server)
{
	int c, s;

	if (cgroup_enter("client"))
		return -1;
	c = net_connect(&p->dialled);
	if (c < 0 || cgroup_enter("helper"))
		return -1;
	s = accept(p->helper, NULL, NULL);
	return tls_handshake(c, s, &params->tls, client, server);
}

TEST_F(memcg, moves_to_the_agent)
{
	struct tls_server servers[CONNECTIONS];
	static char data[UNREAD];
	int i;

	for (i = 0; i < CONNECTIONS; i++) {
		ASSERT_EQ(0, dial(&self->p, &variant->params,
				  &self->clients[i], &servers[i]));
		if (variant->unread)
			ASSERT_EQ(variant->unread,
				  tls_write(&self->clients[i], data,
					    variant->unread));
		ASSERT_EQ(0, net_acked(servers[i].fd));
	}
	/* Without data there may be no charge to move. */
	EXPECT_TRUE(NET_WAIT(cgroup_sock("helper") >=
			     (long)(CONNECTIONS * variant->unread)));
	for (i = 0; i < CONNECTIONS; i++)
		ASSERT_EQ(0, gate_handoff_server(&self->p.nl, &servers[i],
						 GATE_NAME, NULL));
	EXPECT_TRUE(NET_WAIT(!cgroup_sock("helper"))) {
		TH_LOG("the helper keeps %ld", cgroup_sock("helper"));
	}
	ASSERT_EQ(0, cgroup_enter("agent"));
	for (i = 0; i < CONNECTIONS; i++) {
		self->fds[i] = pair_accept(&self->p);
		ASSERT_LE(0, self->fds[i]);
	}
	EXPECT_EQ(0, cgroup_sock("helper"));
	EXPECT_TRUE(NET_WAIT(cgroup_sock("agent") >=
			     (long)(CONNECTIONS * variant->unread)));
	for (i = 0; i < CONNECTIONS && variant->unread; i++)
		ASSERT_EQ(0, pair_recv(self->fds[i], data, variant->unread));
}

/* What arrives and leaves later is the agent's, too. */
TEST_F(memcg, later_traffic)
{
	struct tls_server server;
	static char data[UNREAD];

	ASSERT_EQ(0, dial(&self->p, &variant->params, &self->clients[0],
			  &server));
	ASSERT_EQ(0, gate_handoff_server(&self->p.nl, &server, GATE_NAME,
					 NULL));
	ASSERT_EQ(0, cgroup_enter("agent"));
	self->fds[0] = pair_accept(&self->p);
	ASSERT_LE(0, self->fds[0]);
	ASSERT_EQ(UNREAD, tls_write(&self->clients[0], data, UNREAD));
	EXPECT_TRUE(NET_WAIT(cgroup_sock("agent") >= UNREAD));
	/* The kernel adds up what its processors have once in a while. */
	EXPECT_TRUE(NET_WAIT(!cgroup_sock("helper")));
	ASSERT_EQ(0, pair_recv(self->fds[0], data, UNREAD));
	ASSERT_EQ(0, pair_send(self->fds[0], data, UNREAD));
	EXPECT_EQ(0, cgroup_sock("helper"));
	EXPECT_EQ(UNREAD, tls_read_all(&self->clients[0], data, UNREAD));
}

/* Refused: nothing is left with the helper either. */
TEST_F(memcg, refused)
{
	struct tls_server server;

	ASSERT_EQ(0, dial(&self->p, &variant->params, &self->clients[0],
			  &server));
	ASSERT_EQ(-ENOENT, gate_handoff_server(&self->p.nl, &server, "nosuch",
					       NULL));
	EXPECT_TRUE(NET_WAIT(!cgroup_sock("helper")));
}

TEST_HARNESS_MAIN
