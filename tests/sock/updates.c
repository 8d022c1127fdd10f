// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * KeyUpdates of the client, asking for ours or not, while both sides send in
 * bulk: no byte may be lost or wrong, whatever way the agent reads and writes.
 */
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/mman.h>

#include "pump.h"
#include "test.h"

FIXTURE(update) {
	struct pair p;
	struct pump pump;
};

FIXTURE_VARIANT(update) {
	const char *suite;
	bool request;
	bool alone;
};

#define ADD(name, cipher)						\
FIXTURE_VARIANT_ADD(update, name##_requested) {				\
	.suite = cipher, .request = true,				\
};									\
FIXTURE_VARIANT_ADD(update, name) {					\
	.suite = cipher,						\
};									\
FIXTURE_VARIANT_ADD(update, name##_alone) {				\
	.suite = cipher, .request = true, .alone = true,		\
}

ADD(aes128gcm, "TLS_AES_128_GCM_SHA256");
ADD(aes256gcm, "TLS_AES_256_GCM_SHA384");
ADD(chacha20, "TLS_CHACHA20_POLY1305_SHA256");
ADD(aes128ccm, "TLS_AES_128_CCM_SHA256");

FIXTURE_SETUP(update)
{
	struct pair_params params = { .tls.suite = variant->suite };

	ASSERT_EQ(0, pair_open(&self->p, &params));
	self->pump.client = &self->p.client;
	self->pump.request = variant->request;
	self->pump.alone = variant->alone;
}

FIXTURE_TEARDOWN(update)
{
	EXPECT_EQ(0, pair_close(&self->p));
}

/* The client has lost nothing, and the module counted what it did. */
#define EXPECT_EQUAL()							\
do {									\
	struct gate_info info_;						\
	pump_join(&self->pump);						\
	EXPECT_STREQ("", self->pump.failure);				\
	EXPECT_EQ(self->pump.send, self->pump.sent);			\
	ASSERT_EQ(0, gate_get(&self->p.nl, GATE_NAME, &info_));		\
	EXPECT_EQ(self->pump.updates, info_.updates_received);		\
	EXPECT_EQ(self->p.client.updates_in, info_.updates_sent);	\
	EXPECT_EQ(variant->request, !!info_.updates_sent);		\
} while (0)

#define EXPECT_ECHOED()							\
do {									\
	EXPECT_EQUAL();							\
	EXPECT_EQ(self->pump.sent, self->pump.got);			\
	EXPECT_EQ(self->pump.hash_sent, self->pump.hash_got);		\
} while (0)

TEST_F(update, echo)
{
	self->pump.send = self->pump.expect = 2 << 20;
	self->pump.updates = 100;
	ASSERT_EQ(0, pump_start(&self->pump));
	EXPECT_EQ(0, pump_echo(self->p.agent));
	pair_close_agent(&self->p);
	EXPECT_ECHOED();
}

TEST_F(update, echo_small_reads)
{
	ssize_t n;
	char b[7];

	self->pump.send = self->pump.expect = 20000;
	self->pump.chunk = 100;
	self->pump.updates = 50;
	ASSERT_EQ(0, pump_start(&self->pump));
	while ((n = read(self->p.agent, b, sizeof(b))) > 0)
		ASSERT_EQ(0, pair_send(self->p.agent, b, n));
	EXPECT_EQ(0, n);
	pair_close_agent(&self->p);
	EXPECT_ECHOED();
}

TEST_F(update, echo_more)
{
	static char b[65536];
	ssize_t n, k, piece;

	self->pump.send = self->pump.expect = 300000;
	self->pump.chunk = 5000;
	self->pump.updates = 50;
	ASSERT_EQ(0, pump_start(&self->pump));
	while ((n = read(self->p.agent, b, sizeof(b))) > 0) {
		for (k = 0; k < n; k += piece) {
			piece = n - k > 777 ? 777 : n - k;
			ASSERT_EQ(piece, send(self->p.agent, b + k, piece,
					      k + piece < n ? MSG_MORE : 0));
		}
	}
	EXPECT_EQ(0, n);
	pair_close_agent(&self->p);
	EXPECT_ECHOED();
}

TEST_F(update, echo_splice)
{
	ssize_t n, out;
	int pipes[2];

	self->pump.send = self->pump.expect = 1 << 20;
	self->pump.updates = 50;
	ASSERT_EQ(0, pipe2(pipes, O_CLOEXEC));
	ASSERT_EQ(0, pump_start(&self->pump));
	while ((n = splice(self->p.agent, NULL, pipes[1], NULL, 65536,
			   SPLICE_F_MOVE)) > 0) {
		for (; n; n -= out) {
			out = splice(pipes[0], NULL, self->p.agent, NULL, n,
				     SPLICE_F_MOVE);
			ASSERT_LT(0, out);
		}
	}
	EXPECT_EQ(0, n);
	pair_close_agent(&self->p);
	EXPECT_ECHOED();
	close(pipes[0]);
	close(pipes[1]);
}

/* Edge-triggered, and a short read is taken for an empty socket. */
TEST_F(update, echo_epoll_edge)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLOUT | EPOLLET |
					    EPOLLRDHUP };
	bool readable = false, eof = false;
	size_t have = 0, off = 0;
	static char b[65536];
	int ep;
	ssize_t n;

	self->pump.send = self->pump.expect = 1 << 20;
	self->pump.chunk = 3000;
	self->pump.updates = 100;
	ASSERT_EQ(0, net_nonblock(self->p.agent, true));
	ep = epoll_create1(EPOLL_CLOEXEC);
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, self->p.agent, &ev));
	ASSERT_EQ(0, pump_start(&self->pump));
	while (!eof || have) {
		n = epoll_wait(ep, &ev, 1, NET_DEADLINE_MS);
		ASSERT_EQ(1, n) {
			TH_LOG("the agent stalled");
		}
		if (ev.events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP))
			readable = true;
		for (;;) {
			if (!have && readable && !eof) {
				n = read(self->p.agent, b, sizeof(b));
				ASSERT_TRUE(n >= 0 || errno == EAGAIN);
				eof = !n;
				have = n > 0 ? n : 0;
				off = 0;
				readable = n == sizeof(b);
			}
			if (!have)
				break;
			n = write(self->p.agent, b + off, have);
			ASSERT_TRUE(n > 0 || errno == EAGAIN);
			if (n < 0)
				break;
			off += n;
			have -= n;
		}
	}
	pair_close_agent(&self->p);
	EXPECT_ECHOED();
	close(ep);
}

/* A peek, then a read that takes less: what was peeked at must come. */
TEST_F(update, echo_peek)
{
	static char peeked[65536], b[65536];
	ssize_t n, m;

	self->pump.send = self->pump.expect = 200000;
	self->pump.chunk = 3000;
	self->pump.updates = 50;
	ASSERT_EQ(0, pump_start(&self->pump));
	while ((n = recv(self->p.agent, peeked, sizeof(peeked), MSG_PEEK)) > 0) {
		m = recv(self->p.agent, b, n > 1000 ? 1000 : n, 0);
		ASSERT_LT(0, m);
		ASSERT_EQ(0, memcmp(peeked, b, m));
		ASSERT_EQ(0, pair_send(self->p.agent, b, m));
	}
	EXPECT_EQ(0, n);
	pair_close_agent(&self->p);
	EXPECT_ECHOED();
}

/* sendfile() in one thread, read() in another. */
TEST_F(update, sendfile_while_reading)
{
	struct pump_file sender = { self->p.agent, -1, 4 << 20, 0 };
	uint64_t file_hash, hash = PUMP_HASH;
	char *data = malloc(sender.len);
	static char b[65536];
	pthread_t thread;
	size_t got = 0;
	ssize_t n;

	pair_fill(data, sender.len, 5);
	file_hash = pump_hash(PUMP_HASH, data, sender.len);
	sender.file = memfd_create("file", MFD_CLOEXEC);
	ASSERT_EQ(0, pair_send(sender.file, data, sender.len));
	self->pump.send = 2 << 20;
	self->pump.expect = sender.len;
	self->pump.updates = 100;
	ASSERT_EQ(0, pump_start(&self->pump));
	ASSERT_EQ(0, pthread_create(&thread, NULL, pump_file, &sender));
	while ((n = read(self->p.agent, b, sizeof(b))) > 0) {
		hash = pump_hash(hash, b, n);
		got += n;
	}
	EXPECT_EQ(0, n);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, sender.failed);
	pair_close_agent(&self->p);
	EXPECT_EQUAL();
	EXPECT_EQ(self->pump.sent, got);
	EXPECT_EQ(self->pump.hash_sent, hash);
	EXPECT_EQ(sender.len, self->pump.got);
	EXPECT_EQ(file_hash, self->pump.hash_got);
	close(sender.file);
}

/* Only a KeyUpdate is there: nobody is to be woken to find nothing. */
TEST_F(update, poll_tells_nothing)
{
	char b;
	int i;

	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, tls_update(&self->p.client, variant->request));
		EXPECT_EQ(0, net_poll(self->p.agent, POLLIN, 10));
		EXPECT_EQ(-1, recv(self->p.agent, &b, 1, MSG_DONTWAIT));
		EXPECT_EQ(EAGAIN, errno);
	}
	ASSERT_EQ(1, tls_write(&self->p.client, "x", 1));
	EXPECT_EQ(POLLIN, net_poll(self->p.agent, POLLIN, NET_DEADLINE_MS));
	EXPECT_EQ(1, read(self->p.agent, &b, 1));
}

/* A reader that sleeps goes on sleeping, and then gets what comes. */
TEST_F(update, blocking_read)
{
	char b;
	int i;

	net_nonblock(self->p.client.fd, false);
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, tls_update(&self->p.client, variant->request));
		ASSERT_EQ(1, tls_write(&self->p.client, "x", 1));
		ASSERT_EQ(1, read(self->p.agent, &b, 1));
		ASSERT_EQ(1, write(self->p.agent, "y", 1));
		ASSERT_EQ(1, tls_read(&self->p.client, &b, 1));
	}
	EXPECT_EQ(variant->request ? 20 : 0, self->p.client.updates_in);
}

/* The agent does not read: KeyUpdate, data and the end wait in the queue. */
TEST_F(update, before_accept)
{
	struct pair_params params = { .tls.suite = variant->suite };
	struct tls_client client;
	char b[64] = {};
	uint32_t id;
	int fd, i;

	ASSERT_EQ(0, pair_queue(&self->p, &params, &client, &id));
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, tls_update(&client, variant->request));
		ASSERT_EQ(1, tls_write(&client, "x", 1));
	}
	ASSERT_EQ(0, tls_finish(&client));
	fd = pair_accept(&self->p);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, pair_recv(fd, b, 10));
	EXPECT_STREQ("xxxxxxxxxx", b);
	EXPECT_EQ(0, read(fd, b, 1));
	close(fd);
	tls_close(&client);
}

TEST_HARNESS_MAIN
