// SPDX-License-Identifier: GPL-2.0-or-later
/* How connections end, on plain TCP and behind a gate, and what is counted. */
#include <netinet/tcp.h>
#include <sys/ioctl.h>

#include "variants.h"

/* The reason of the one connection that the gate saw end. */
static int closed_by(struct pair *p)
{
	struct gate_info info = {};
	int i;

	if (!NET_WAIT(!gate_get(&p->nl, GATE_NAME, &info) && info.closed))
		return -1;
	for (i = 0; i < 16; i++)
		if (info.closed_by[i])
			return i;
	return -1;
}

#define EXPECT_CLOSED_BY(reason)					\
do {									\
	if (!variant->params.plain)					\
		EXPECT_EQ(KTLSGATE_CLOSE_REASON_##reason,		\
			  closed_by(&self->p));				\
} while (0)

static void reset(int fd)
{
	struct linger linger = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

TEST_F(conn, client_finishes)
{
	char b[4];
	int i;

	ASSERT_EQ(2, tls_write(&self->p.client, "ab", 2));
	ASSERT_EQ(0, tls_finish(&self->p.client));
	EXPECT_EQ(0, pair_recv(self->p.agent, b, 2));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, read(self->p.agent, b, 4));
	/* The other direction is still open. */
	EXPECT_EQ(4, write(self->p.agent, "more", 4));
	EXPECT_EQ(4, tls_read_all(&self->p.client, b, 4));
	pair_close_agent(&self->p);
	EXPECT_EQ(0, tls_read(&self->p.client, b, 1));
	EXPECT_TRUE(tls_got_close_notify(&self->p.client));
	EXPECT_CLOSED_BY(PEER_CLOSE_NOTIFY);
}

/* FIN without close_notify: what TCP calls the end. */
TEST_F(conn, client_fin)
{
	char b[4];

	ASSERT_EQ(2, tls_write(&self->p.client, "ab", 2));
	ASSERT_EQ(0, shutdown(self->p.client.fd, SHUT_WR));
	EXPECT_EQ(0, pair_recv(self->p.agent, b, 2));
	EXPECT_EQ(0, read(self->p.agent, b, 4));
	EXPECT_EQ(0, read(self->p.agent, b, 4));
	pair_close_agent(&self->p);
	EXPECT_CLOSED_BY(PEER_FIN);
}

TEST_F(conn, client_resets)
{
	char b;

	reset(self->p.client.fd);
	tls_close(&self->p.client);
	ASSERT_TRUE(NET_WAIT(net_poll(self->p.agent, POLLIN, 0) & POLLHUP));
	EXPECT_EQ(-1, read(self->p.agent, &b, 1));
	EXPECT_EQ(ECONNRESET, errno);
	EXPECT_EQ(0, read(self->p.agent, &b, 1));
	EXPECT_EQ(-1, write(self->p.agent, &b, 1));
	EXPECT_EQ(EPIPE, errno);
	pair_close_agent(&self->p);
	EXPECT_CLOSED_BY(PEER_RESET);
}

TEST_F(conn, agent_closes)
{
	char b[4];

	ASSERT_EQ(3, write(self->p.agent, "bye", 3));
	pair_close_agent(&self->p);
	EXPECT_EQ(3, tls_read_all(&self->p.client, b, 3));
	EXPECT_EQ(0, tls_read(&self->p.client, b, 1));
	EXPECT_TRUE(tls_got_close_notify(&self->p.client));
	if (self->p.client.ssl)
		EXPECT_EQ(0, self->p.client.alert_in);
	EXPECT_CLOSED_BY(AGENT_CLOSE);
}

TEST_F(conn, agent_shuts_down_writing)
{
	char b[4];

	ASSERT_EQ(0, shutdown(self->p.agent, SHUT_WR));
	EXPECT_EQ(0, tls_read(&self->p.client, b, 1));
	EXPECT_TRUE(tls_got_close_notify(&self->p.client));
	/* And still reads. */
	ASSERT_EQ(4, tls_write(&self->p.client, "ping", 4));
	EXPECT_EQ(0, pair_recv(self->p.agent, b, 4));
	EXPECT_EQ(0, memcmp(b, "ping", 4));
	ASSERT_EQ(0, tls_finish(&self->p.client));
	EXPECT_EQ(0, read(self->p.agent, b, 1));
}

TEST_F(conn, agent_shuts_down_reading)
{
	char b[4];

	ASSERT_EQ(0, shutdown(self->p.agent, SHUT_RD));
	EXPECT_EQ(0, read(self->p.agent, b, 1));
	EXPECT_EQ(4, write(self->p.agent, "pong", 4));
	EXPECT_EQ(4, tls_read_all(&self->p.client, b, 4));
	EXPECT_EQ(0, memcmp(b, "pong", 4));
}

TEST_F(conn, agent_shuts_down_both)
{
	char b[4];

	ASSERT_EQ(0, shutdown(self->p.agent, SHUT_RDWR));
	EXPECT_EQ(0, read(self->p.agent, b, 1));
	EXPECT_EQ(-1, write(self->p.agent, b, 1));
	EXPECT_EQ(EPIPE, errno);
	EXPECT_EQ(0, tls_read(&self->p.client, b, 1));
	EXPECT_TRUE(tls_got_close_notify(&self->p.client));
}

TEST_F(conn, shutdown_bad_how)
{
	EXPECT_EQ(-1, shutdown(self->p.agent, 7));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(conn, shutdown_twice)
{
	char b;

	ASSERT_EQ(0, shutdown(self->p.agent, SHUT_WR));
	EXPECT_EQ(0, shutdown(self->p.agent, SHUT_WR));
	EXPECT_EQ(0, tls_read(&self->p.client, &b, 1));
	EXPECT_EQ(0, tls_read(&self->p.client, &b, 1));
}

/* The client has said all and asked; the agent answers without reading on. */
TEST_F(conn, reply_after_client_finished)
{
	static char reply[200000], got[200000];
	char b;

	pair_fill(reply, sizeof(reply), 1);
	ASSERT_EQ(1, tls_write(&self->p.client, "?", 1));
	ASSERT_EQ(0, pair_recv(self->p.agent, &b, 1));
	ASSERT_EQ(0, tls_finish(&self->p.client));
	ASSERT_TRUE(net_poll(self->p.agent, POLLIN, NET_DEADLINE_MS) & POLLIN);
	ASSERT_EQ(0, pair_send(self->p.agent, reply, sizeof(reply)));
	pair_close_agent(&self->p);
	EXPECT_EQ(sizeof(reply), tls_read_all(&self->p.client, got,
					      sizeof(got)));
	EXPECT_EQ(0, memcmp(reply, got, sizeof(reply)));
	EXPECT_EQ(0, tls_read(&self->p.client, &b, 1));
}

TEST_F(conn, reply_after_client_finished_and_fin)
{
	static char reply[200000], got[200000];
	char b;

	pair_fill(reply, sizeof(reply), 1);
	ASSERT_EQ(1, tls_write(&self->p.client, "?", 1));
	ASSERT_EQ(0, pair_recv(self->p.agent, &b, 1));
	ASSERT_EQ(0, tls_finish(&self->p.client));
	ASSERT_EQ(0, shutdown(self->p.client.fd, SHUT_WR));
	ASSERT_TRUE(NET_WAIT(net_poll(self->p.agent, POLLRDHUP, 0)));
	ASSERT_EQ(0, pair_send(self->p.agent, reply, sizeof(reply)));
	pair_close_agent(&self->p);
	EXPECT_EQ(sizeof(reply), tls_read_all(&self->p.client, got,
					      sizeof(got)));
	EXPECT_EQ(0, memcmp(reply, got, sizeof(reply)));
}

/* All buffers full, then close(): not a byte may be lost. */
TEST_F(conn, full_then_close)
{
	static char b[65536];
	size_t sent = 0, got = 0;
	bool same = true;
	ssize_t n, i;

	ASSERT_EQ(0, net_nonblock(self->p.agent, true));
	memset(b, 'x', sizeof(b));
	while ((n = write(self->p.agent, b, 10000)) > 0)
		sent += n;
	ASSERT_EQ(EAGAIN, errno);
	pair_close_agent(&self->p);
	while ((n = tls_read(&self->p.client, b, sizeof(b))) > 0) {
		for (i = 0; i < n; i++)
			same &= b[i] == 'x';
		got += n;
	}
	EXPECT_EQ(0, n);
	EXPECT_TRUE(same);
	EXPECT_EQ(sent, got);
	EXPECT_TRUE(tls_got_close_notify(&self->p.client));
}

/*
 * Data that the agent never read: TCP resets. Behind a gate the client may get
 * close_notify and FIN instead, when kTLS had taken the data in; an end in any
 * case, and at once.
 */
TEST_F(conn, close_with_unread_data)
{
	char b;

	ASSERT_EQ(4, tls_write(&self->p.client, "lost", 4));
	ASSERT_TRUE(net_poll(self->p.agent, POLLIN, NET_DEADLINE_MS));
	pair_close_agent(&self->p);
	if (variant->params.plain) {
		EXPECT_EQ(-1, tls_read(&self->p.client, &b, 1));
		EXPECT_EQ(ECONNRESET, errno);
	} else {
		EXPECT_GE(0, tls_read(&self->p.client, &b, 1));
		EXPECT_NE(EAGAIN, errno);
	}
}

TEST_F(conn, linger_zero)
{
	char b;

	reset(self->p.agent);
	pair_close_agent(&self->p);
	EXPECT_GE(0, tls_read(&self->p.client, &b, 1));
	EXPECT_TRUE(NET_WAIT(net_poll(self->p.client.fd, POLLIN, 0) &
			     POLLHUP));
}

TEST_F(conn, linger)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 60 };
	uint64_t start;
	char b[4];

	ASSERT_EQ(0, setsockopt(self->p.agent, SOL_SOCKET, SO_LINGER, &linger,
				sizeof(linger)));
	ASSERT_EQ(3, write(self->p.agent, "bye", 3));
	ASSERT_EQ(0, tls_finish(&self->p.client));
	ASSERT_EQ(0, shutdown(self->p.client.fd, SHUT_WR));
	start = net_now_ms();
	pair_close_agent(&self->p);
	EXPECT_GT(30000, net_now_ms() - start);
	EXPECT_EQ(3, tls_read_all(&self->p.client, b, 3));
	EXPECT_EQ(0, tls_read(&self->p.client, b, 1));
}

/* The agent dies with the connection open: the kernel closes it properly. */
TEST_F(conn, agent_killed)
{
	pid_t pid = fork();
	int status;
	char b;

	if (!pid) {
		close(self->p.client.fd);
		write(self->p.agent, "x", 1);
		pause();
	}
	ASSERT_LT(0, pid);
	close(self->p.listener);
	self->p.listener = -1;
	pair_close_agent(&self->p);
	EXPECT_EQ(1, tls_read(&self->p.client, &b, 1));
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, tls_read(&self->p.client, &b, 1));
	EXPECT_TRUE(tls_got_close_notify(&self->p.client));
}

/* Two threads, one closes while the other reads. */
struct reader {
	int fd;
	_Atomic pid_t thread;
};

static void *reader(void *arg)
{
	struct reader *r = arg;
	char b;

	r->thread = gettid();
	return (void *)read(r->fd, &b, 1);
}

TEST_F(conn, shutdown_wakes_reader)
{
	struct reader r = { .fd = self->p.agent };
	pthread_t thread;
	void *ret;

	ASSERT_EQ(0, pthread_create(&thread, NULL, reader, &r));
	EXPECT_TRUE(NET_WAIT(r.thread && net_waits_in(r.thread, SYS_read)));
	ASSERT_EQ(0, shutdown(self->p.agent, SHUT_RD));
	ASSERT_EQ(0, pthread_join(thread, &ret));
	EXPECT_EQ(NULL, ret);
}

static void *writer(void *arg)
{
	static char b[65536];
	struct reader *r = arg;

	r->thread = gettid();
	while (write(r->fd, b, sizeof(b)) > 0)
		continue;
	return (void *)(long)errno;
}

/* The client does not read, so that the writer waits. What it wrote is cut: there is
 * no close_notify, which would say that it is all.
 */
TEST_F(conn, shutdown_wakes_writer)
{
	struct reader r = { .fd = self->p.agent };
	static char b[65536];
	pthread_t thread;
	uint64_t began;
	void *err;

	ASSERT_EQ(0, pthread_create(&thread, NULL, writer, &r));
	EXPECT_TRUE(NET_WAIT(!net_poll(self->p.agent, POLLOUT, 0) &&
			     r.thread && net_waits_in(r.thread, SYS_write)));
	began = net_now_ms();
	ASSERT_EQ(0, shutdown(self->p.agent, SHUT_WR));
	ASSERT_EQ(0, pthread_join(thread, &err));
	EXPECT_EQ(EPIPE, (long)err);
	/* It did not go on until its own deadline. */
	EXPECT_GT(NET_DEADLINE_MS / 2, net_now_ms() - began);
	/* The other direction is open. */
	ASSERT_EQ(1, tls_write(&self->p.client, "x", 1));
	EXPECT_EQ(1, read(self->p.agent, b, 1));
	while (tls_read(&self->p.client, b, sizeof(b)) > 0)
		continue;
	EXPECT_NE(EAGAIN, errno);
	EXPECT_EQ(variant->params.plain,
		  tls_got_close_notify(&self->p.client));
}

TEST_F(conn, disconnect)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	int ret = connect(self->p.agent, &none, sizeof(none));

	/* As with kTLS alone; what it does on plain TCP is no oracle here. */
	if (variant->params.plain)
		return;
	EXPECT_EQ(-1, ret);
	EXPECT_EQ(EOPNOTSUPP, errno);
	EXPECT_EQ(-1, listen(self->p.agent, 1));
}

TEST_HARNESS_MAIN
