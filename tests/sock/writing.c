// SPDX-License-Identifier: GPL-2.0-or-later
/* Every call that an agent may write with, on plain TCP and behind a gate. */
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <sys/utsname.h>

#include "variants.h"

#define EXPECT_CLIENT_READS(data, len)					\
do {									\
	char got_[65536] = {};						\
	EXPECT_EQ((len), tls_read_all(&self->p.client, got_, (len)));	\
	EXPECT_EQ(0, memcmp(got_, (data), (len)));			\
} while (0)

TEST_F(conn, write)
{
	ASSERT_EQ(10, write(self->p.agent, "0123456789", 10));
	EXPECT_CLIENT_READS("0123456789", 10);
	EXPECT_EQ(0, write(self->p.agent, "", 0));
	ASSERT_EQ(1, write(self->p.agent, "x", 1));
	EXPECT_CLIENT_READS("x", 1);
}

TEST_F(conn, write_bad_address)
{
	void *volatile nowhere = (void *)8;

	EXPECT_EQ(-1, write(self->p.agent, nowhere, 4));
	EXPECT_EQ(EFAULT, errno);
	ASSERT_EQ(2, write(self->p.agent, "ok", 2));
	EXPECT_CLIENT_READS("ok", 2);
}

TEST_F(conn, writev)
{
	struct iovec iov[] = { { "01", 2 }, { "", 0 }, { "23456", 5 },
			       { "789", 3 } };

	ASSERT_EQ(10, writev(self->p.agent, iov, 4));
	EXPECT_CLIENT_READS("0123456789", 10);
}

TEST_F(conn, sendmmsg)
{
	struct iovec iov[2] = { { "01234", 5 }, { "56789", 5 } };
	struct mmsghdr msgs[2] = {};

	msgs[0].msg_hdr = (struct msghdr){ .msg_iov = &iov[0], .msg_iovlen = 1 };
	msgs[1].msg_hdr = (struct msghdr){ .msg_iov = &iov[1], .msg_iovlen = 1 };
	ASSERT_EQ(2, sendmmsg(self->p.agent, msgs, 2, 0));
	EXPECT_EQ(5, msgs[0].msg_len);
	EXPECT_EQ(5, msgs[1].msg_len);
	EXPECT_CLIENT_READS("0123456789", 10);
}

/* Flags that mean nothing to TCP are no reason to refuse. */
TEST_F(conn, idle_flags)
{
	static const int flags[] = { MSG_EOR, MSG_CONFIRM, MSG_DONTROUTE,
				     MSG_NOSIGNAL, MSG_DONTWAIT };
	int i;

	for (i = 0; i < ARRAY_SIZE_OF(flags); i++) {
		EXPECT_EQ(4, send(self->p.agent, "flag", 4, flags[i])) {
			TH_LOG("flag %#x: %s", flags[i], strerror(errno));
		}
		EXPECT_CLIENT_READS("flag", 4);
	}
}

/* MSG_MORE holds back; the write without it sends all. */
TEST_F(conn, more)
{
	ASSERT_EQ(4, send(self->p.agent, "0123", 4, MSG_MORE));
	ASSERT_EQ(4, send(self->p.agent, "4567", 4, MSG_MORE));
	ASSERT_EQ(2, send(self->p.agent, "89", 2, 0));
	EXPECT_CLIENT_READS("0123456789", 10);
}

TEST_F(conn, more_then_shutdown)
{
	char b;

	ASSERT_EQ(4, send(self->p.agent, "0123", 4, MSG_MORE));
	ASSERT_EQ(0, shutdown(self->p.agent, SHUT_WR));
	EXPECT_CLIENT_READS("0123", 4);
	EXPECT_EQ(0, tls_read(&self->p.client, &b, 1));
	EXPECT_TRUE(tls_got_close_notify(&self->p.client));
}

TEST_F(conn, more_then_close)
{
	char b;

	ASSERT_EQ(4, send(self->p.agent, "0123", 4, MSG_MORE));
	pair_close_agent(&self->p);
	EXPECT_CLIENT_READS("0123", 4);
	EXPECT_EQ(0, tls_read(&self->p.client, &b, 1));
	EXPECT_TRUE(tls_got_close_notify(&self->p.client));
}

/* A control message of kTLS is nothing that an agent may send. */
TEST_F(conn, record_type)
{
	union {
		char buf[CMSG_SPACE(1)];
		struct cmsghdr align;
	} control = {};
	struct iovec iov = { "\1\0", 2 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
			      .msg_control = control.buf,
			      .msg_controllen = sizeof(control.buf) };
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	if (variant->params.plain)
		SKIP(return, "plain TCP ignores the level SOL_TLS");
	cmsg->cmsg_level = 282;
	cmsg->cmsg_type = 1;
	cmsg->cmsg_len = CMSG_LEN(1);
	*CMSG_DATA(cmsg) = 21;
	sendmsg(self->p.agent, &msg, MSG_NOSIGNAL);
	ASSERT_EQ(1, write(self->p.agent, "x", 1));
	/* Whatever it answered, no alert came out of it. */
	EXPECT_EQ(-1, self->p.client.alert_in);
	ASSERT_EQ(0, net_poll(self->p.client.fd, POLLHUP, 0) & POLLHUP);
}

struct bulk {
	struct tls_client *client;
	char *buf;
	size_t len;
	ssize_t got;
};

static void *read_bulk(void *arg)
{
	struct bulk *b = arg;

	b->got = tls_read_all(b->client, b->buf, b->len);
	return NULL;
}

static int file_of(const void *data, size_t len)
{
	int fd = memfd_create("file", MFD_CLOEXEC);

	if (fd >= 0 && pair_send(fd, data, len)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

#define BULK (4 << 20)

TEST_F(conn, sendfile)
{
	char *sent = malloc(BULK), *got = malloc(BULK);
	struct bulk bulk = { &self->p.client, got, BULK, 0 };
	struct gate_conn conn;
	pthread_t thread;
	off_t off = 0;
	int file;

	pair_fill(sent, BULK, 7);
	file = file_of(sent, BULK);
	ASSERT_LE(0, file);
	ASSERT_EQ(0, pthread_create(&thread, NULL, read_bulk, &bulk));
	while (off < BULK)
		ASSERT_LT(0, sendfile(self->p.agent, file, &off, BULK - off));
	pthread_join(thread, NULL);
	EXPECT_EQ(BULK, bulk.got);
	EXPECT_EQ(0, memcmp(sent, got, BULK));
	close(file);
	if (variant->params.plain)
		return;
	ASSERT_EQ(0, gate_conn_get(&self->p.nl, self->p.id, &conn));
	EXPECT_EQ(BULK, conn.sendfile_bytes);
	EXPECT_LT(0, conn.sendfile_calls);
	EXPECT_EQ(BULK, conn.tx_bytes);
}

struct records {
	struct tls_client *client;
	char *data;
	size_t len, got;
	size_t sizes[2 * BULK / 16384];
	int count;
};

/* A read of OpenSSL's has what is left of one record. */
static void *read_records(void *arg)
{
	struct records *r = arg;
	ssize_t n;

	while (r->got < r->len && r->count < 2 * BULK / 16384) {
		n = tls_read(r->client, r->data + r->got, 16384);
		if (n <= 0)
			break;
		r->got += n;
		r->sizes[r->count++] = n;
	}
	return NULL;
}

/* From anywhere in a file: the first record ends with a page, so that all others begin
 * with one, and they are full.
 */
TEST_F(conn, sendfile_from_within_page)
{
	const size_t len = BULK / 2, first = 4096 + 61;
	struct records r = { .client = &self->p.client, .len = len };
	char *sent = malloc(BULK);
	struct utsname kernel;
	off_t off = first;
	pthread_t thread;
	int file, i;

	r.data = malloc(BULK);
	pair_fill(sent, BULK, 8);
	file = file_of(sent, BULK);
	ASSERT_LE(0, file);
	ASSERT_EQ(0, pthread_create(&thread, NULL, read_records, &r));
	while (off < first + len)
		ASSERT_LT(0, sendfile(self->p.agent, file, &off,
				      first + len - off));
	pthread_join(thread, NULL);
	close(file);
	ASSERT_EQ(len, r.got);
	EXPECT_EQ(0, memcmp(sent + first, r.data, len));
	/* There kTLS is given a page at a time and fills each record. */
	uname(&kernel);
	if (variant->params.plain || !strncmp(kernel.release, "6.1.", 4))
		return;
	EXPECT_EQ(16384 - 61, r.sizes[0]);
	for (i = 1; i < r.count - 1; i++)
		ASSERT_EQ(16384, r.sizes[i]);
	EXPECT_EQ(61, r.sizes[i] % 4096);
}

/* Where less than a segment may wait to be sent, a record that is full goes at once,
 * whatever else is announced: nothing makes room for the next one but TCP's probe
 * timer. As sendfile() does it, and as send().
 */
TEST_F(conn, full_record_goes)
{
	const int size = 1 << 14, low = size;
	char *data = malloc(size);
	int pipes[2], unsent, one = 1;

	if (variant->params.plain)
		SKIP(return, "plain TCP has no records");
	pair_fill(data, size, 5);
	ASSERT_EQ(0, pipe2(pipes, O_CLOEXEC));
	ASSERT_EQ(0, setsockopt(self->p.agent, IPPROTO_TCP, TCP_NOTSENT_LOWAT,
				&low, sizeof(low)));
	ASSERT_EQ(0, setsockopt(self->p.agent, IPPROTO_TCP, TCP_NODELAY, &one,
				sizeof(one)));
	ASSERT_EQ(0, pair_send(pipes[1], data, size));
	ASSERT_EQ(size, splice(pipes[0], NULL, self->p.agent, NULL, size,
			       SPLICE_F_MORE));
	ASSERT_EQ(0, ioctl(self->p.agent, SIOCOUTQNSD, &unsent));
	EXPECT_EQ(0, unsent);
	EXPECT_CLIENT_READS(data, size);

	ASSERT_EQ(size, send(self->p.agent, data, size, MSG_MORE));
	ASSERT_EQ(0, ioctl(self->p.agent, SIOCOUTQNSD, &unsent));
	EXPECT_EQ(0, unsent);
	EXPECT_CLIENT_READS(data, size);
	close(pipes[0]);
	close(pipes[1]);
}

TEST_F(conn, sendfile_empty_and_short)
{
	int file = file_of("0123456789", 10);
	off_t off = 4;

	ASSERT_LE(0, file);
	/* More than the file has: the rest must not stay in an open record. */
	EXPECT_EQ(6, sendfile(self->p.agent, file, &off, 100));
	EXPECT_CLIENT_READS("456789", 6);
	EXPECT_EQ(0, sendfile(self->p.agent, file, &off, 100));
	ASSERT_EQ(1, write(self->p.agent, "x", 1));
	EXPECT_CLIENT_READS("x", 1);
	close(file);
}

TEST_F(conn, splice)
{
	char sent[60000];
	int pipes[2], file;
	ssize_t n, left = sizeof(sent), out;

	pair_fill(sent, sizeof(sent), 3);
	file = file_of(sent, sizeof(sent));
	ASSERT_EQ(0, pipe2(pipes, O_CLOEXEC));
	ASSERT_EQ(0, lseek(file, 0, SEEK_SET));
	while (left) {
		n = splice(file, NULL, pipes[1], NULL, left, SPLICE_F_MORE);
		ASSERT_LT(0, n);
		left -= n;
		while (n) {
			out = splice(pipes[0], NULL, self->p.agent, NULL, n,
				     left ? SPLICE_F_MORE : 0);
			ASSERT_LT(0, out);
			n -= out;
		}
	}
	EXPECT_CLIENT_READS(sent, sizeof(sent));
	close(file);
	close(pipes[0]);
	close(pipes[1]);
}

TEST_F(conn, bulk_write)
{
	char *sent = malloc(BULK), *got = malloc(BULK);
	struct bulk bulk = { &self->p.client, got, BULK, 0 };
	pthread_t thread;

	pair_fill(sent, BULK, 9);
	ASSERT_EQ(0, pthread_create(&thread, NULL, read_bulk, &bulk));
	ASSERT_EQ(0, pair_send(self->p.agent, sent, BULK));
	pthread_join(thread, NULL);
	EXPECT_EQ(BULK, bulk.got);
	EXPECT_EQ(0, memcmp(sent, got, BULK));
}

/* A full socket: EAGAIN, then POLLOUT once the client reads. */
TEST_F(conn, full)
{
	static char b[65536];
	size_t sent = 0, got = 0;
	ssize_t n;

	ASSERT_EQ(0, net_nonblock(self->p.agent, true));
	while ((n = write(self->p.agent, b, sizeof(b))) > 0)
		sent += n;
	EXPECT_EQ(-1, n);
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(0, net_poll(self->p.agent, POLLOUT, 0));
	while (got < sent) {
		n = tls_read(&self->p.client, b, sizeof(b));
		ASSERT_LT(0, n);
		got += n;
	}
	EXPECT_EQ(sent, got);
	EXPECT_TRUE(net_poll(self->p.agent, POLLOUT, NET_DEADLINE_MS) &
		    POLLOUT);
}

TEST_F(conn, sndtimeo)
{
	struct timeval tv = { .tv_usec = 50000 };
	static char b[65536];

	ASSERT_EQ(0, setsockopt(self->p.agent, SOL_SOCKET, SO_SNDTIMEO, &tv,
				sizeof(tv)));
	while (write(self->p.agent, b, sizeof(b)) > 0)
		continue;
	EXPECT_EQ(EAGAIN, errno);
}

TEST_F(conn, outq)
{
	int n = -1;

	ASSERT_EQ(1, write(self->p.agent, "x", 1));
	EXPECT_TRUE(NET_WAIT(!ioctl(self->p.agent, SIOCOUTQ, &n) && !n));
}

TEST_F(conn, write_after_shutdown)
{
	ASSERT_EQ(0, shutdown(self->p.agent, SHUT_WR));
	EXPECT_EQ(-1, write(self->p.agent, "x", 1));
	EXPECT_EQ(EPIPE, errno);
}

TEST_F(conn, sigpipe)
{
	int status;
	pid_t pid;

	ASSERT_EQ(0, shutdown(self->p.agent, SHUT_WR));
	pid = fork();
	if (!pid) {
		signal(SIGPIPE, SIG_DFL);
		send(self->p.agent, "x", 1, MSG_NOSIGNAL);
		write(self->p.agent, "x", 1);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(SIGPIPE, WTERMSIG(status));
}

TEST_HARNESS_MAIN
