// SPDX-License-Identifier: GPL-2.0-or-later
/* An agent on io_uring, on plain TCP and behind a gate. */
#include <liburing.h>

#include "test.h"

FIXTURE(uring) {
	struct pair p;
	struct io_uring ring;
};

FIXTURE_VARIANT(uring) {
	struct pair_params params;
};

FIXTURE_VARIANT_ADD(uring, plain) {
	.params.plain = true,
};

FIXTURE_VARIANT_ADD(uring, tls13) {
};

FIXTURE_VARIANT_ADD(uring, tls12) {
	.params.tls.version = TLS1_2_VERSION,
};

FIXTURE_SETUP(uring)
{
	int err;

	ASSERT_EQ(0, pair_open(&self->p, &variant->params));
	err = io_uring_queue_init(8, &self->ring, 0);
	ASSERT_EQ(0, err) {
		TH_LOG("io_uring: %s", strerror(-err));
	}
}

FIXTURE_TEARDOWN(uring)
{
	io_uring_queue_exit(&self->ring);
	EXPECT_EQ(0, pair_close(&self->p));
}

/* Submits what is prepared and waits for one completion: its result. */
static int complete(struct io_uring *ring)
{
	struct __kernel_timespec ts = { .tv_sec = NET_DEADLINE_MS / 1000 };
	struct io_uring_cqe *cqe;
	int ret;

	io_uring_submit(ring);
	ret = io_uring_wait_cqe_timeout(ring, &cqe, &ts);
	if (ret)
		return ret;
	ret = cqe->res;
	io_uring_cqe_seen(ring, cqe);
	return ret;
}

TEST_F(uring, recv_waiting)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&self->ring);
	char b[16];

	io_uring_prep_recv(sqe, self->p.agent, b, sizeof(b), 0);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	ASSERT_EQ(5, tls_write(&self->p.client, "hello", 5));
	EXPECT_EQ(5, complete(&self->ring));
	EXPECT_EQ(0, memcmp(b, "hello", 5));
}

TEST_F(uring, recv_all)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&self->ring);
	char sent[40000], got[40000];

	pair_fill(sent, sizeof(sent), 1);
	io_uring_prep_recv(sqe, self->p.agent, got, sizeof(got), MSG_WAITALL);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	ASSERT_EQ(sizeof(sent), tls_write(&self->p.client, sent,
					  sizeof(sent)));
	EXPECT_EQ(sizeof(got), complete(&self->ring));
	EXPECT_EQ(0, memcmp(sent, got, sizeof(got)));
}

TEST_F(uring, recv_end)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&self->ring);
	char b;

	io_uring_prep_recv(sqe, self->p.agent, &b, 1, 0);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	ASSERT_EQ(0, tls_finish(&self->p.client));
	EXPECT_EQ(0, complete(&self->ring));
}

TEST_F(uring, read)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&self->ring);
	char b[16];

	io_uring_prep_read(sqe, self->p.agent, b, sizeof(b), 0);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	ASSERT_EQ(5, tls_write(&self->p.client, "hello", 5));
	EXPECT_EQ(5, complete(&self->ring));
	EXPECT_EQ(0, memcmp(b, "hello", 5));
}

TEST_F(uring, send)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&self->ring);
	char b[16];

	io_uring_prep_send(sqe, self->p.agent, "hello", 5, 0);
	EXPECT_EQ(5, complete(&self->ring));
	EXPECT_EQ(5, tls_read_all(&self->p.client, b, 5));
	EXPECT_EQ(0, memcmp(b, "hello", 5));
}

TEST_F(uring, poll)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&self->ring);

	io_uring_prep_poll_add(sqe, self->p.agent, POLLIN);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	ASSERT_EQ(5, tls_write(&self->p.client, "hello", 5));
	EXPECT_EQ(POLLIN, complete(&self->ring) & (POLLIN | POLLHUP));
}

TEST_F(uring, accept)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&self->ring);
	union net_addr from = {}, expected;
	socklen_t len = sizeof(from);
	struct tls_client client;
	uint32_t id;
	char b[2];
	int fd;

	io_uring_prep_accept(sqe, self->p.listener, &from.sa, &len,
			     SOCK_CLOEXEC);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	ASSERT_EQ(0, pair_queue(&self->p, &variant->params, &client, &id));
	fd = complete(&self->ring);
	ASSERT_LE(0, fd);
	expected = net_sockname(client.fd);
	EXPECT_TRUE(net_equal(&expected, &from));
	ASSERT_EQ(2, tls_write(&client, "hi", 2));
	sqe = io_uring_get_sqe(&self->ring);
	io_uring_prep_recv(sqe, fd, b, 2, MSG_WAITALL);
	EXPECT_EQ(2, complete(&self->ring));
	sqe = io_uring_get_sqe(&self->ring);
	io_uring_prep_shutdown(sqe, fd, SHUT_WR);
	EXPECT_EQ(0, complete(&self->ring));
	EXPECT_EQ(0, tls_read(&client, b, 1));
	EXPECT_TRUE(tls_got_close_notify(&client));
	sqe = io_uring_get_sqe(&self->ring);
	io_uring_prep_close(sqe, fd);
	EXPECT_EQ(0, complete(&self->ring));
	tls_close(&client);
}

TEST_F(uring, cancel)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&self->ring);
	char b[16];

	io_uring_prep_recv(sqe, self->p.agent, b, sizeof(b), 0);
	io_uring_sqe_set_data64(sqe, 1);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	sqe = io_uring_get_sqe(&self->ring);
	io_uring_prep_cancel64(sqe, 1, 0);
	ASSERT_LE(-ECANCELED, complete(&self->ring));
	ASSERT_LE(-ECANCELED, complete(&self->ring));
	/* Nothing was lost to the request that is gone. */
	ASSERT_EQ(5, tls_write(&self->p.client, "hello", 5));
	EXPECT_EQ(0, pair_recv(self->p.agent, b, 5));
}

TEST_HARNESS_MAIN
