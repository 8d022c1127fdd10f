// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory of a handed-off socket belongs to the agent's cgroup, none of it stays
 * with the helper. This process plays each in the cgroup of each.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "test.h"

#define ROOT "/sys/fs/cgroup"
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

static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return -1;
	ret = write(fd, text, strlen(text)) < 0 ? -1 : 0;
	close(fd);
	return ret;
}

static int enter(const char *group)
{
	char path[128];

	snprintf(path, sizeof(path), ROOT "/%s/cgroup.procs", group);
	return put(path, "0");
}

/* Bytes of sockets, as the cgroup counts them; -1: cannot tell. */
static long sock(const char *group)
{
	char path[128], word[64];
	long n, value = -1;
	FILE *f;

	snprintf(path, sizeof(path), ROOT "/%s/memory.stat", group);
	f = fopen(path, "r");
	if (!f)
		return -1;
	while (fscanf(f, "%63s %ld", word, &n) == 2)
		if (!strcmp(word, "sock"))
			value = n;
	fclose(f);
	return value;
}

static const char *const groups[] = { "client", "helper", "agent" };

FIXTURE_SETUP(memcg)
{
	char path[64];
	int i;

	put(ROOT "/cgroup.subtree_control", "+memory");
	for (i = 0; i < CONNECTIONS; i++) {
		self->clients[i].fd = -1;
		self->fds[i] = -1;
	}
	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), ROOT "/%s", groups[i]);
		ASSERT_TRUE(!mkdir(path, 0755) || errno == EEXIST);
		ASSERT_EQ(0, sock(groups[i]));
	}
	ASSERT_EQ(0, pair_listen(&self->p, &variant->params));
}

FIXTURE_TEARDOWN(memcg)
{
	char path[64];
	int i;

	for (i = 0; i < CONNECTIONS; i++) {
		if (self->fds[i] >= 0)
			close(self->fds[i]);
		if (self->clients[i].fd >= 0)
			tls_close(&self->clients[i]);
	}
	EXPECT_EQ(0, pair_close(&self->p));
	put(ROOT "/cgroup.procs", "0");
	for (i = 0; i < 3; i++) {
		EXPECT_TRUE(NET_WAIT(!sock(groups[i]))) {
			TH_LOG("%s keeps %ld", groups[i], sock(groups[i]));
		}
		snprintf(path, sizeof(path), ROOT "/%s", groups[i]);
		EXPECT_TRUE(NET_WAIT(!rmdir(path)));
	}
}

/* A client connects in its cgroup, the helper accepts in its own. */
static int dial(struct pair *p, const struct pair_params *params,
		struct tls_client *client, struct tls_server *server)
{
	int c, s;

	if (enter("client"))
		return -1;
	c = net_connect(&p->dialled);
	if (c < 0 || enter("helper"))
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
	EXPECT_TRUE(NET_WAIT(sock("helper") >=
			     (long)(CONNECTIONS * variant->unread)));
	for (i = 0; i < CONNECTIONS; i++)
		ASSERT_EQ(0, gate_handoff_server(&self->p.nl, &servers[i],
						 GATE_NAME, NULL));
	EXPECT_TRUE(NET_WAIT(!sock("helper"))) {
		TH_LOG("the helper keeps %ld", sock("helper"));
	}
	ASSERT_EQ(0, enter("agent"));
	for (i = 0; i < CONNECTIONS; i++) {
		self->fds[i] = pair_accept(&self->p);
		ASSERT_LE(0, self->fds[i]);
	}
	EXPECT_EQ(0, sock("helper"));
	EXPECT_TRUE(NET_WAIT(sock("agent") >=
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
	ASSERT_EQ(0, enter("agent"));
	self->fds[0] = pair_accept(&self->p);
	ASSERT_LE(0, self->fds[0]);
	ASSERT_EQ(UNREAD, tls_write(&self->clients[0], data, UNREAD));
	EXPECT_TRUE(NET_WAIT(sock("agent") >= UNREAD));
	EXPECT_EQ(0, sock("helper"));
	ASSERT_EQ(0, pair_recv(self->fds[0], data, UNREAD));
	ASSERT_EQ(0, pair_send(self->fds[0], data, UNREAD));
	EXPECT_EQ(0, sock("helper"));
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
	EXPECT_TRUE(NET_WAIT(!sock("helper")));
}

TEST_HARNESS_MAIN
