// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory that a write keeps for its records: none is left when it ends. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>

#include "cgroup.h"
#include "test.h"

#ifndef SO_RESERVE_MEM
#define SO_RESERVE_MEM	73
#endif
#define PIECE	(256 << 10)
#define OWN	(64 << 10)

FIXTURE(reserve) {
	struct pair p;
	char *data;
	int file;
};

FIXTURE_VARIANT(reserve) {
	struct pair_params params;
};

FIXTURE_VARIANT_ADD(reserve, plain) {
	.params.plain = true,
};

FIXTURE_VARIANT_ADD(reserve, tls13) {
};

FIXTURE_SETUP(reserve)
{
	ASSERT_EQ(0, cgroup_make("reserve"));
	ASSERT_EQ(0, cgroup_enter("reserve"));
	ASSERT_EQ(0, pair_open(&self->p, &variant->params));
	self->data = calloc(1, PIECE);
	self->file = memfd_create("file", MFD_CLOEXEC);
	ASSERT_LE(0, self->file);
	ASSERT_EQ(0, ftruncate(self->file, PIECE));
}

FIXTURE_TEARDOWN(reserve)
{
	close(self->file);
	free(self->data);
	EXPECT_EQ(0, pair_close(&self->p));
	EXPECT_TRUE(NET_WAIT(!cgroup_sock("reserve"))) {
		TH_LOG("%ld bytes are left", cgroup_sock("reserve"));
	}
	cgroup_enter(NULL);
	EXPECT_TRUE(NET_WAIT(!cgroup_remove("reserve")));
}

static int reserved(int fd)
{
	socklen_t len = sizeof(int);
	int n = -1;

	return getsockopt(fd, SOL_SOCKET, SO_RESERVE_MEM, &n, &len) ? -1 : n;
}

/* To the end of what fits, so the last write ends in the middle of a record. */
static size_t until_full(int fd, int file, const char *data, bool by_file)
{
	size_t sent = 0;
	off_t off;
	ssize_t n;

	do {
		off = 0;
		n = by_file ? sendfile(fd, file, &off, PIECE) :
			      write(fd, data, PIECE);
		if (n > 0)
			sent += n;
	} while (n > 0);
	return sent;
}

TEST_F(reserve, nothing_is_left)
{
	int by_file;
	size_t sent;
	ssize_t n;

	ASSERT_EQ(0, net_nonblock(self->p.agent, true));
	for (by_file = 0; by_file < 2; by_file++) {
		sent = until_full(self->p.agent, self->file, self->data, by_file);
		ASSERT_LT(PIECE, sent);
		EXPECT_EQ(EAGAIN, errno);
		EXPECT_EQ(0, reserved(self->p.agent));
		for (; sent; sent -= n) {
			n = tls_read(&self->p.client, self->data,
				     sent < PIECE ? sent : PIECE);
			ASSERT_LT(0, n);
		}
		ASSERT_EQ(0, net_acked(self->p.agent));
		/* What each end may keep for its next packet. */
		EXPECT_TRUE(NET_WAIT(cgroup_sock("reserve") < PIECE)) {
			TH_LOG("%ld bytes", cgroup_sock("reserve"));
		}
	}
}

/* What the agent reserved itself is its own. */
TEST_F(reserve, agents_own_stays)
{
	int own = OWN;
	size_t sent;

	ASSERT_EQ(0, setsockopt(self->p.agent, SOL_SOCKET, SO_RESERVE_MEM, &own,
				sizeof(own)));
	ASSERT_EQ(0, net_nonblock(self->p.agent, true));
	sent = until_full(self->p.agent, self->file, self->data, true);
	ASSERT_LT(PIECE, sent);
	EXPECT_EQ(OWN, reserved(self->p.agent));
	own = 0;
	ASSERT_EQ(0, setsockopt(self->p.agent, SOL_SOCKET, SO_RESERVE_MEM, &own,
				sizeof(own)));
	EXPECT_EQ(0, reserved(self->p.agent));
}

/* The writer waits in the middle of a write, and the connection is ended. */
TEST_F(reserve, ended_meanwhile)
{
	struct timeval tv = { .tv_usec = 100000 };

	if (variant->params.plain)
		SKIP(return, "nobody kills plain TCP");
	ASSERT_EQ(0, setsockopt(self->p.agent, SOL_SOCKET, SO_SNDTIMEO, &tv,
				sizeof(tv)));
	ASSERT_LT(PIECE, until_full(self->p.agent, self->file, self->data,
				    false));
	EXPECT_EQ(0, reserved(self->p.agent));
	ASSERT_EQ(0, gate_conn_kill(&self->p.nl, self->p.id, -1));
	EXPECT_EQ(-1, write(self->p.agent, self->data, PIECE));
	EXPECT_EQ(0, reserved(self->p.agent));
}

TEST_HARNESS_MAIN
