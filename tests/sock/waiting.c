// SPDX-License-Identifier: GPL-2.0-or-later
/* Every way an agent may wait, on plain TCP and behind a gate. */
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>

#include "variants.h"

static int epoll_of(int fd, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.fd = fd };
	int ep = epoll_create1(EPOLL_CLOEXEC);

	if (ep >= 0 && epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev)) {
		close(ep);
		ep = -1;
	}
	return ep;
}

/* The events, 0 after ms. */
static uint32_t epoll_next(int ep, int ms)
{
	struct epoll_event ev;

	return epoll_wait(ep, &ev, 1, ms) == 1 ? ev.events : 0;
}

TEST_F(conn, poll)
{
	char b[16];

	EXPECT_EQ(POLLOUT, net_poll(self->p.agent, POLLIN | POLLOUT, 0));
	ASSERT_EQ(3, tls_write(&self->p.client, "abc", 3));
	EXPECT_EQ(POLLIN, net_poll(self->p.agent, POLLIN, NET_DEADLINE_MS));
	EXPECT_EQ(2, read(self->p.agent, b, 2));
	EXPECT_EQ(POLLIN, net_poll(self->p.agent, POLLIN, 0));
	EXPECT_EQ(1, read(self->p.agent, b, 2));
	EXPECT_EQ(0, net_poll(self->p.agent, POLLIN, 0));
}

TEST_F(conn, poll_end)
{
	char b;

	ASSERT_EQ(0, tls_finish(&self->p.client));
	EXPECT_TRUE(net_poll(self->p.agent, POLLIN, NET_DEADLINE_MS) & POLLIN);
	EXPECT_EQ(0, read(self->p.agent, &b, 1));
	EXPECT_EQ(POLLIN | POLLRDHUP,
		  net_poll(self->p.agent, POLLIN | POLLRDHUP, 0));
	EXPECT_EQ(0, net_poll(self->p.agent, POLLHUP, 0));
}

TEST_F(conn, poll_reset)
{
	struct linger reset = { .l_onoff = 1 };
	char b;

	ASSERT_EQ(0, setsockopt(self->p.client.fd, SOL_SOCKET, SO_LINGER,
				&reset, sizeof(reset)));
	tls_close(&self->p.client);
	EXPECT_TRUE(NET_WAIT(net_poll(self->p.agent, POLLIN, 0) & POLLHUP));
	EXPECT_TRUE(net_poll(self->p.agent, POLLIN, 0) & POLLERR);
	EXPECT_EQ(-1, read(self->p.agent, &b, 1));
	EXPECT_EQ(ECONNRESET, errno);
}

TEST_F(conn, select)
{
	struct timeval now = {};
	fd_set fds;
	char b;

	FD_ZERO(&fds);
	FD_SET(self->p.agent, &fds);
	EXPECT_EQ(0, select(self->p.agent + 1, &fds, NULL, NULL, &now));
	FD_SET(self->p.agent, &fds);
	EXPECT_EQ(1, select(self->p.agent + 1, NULL, &fds, NULL, &now));
	ASSERT_EQ(1, tls_write(&self->p.client, "a", 1));
	FD_SET(self->p.agent, &fds);
	now.tv_sec = NET_DEADLINE_MS / 1000;
	EXPECT_EQ(1, select(self->p.agent + 1, &fds, NULL, NULL, &now));
	EXPECT_EQ(1, read(self->p.agent, &b, 1));
}

TEST_F(conn, epoll_level)
{
	int ep = epoll_of(self->p.agent, EPOLLIN);
	char b[16];
	int i;

	ASSERT_LE(0, ep);
	EXPECT_EQ(0, epoll_next(ep, 0));
	ASSERT_EQ(3, tls_write(&self->p.client, "abc", 3));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(EPOLLIN, epoll_next(ep, NET_DEADLINE_MS));
		EXPECT_EQ(1, read(self->p.agent, b, 1));
	}
	EXPECT_EQ(0, epoll_next(ep, 0));
	close(ep);
}

/* One event for each arrival, none for what was announced. */
TEST_F(conn, epoll_edge)
{
	int ep = epoll_of(self->p.agent, EPOLLIN | EPOLLET);
	char b[16];
	int i;

	ASSERT_LE(0, ep);
	ASSERT_EQ(0, net_nonblock(self->p.agent, true));
	for (i = 0; i < 50; i++) {
		ASSERT_EQ(3, tls_write(&self->p.client, "abc", 3));
		ASSERT_EQ(EPOLLIN, epoll_next(ep, NET_DEADLINE_MS));
		ASSERT_EQ(3, read(self->p.agent, b, sizeof(b)));
		ASSERT_EQ(-1, read(self->p.agent, b, sizeof(b)));
		ASSERT_EQ(EAGAIN, errno);
		ASSERT_EQ(0, epoll_next(ep, 0));
	}
	close(ep);
}

/* An agent that trusts a short read to have emptied the socket. */
TEST_F(conn, epoll_edge_short_read)
{
	int ep = epoll_of(self->p.agent, EPOLLIN | EPOLLET);
	char sent[3000], got[4096];
	size_t done, n;
	int i;

	ASSERT_LE(0, ep);
	ASSERT_EQ(0, net_nonblock(self->p.agent, true));
	for (i = 0; i < 50; i++) {
		pair_fill(sent, sizeof(sent), i);
		ASSERT_EQ(1000, tls_write(&self->p.client, sent, 1000));
		ASSERT_EQ(2000, tls_write(&self->p.client, sent + 1000, 2000));
		for (done = 0; done < sizeof(sent); done += n) {
			if (!epoll_next(ep, NET_DEADLINE_MS))
				TH_LOG("stalled after %zu of round %d", done, i);
			n = read(self->p.agent, got + done,
				 sizeof(got) - done);
			ASSERT_LT(0, (ssize_t)n);
		}
		ASSERT_EQ(0, memcmp(sent, got, sizeof(sent)));
	}
	close(ep);
}

TEST_F(conn, epoll_edge_end)
{
	int ep = epoll_of(self->p.agent, EPOLLIN | EPOLLRDHUP | EPOLLET);
	uint32_t events = 0;
	char b;

	ASSERT_LE(0, ep);
	ASSERT_EQ(0, net_nonblock(self->p.agent, true));
	ASSERT_EQ(0, tls_finish(&self->p.client));
	events = epoll_next(ep, NET_DEADLINE_MS);
	EXPECT_TRUE(events & EPOLLIN);
	EXPECT_TRUE(NET_WAIT(read(self->p.agent, &b, 1) == 0));
	/* By now, in this event or the next, it has been told. */
	if (!(events & EPOLLRDHUP))
		EXPECT_TRUE(epoll_next(ep, NET_DEADLINE_MS) & EPOLLRDHUP);
	close(ep);
}

TEST_F(conn, epoll_out_edge)
{
	int ep = epoll_of(self->p.agent, EPOLLOUT | EPOLLET);
	static char b[65536];
	size_t sent = 0, got = 0;
	ssize_t n;

	ASSERT_LE(0, ep);
	ASSERT_EQ(0, net_nonblock(self->p.agent, true));
	EXPECT_EQ(EPOLLOUT, epoll_next(ep, NET_DEADLINE_MS));
	while ((n = write(self->p.agent, b, sizeof(b))) > 0)
		sent += n;
	ASSERT_EQ(EAGAIN, errno);
	while (got < sent) {
		n = tls_read(&self->p.client, b, sizeof(b));
		ASSERT_LT(0, n);
		got += n;
	}
	EXPECT_EQ(EPOLLOUT, epoll_next(ep, NET_DEADLINE_MS));
	close(ep);
}

/* A listener under epoll announces each connection that is queued. */
TEST_F(conn, epoll_listener)
{
	int ep = epoll_of(self->p.listener, EPOLLIN | EPOLLET);
	struct tls_client client;
	uint32_t id;
	int i, fd;

	ASSERT_LE(0, ep);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, pair_queue(&self->p, &variant->params, &client,
					&id));
		EXPECT_EQ(EPOLLIN, epoll_next(ep, NET_DEADLINE_MS));
		fd = accept(self->p.listener, NULL, NULL);
		ASSERT_LE(0, fd);
		EXPECT_EQ(0, epoll_next(ep, 0));
		close(fd);
		tls_close(&client);
	}
	close(ep);
}

struct acceptor {
	int listener;
	int fd;
	_Atomic pid_t thread;
	union net_addr from;
};

static void *accept_blocking(void *arg)
{
	socklen_t len = sizeof(union net_addr);
	struct acceptor *a = arg;

	a->thread = gettid();
	a->fd = accept(a->listener, &a->from.sa, &len);
	return NULL;
}

/* accept() waits already when the connection comes. */
TEST_F(conn, accept_waiting)
{
	struct acceptor a = { .listener = self->p.listener, .fd = -1 };
	struct tls_client client;
	union net_addr from;
	pthread_t thread;
	uint32_t id;
	char b[2];

	ASSERT_EQ(0, pthread_create(&thread, NULL, accept_blocking, &a));
	EXPECT_TRUE(NET_WAIT(a.thread && net_waits_in(a.thread, SYS_accept)));
	ASSERT_EQ(0, pair_queue(&self->p, &variant->params, &client, &id));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	ASSERT_LE(0, a.fd);
	from = net_sockname(client.fd);
	EXPECT_TRUE(net_equal(&from, &a.from));
	ASSERT_EQ(2, tls_write(&client, "hi", 2));
	EXPECT_EQ(0, pair_recv(a.fd, b, 2));
	close(a.fd);
	tls_close(&client);
}

TEST_F(conn, accept4_flags)
{
	struct tls_client client;
	uint32_t id;
	char b;
	int fd;

	ASSERT_EQ(0, pair_queue(&self->p, &variant->params, &client, &id));
	ASSERT_TRUE(net_poll(self->p.listener, POLLIN, NET_DEADLINE_MS));
	fd = accept4(self->p.listener, NULL, NULL,
		     SOCK_NONBLOCK | SOCK_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, read(fd, &b, 1));
	EXPECT_EQ(EAGAIN, errno);
	close(fd);
	tls_close(&client);
}

/* A blocking read sleeps and is woken by data, and by the end. */
struct writer {
	struct tls_client *client;
	pid_t reader;
	bool slept;
};

static void *write_later(void *arg)
{
	struct writer *w = arg;

	w->slept = NET_WAIT(net_waits_in(w->reader, SYS_read));
	tls_write(w->client, "late", 4);
	w->slept &= NET_WAIT(net_waits_in(w->reader, SYS_read));
	tls_finish(w->client);
	return NULL;
}

TEST_F(conn, blocking_read)
{
	struct writer w = { &self->p.client, gettid(), false };
	pthread_t thread;
	char b[16];

	ASSERT_EQ(0, pthread_create(&thread, NULL, write_later, &w));
	EXPECT_EQ(4, read(self->p.agent, b, sizeof(b)));
	EXPECT_EQ(0, read(self->p.agent, b, sizeof(b)));
	pthread_join(thread, NULL);
	EXPECT_TRUE(w.slept);
}

TEST_HARNESS_MAIN
