// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a helper wrote and TCP had no room for is with kTLS, which sends it from a work
 * item as soon as there is room. In an accept queue that must not be.
 */
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>

#include "test.h"

FIXTURE(unsent) {
	struct pair p;
	struct tls_client client;
	struct gate_handoff h;
	struct tls_server server;
};

FIXTURE_VARIANT(unsent) {
	struct pair_params params;
};

FIXTURE_VARIANT_ADD(unsent, tls13) {
};

FIXTURE_VARIANT_ADD(unsent, tls12) {
	.params.tls.version = TLS1_2_VERSION,
};

/* As pair_dial(), with the least room for what the client receives. */
static int dial(struct pair *p, const struct tls_params *tls,
		struct tls_client *client, struct tls_server *server)
{
	int c = socket(p->dialled.sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int one = 1;

	if (setsockopt(c, SOL_SOCKET, SO_RCVBUF, &one, sizeof(one)) ||
	    connect(c, &p->dialled.sa, net_len(&p->dialled)))
		return -1;
	return tls_handshake(c, accept4(p->helper, NULL, NULL, SOCK_CLOEXEC),
			     tls, client, server);
}

/* Small windows make small segments. One that may not be sent yet is less than a page,
 * and all that TCP takes.
 */
FIXTURE_SETUP(unsent)
{
	int one = 1;

	ASSERT_EQ(0, pair_listen(&self->p, &variant->params));
	ASSERT_EQ(0, dial(&self->p, &variant->params.tls, &self->client,
			  &self->server));
	ASSERT_EQ(0, net_acked(self->server.fd));
	ASSERT_EQ(0, net_nonblock(self->server.fd, true));
	ASSERT_EQ(0, setsockopt(self->server.fd, SOL_TCP, TCP_NOTSENT_LOWAT,
				&one, sizeof(one)));
	gate_handoff_init(&self->h, &self->server, GATE_NAME);
}

FIXTURE_TEARDOWN(unsent)
{
	tls_close(&self->client);
	EXPECT_EQ(0, pair_close(&self->p));
}

/* All that went is acknowledged, and some did not. */
static bool stuck(int fd)
{
	int all = 0, unsent = 0;

	return !ioctl(fd, SIOCOUTQ, &all) && !ioctl(fd, SIOCOUTQNSD, &unsent) &&
	       unsent && all == unsent;
}

static int write_all(int fd)
{
	static char record[16384];

	while (write(fd, record, sizeof(record)) > 0)
		continue;
	return errno == EAGAIN && NET_WAIT(stuck(fd)) ? 0 : -1;
}

TEST_F(unsent, waits_for_room)
{
	ASSERT_EQ(0, write_all(self->server.fd));
	EXPECT_EQ(-ENOBUFS, gate_handoff(&self->p.nl, &self->h, NULL));
	EXPECT_STREQ("kTLS holds data that TCP had no room for, hand off when all is written",
		     self->p.nl.text);
	EXPECT_EQ(0, net_poll(self->p.listener, POLLIN, 0));
}

/* The client has just made room, so the work item is about to run: it would need the
 * struct socket, to say there that it waits for more.
 */
TEST_F(unsent, is_sent_now)
{
	char b[4096];

	ASSERT_EQ(0, write_all(self->server.fd));
	ASSERT_LT(0, recv(self->client.fd, b, sizeof(b), 0));
	EXPECT_EQ(-ENOBUFS, gate_handoff(&self->p.nl, &self->h, NULL));
	EXPECT_EQ(0, net_poll(self->p.listener, POLLIN, 0));
}

/* A record that is begun and waits for more (MSG_MORE) is charged as well. */
TEST_F(unsent, open_record)
{
	ASSERT_EQ(1, send(self->server.fd, "x", 1, MSG_MORE));
	EXPECT_EQ(-ENOBUFS, gate_handoff(&self->p.nl, &self->h, NULL));
	EXPECT_EQ(0, net_poll(self->p.listener, POLLIN, 0));
}

TEST_F(unsent, none_left)
{
	char b[16];
	int fd;

	ASSERT_EQ(5, write(self->server.fd, "hello", 5));
	ASSERT_EQ(0, net_acked(self->server.fd));
	ASSERT_EQ(0, gate_handoff(&self->p.nl, &self->h, NULL));
	fd = pair_accept(&self->p);
	ASSERT_LE(0, fd);
	EXPECT_EQ(5, tls_read_all(&self->client, b, 5));
	close(fd);
}

TEST_HARNESS_MAIN
