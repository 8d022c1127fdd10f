// SPDX-License-Identifier: GPL-2.0-or-later
/* Every call that an agent may read with, on plain TCP and behind a gate. */
#include <fcntl.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include "variants.h"

/* The client has written, and all of it is at the agent's end. */
#define CLIENT_WRITES(data, len)					\
do {									\
	ASSERT_EQ((len), tls_write(&self->p.client, (data), (len)));	\
	ASSERT_TRUE(net_poll(self->p.agent, POLLIN, NET_DEADLINE_MS) &	\
		    POLLIN);						\
} while (0)

TEST_F(conn, read)
{
	char b[16];

	CLIENT_WRITES("0123456789", 10);
	EXPECT_EQ(4, read(self->p.agent, b, 4));
	EXPECT_EQ(0, memcmp(b, "0123", 4));
	EXPECT_EQ(6, read(self->p.agent, b, sizeof(b)));
	EXPECT_EQ(0, memcmp(b, "456789", 6));
}

TEST_F(conn, read_nothing)
{
	char b[16];

	EXPECT_EQ(0, read(self->p.agent, b, 0));
	EXPECT_EQ(-1, recv(self->p.agent, b, sizeof(b), MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_EQ(0, net_nonblock(self->p.agent, true));
	EXPECT_EQ(-1, read(self->p.agent, b, sizeof(b)));
	EXPECT_EQ(EAGAIN, errno);
}

TEST_F(conn, read_bad_address)
{
	void *volatile nowhere = (void *)8;
	char b[4];

	CLIENT_WRITES("abcd", 4);
	EXPECT_EQ(-1, read(self->p.agent, nowhere, 4));
	EXPECT_EQ(EFAULT, errno);
	if (variant->params.plain)
		return;
	/* kTLS may have lost what it could not copy: an end, not garbage. */
	EXPECT_NE(3, recv(self->p.agent, b, 4, MSG_DONTWAIT));
}

TEST_F(conn, peek)
{
	char b[16];
	int i;

	CLIENT_WRITES("0123456789", 10);
	for (i = 0; i < 3; i++) {
		memset(b, 0, sizeof(b));
		EXPECT_EQ(10, recv(self->p.agent, b, sizeof(b), MSG_PEEK));
		EXPECT_EQ(0, memcmp(b, "0123456789", 10));
	}
	EXPECT_EQ(3, recv(self->p.agent, b, 3, 0));
	EXPECT_EQ(7, recv(self->p.agent, b, sizeof(b), MSG_PEEK));
	EXPECT_EQ(0, memcmp(b, "3456789", 7));
	EXPECT_EQ(7, recv(self->p.agent, b, sizeof(b), 0));
	EXPECT_EQ(0, memcmp(b, "3456789", 7));
}

/* A peek over two records, then reads that cut them elsewhere. */
TEST_F(conn, peek_two_records)
{
	char b[16];

	CLIENT_WRITES("01234", 5);
	CLIENT_WRITES("56789", 5);
	ASSERT_TRUE(NET_WAIT(recv(self->p.agent, b, sizeof(b),
				  MSG_PEEK | MSG_DONTWAIT) == 10));
	EXPECT_EQ(0, memcmp(b, "0123456789", 10));
	EXPECT_EQ(7, recv(self->p.agent, b, 7, MSG_WAITALL));
	EXPECT_EQ(0, memcmp(b, "0123456", 7));
	EXPECT_EQ(3, recv(self->p.agent, b, sizeof(b), 0));
}

TEST_F(conn, peek_at_end)
{
	char b[4];

	CLIENT_WRITES("ab", 2);
	ASSERT_EQ(0, tls_finish(&self->p.client));
	EXPECT_EQ(2, recv(self->p.agent, b, 4, MSG_PEEK));
	EXPECT_EQ(2, recv(self->p.agent, b, 4, 0));
	EXPECT_EQ(0, recv(self->p.agent, b, 4, MSG_PEEK));
	EXPECT_EQ(0, recv(self->p.agent, b, 4, MSG_PEEK));
	EXPECT_EQ(0, recv(self->p.agent, b, 4, 0));
}

struct writer {
	struct tls_client *client;
	int pieces;
	pid_t reader;
	bool slept;		/* before each piece */
};

static void *write_slowly(void *arg)
{
	struct writer *w = arg;
	int i;

	for (i = 0; i < w->pieces; i++) {
		w->slept &= NET_WAIT(net_waits_in(w->reader, SYS_recvfrom));
		tls_write(w->client, "0123456789", 10);
	}
	return NULL;
}

TEST_F(conn, waitall)
{
	struct writer w = { &self->p.client, 20, gettid(), true };
	pthread_t thread;
	char b[200];
	int i;

	ASSERT_EQ(0, pthread_create(&thread, NULL, write_slowly, &w));
	EXPECT_EQ(200, recv(self->p.agent, b, 200, MSG_WAITALL));
	for (i = 0; i < 200; i++)
		ASSERT_EQ('0' + i % 10, b[i]);
	pthread_join(thread, NULL);
	EXPECT_TRUE(w.slept);
}

TEST_F(conn, waitall_cut_short)
{
	char b[200];

	CLIENT_WRITES("0123456789", 10);
	ASSERT_EQ(0, tls_finish(&self->p.client));
	EXPECT_EQ(10, recv(self->p.agent, b, 200, MSG_WAITALL));
	EXPECT_EQ(0, recv(self->p.agent, b, 200, MSG_WAITALL));
}

TEST_F(conn, rcvlowat)
{
	struct writer w = { &self->p.client, 3, gettid(), true };
	int low = 30, back = 0;
	socklen_t len = sizeof(back);
	pthread_t thread;
	char b[200];

	ASSERT_EQ(0, setsockopt(self->p.agent, SOL_SOCKET, SO_RCVLOWAT, &low,
				sizeof(low)));
	EXPECT_EQ(0, getsockopt(self->p.agent, SOL_SOCKET, SO_RCVLOWAT, &back,
				&len));
	EXPECT_EQ(30, back);
	ASSERT_EQ(0, pthread_create(&thread, NULL, write_slowly, &w));
	EXPECT_EQ(30, recv(self->p.agent, b, 200, 0));
	pthread_join(thread, NULL);
	EXPECT_TRUE(w.slept);
}

TEST_F(conn, rcvtimeo)
{
	struct timeval tv = { .tv_usec = 400000 };
	uint64_t start = net_now_ms();
	char b;

	ASSERT_EQ(0, setsockopt(self->p.agent, SOL_SOCKET, SO_RCVTIMEO, &tv,
				sizeof(tv)));
	EXPECT_EQ(-1, read(self->p.agent, &b, 1));
	EXPECT_EQ(EAGAIN, errno);
	/* The ticks that it counts come in a bunch where the host is late. */
	EXPECT_LE(200, net_now_ms() - start);
}

TEST_F(conn, readv)
{
	char a[3], b[5], c[8];
	struct iovec iov[] = { { a, 3 }, { b, 5 }, { c, 8 } };

	CLIENT_WRITES("0123456789", 10);
	EXPECT_EQ(10, readv(self->p.agent, iov, 3));
	EXPECT_EQ(0, memcmp(a, "012", 3));
	EXPECT_EQ(0, memcmp(b, "34567", 5));
	EXPECT_EQ(0, memcmp(c, "89", 2));
}

/* A control buffer stays empty: the agent is not to see that there is TLS. */
TEST_F(conn, recvmsg_control)
{
	char b[16], control[256];
	struct iovec iov = { b, sizeof(b) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };

	CLIENT_WRITES("0123456789", 10);
	EXPECT_EQ(10, recvmsg(self->p.agent, &msg, 0));
	EXPECT_EQ(0, memcmp(b, "0123456789", 10));
	EXPECT_EQ(0, msg.msg_controllen);
	EXPECT_EQ(0, msg.msg_flags);
}

TEST_F(conn, recvmsg_end_control)
{
	char b[16], control[256];
	struct iovec iov = { b, sizeof(b) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };

	ASSERT_EQ(0, tls_finish(&self->p.client));
	EXPECT_EQ(0, recvmsg(self->p.agent, &msg, 0));
	EXPECT_EQ(0, msg.msg_controllen);
	EXPECT_EQ(0, msg.msg_flags);
}

TEST_F(conn, recvmmsg)
{
	char b[3][4];
	struct iovec iov[3] = { { b[0], 4 }, { b[1], 4 }, { b[2], 4 } };
	struct mmsghdr msgs[3] = {};
	int i, n;

	for (i = 0; i < 3; i++) {
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	CLIENT_WRITES("0123456789", 10);
	n = recvmmsg(self->p.agent, msgs, 3, MSG_WAITFORONE, NULL);
	ASSERT_EQ(3, n);
	EXPECT_EQ(4, msgs[0].msg_len);
	EXPECT_EQ(4, msgs[1].msg_len);
	EXPECT_EQ(2, msgs[2].msg_len);
	EXPECT_EQ(0, memcmp(b, "0123456789", 10));
}


TEST_F(conn, oob_is_refused_or_plain)
{
	char b;

	EXPECT_EQ(-1, recv(self->p.agent, &b, 1, MSG_OOB | MSG_DONTWAIT));
}

TEST_F(conn, splice)
{
	char sent[100000], got[100000];
	size_t done = 0;
	int pipes[2];
	ssize_t n;

	pair_fill(sent, sizeof(sent), 1);
	ASSERT_EQ(0, pipe2(pipes, O_CLOEXEC));
	ASSERT_EQ(sizeof(sent), tls_write(&self->p.client, sent,
					  sizeof(sent)));
	ASSERT_EQ(0, tls_finish(&self->p.client));
	while ((n = splice(self->p.agent, NULL, pipes[1], NULL, 65536, 0)) > 0) {
		ASSERT_LE(done + n, sizeof(got));
		ASSERT_EQ(0, pair_recv(pipes[0], got + done, n));
		done += n;
	}
	EXPECT_EQ(0, n);
	EXPECT_EQ(sizeof(sent), done);
	EXPECT_EQ(0, memcmp(sent, got, sizeof(sent)));
	EXPECT_EQ(0, splice(self->p.agent, NULL, pipes[1], NULL, 65536, 0));
	close(pipes[0]);
	close(pipes[1]);
}

TEST_F(conn, splice_nothing)
{
	int pipes[2];

	ASSERT_EQ(0, pipe2(pipes, O_CLOEXEC));
	ASSERT_EQ(0, net_nonblock(self->p.agent, true));
	EXPECT_EQ(-1, splice(self->p.agent, NULL, pipes[1], NULL, 65536,
			     SPLICE_F_NONBLOCK));
	EXPECT_EQ(EAGAIN, errno);
	close(pipes[0]);
	close(pipes[1]);
}

/* Bytes to read: never 0 when there are some, 0 when all is read. */
TEST_F(conn, fionread)
{
	char b[16];
	int n = -1;

	ASSERT_EQ(0, ioctl(self->p.agent, FIONREAD, &n));
	EXPECT_EQ(0, n);
	CLIENT_WRITES("0123456789", 10);
	ASSERT_EQ(0, ioctl(self->p.agent, FIONREAD, &n));
	EXPECT_EQ(10, n);
	EXPECT_EQ(4, read(self->p.agent, b, 4));
	ASSERT_EQ(0, ioctl(self->p.agent, FIONREAD, &n));
	EXPECT_EQ(6, n);
	EXPECT_EQ(6, read(self->p.agent, b, 16));
	ASSERT_EQ(0, ioctl(self->p.agent, FIONREAD, &n));
	EXPECT_EQ(0, n);
}

TEST_HARNESS_MAIN
