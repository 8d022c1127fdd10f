// SPDX-License-Identifier: GPL-2.0-or-later
/* Pages that records are laid in and that are used again: nobody's data turn up in
 * another's, however long they are on their way.
 */
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/sendfile.h>

#include "pump.h"
#include "test.h"

#define CONNECTIONS	8
#define ROUNDS		4
/* A sendfile() of 16 records. */
#define PIECE		(256 << 10)

FIXTURE(pages) {
	struct pair p;
	struct tls_client clients[CONNECTIONS];
	int fds[CONNECTIONS];
	char *data;
	char *got;
};

FIXTURE_VARIANT(pages) {
	struct pair_params params;
};

FIXTURE_VARIANT_ADD(pages, plain) {
	.params.plain = true,
};

FIXTURE_VARIANT_ADD(pages, tls13) {
};

FIXTURE_VARIANT_ADD(pages, tls12) {
	.params.tls.version = TLS1_2_VERSION,
};

FIXTURE_SETUP(pages)
{
	int i;

	for (i = 0; i < CONNECTIONS; i++) {
		self->clients[i].fd = -1;
		self->fds[i] = -1;
	}
	self->data = malloc(PIECE);
	self->got = malloc(PIECE);
	ASSERT_EQ(0, pair_listen(&self->p, &variant->params));
	for (i = 0; i < CONNECTIONS; i++) {
		ASSERT_EQ(0, pair_queue(&self->p, &variant->params,
					&self->clients[i], NULL));
		self->fds[i] = pair_accept(&self->p);
		ASSERT_LE(0, self->fds[i]);
	}
}

FIXTURE_TEARDOWN(pages)
{
	int i;

	for (i = 0; i < CONNECTIONS; i++) {
		if (self->fds[i] >= 0)
			close(self->fds[i]);
		if (self->clients[i].fd >= 0)
			tls_close(&self->clients[i]);
	}
	EXPECT_EQ(0, pair_close(&self->p));
	free(self->data);
	free(self->got);
}

static uint32_t seed_of(int connection, int round)
{
	return 1 + connection + 100 * round;
}

/* As much as the connection takes without a reader, by sendfile() or write(); the
 * file may change behind it: a record has its bytes already.
 */
static ssize_t fill(int fd, int file, char *data, bool by_file)
{
	off_t off = 0;
	ssize_t n;

	if (net_nonblock(fd, true) ||
	    (by_file && pwrite(file, data, PIECE, 0) != PIECE))
		return -1;
	while (off < PIECE) {
		n = by_file ? sendfile(fd, file, &off, PIECE - off) :
			      write(fd, data + off, PIECE - off);
		if (n <= 0)
			break;
		if (!by_file)
			off += n;
	}
	return off;
}

/* All that is on its way is more than is ever kept, nobody reads until all is sent,
 * and then all is used again.
 */
TEST_F(pages, slow_readers)
{
	int file[CONNECTIONS], round, i;
	ssize_t sent[CONNECTIONS];

	for (i = 0; i < CONNECTIONS; i++) {
		file[i] = memfd_create("file", MFD_CLOEXEC);
		ASSERT_LE(0, file[i]);
	}
	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < CONNECTIONS; i++) {
			pair_fill(self->data, PIECE, seed_of(i, round));
			sent[i] = fill(self->fds[i], file[i], self->data,
				       (i + round) % 2);
			ASSERT_LT(0, sent[i]);
			/* A file that changes changes what TCP has of it. */
			if (variant->params.plain)
				continue;
			pair_fill(self->data, PIECE, ~0);
			ASSERT_EQ(PIECE, pwrite(file[i], self->data, PIECE, 0));
		}
		/* The last first: what was sent first stays longest. */
		for (i = CONNECTIONS - 1; i >= 0; i--) {
			pair_fill(self->data, PIECE, seed_of(i, round));
			ASSERT_EQ(sent[i], tls_read_all(&self->clients[i],
							self->got, sent[i]));
			ASSERT_EQ(0, memcmp(self->data, self->got, sent[i])) {
				TH_LOG("connection %d, round %d", i, round);
			}
		}
	}
	for (i = 0; i < CONNECTIONS; i++)
		close(file[i]);
}

struct writer {
	int fd;
	uint32_t seed;
	size_t len;
	int failed;
	pthread_t thread;
};

static void *write_all(void *arg)
{
	struct writer *w = arg;
	char *data = malloc(PIECE);
	size_t done;

	pair_fill(data, PIECE, w->seed);
	for (done = 0; done < w->len && !w->failed; done += PIECE)
		w->failed = pair_send(w->fd, data, PIECE) ? errno : 0;
	free(data);
	return NULL;
}

/* Each connection has a writer of its own, on all processors. */
TEST_F(pages, many_writers)
{
	struct writer writers[CONNECTIONS];
	int i, piece;

	for (i = 0; i < CONNECTIONS; i++) {
		writers[i] = (struct writer){ .fd = self->fds[i],
					      .seed = seed_of(i, 0),
					      .len = ROUNDS * PIECE };
		ASSERT_EQ(0, pthread_create(&writers[i].thread, NULL, write_all,
					    &writers[i]));
	}
	for (piece = 0; piece < ROUNDS; piece++) {
		for (i = 0; i < CONNECTIONS; i++) {
			pair_fill(self->data, PIECE, seed_of(i, 0));
			ASSERT_EQ(PIECE, tls_read_all(&self->clients[i],
						      self->got, PIECE));
			ASSERT_EQ(0, memcmp(self->data, self->got, PIECE));
		}
	}
	for (i = 0; i < CONNECTIONS; i++) {
		pthread_join(writers[i].thread, NULL);
		EXPECT_EQ(0, writers[i].failed);
	}
}

/* Data on their way outlive the gate, and the connection goes on. */
TEST_F(pages, gate_goes)
{
	int file = memfd_create("file", MFD_CLOEXEC), round;
	ssize_t sent;

	if (variant->params.plain)
		SKIP(return, "plain TCP has no gate");
	ASSERT_LE(0, file);
	for (round = 0; round < ROUNDS; round++) {
		pair_fill(self->data, PIECE, round);
		sent = fill(self->fds[0], file, self->data, true);
		ASSERT_LT(0, sent);
		if (!round)
			ASSERT_EQ(0, gate_del(&self->p.nl, GATE_NAME));
		ASSERT_EQ(sent, tls_read_all(&self->clients[0], self->got,
					     sent));
		EXPECT_EQ(0, memcmp(self->data, self->got, sent));
	}
	close(file);
	ASSERT_EQ(0, gate_add(&self->p.nl, GATE_NAME,
			      net_port(self->p.listener)));
}

/* What lies beside a record in its pages nobody sees: not who looks at the packets
 * (they name the bytes), and not who maps them, as a client of the same machine can.
 * Bytes that are mapped are those that a read would give.
 */
TEST_F(pages, not_mapped)
{
	struct tcp_zerocopy_receive zc = {};
	int file = memfd_create("file", MFD_CLOEXEC), round;
	socklen_t len = sizeof(zc);
	int fd = self->clients[0].fd;
	ssize_t sent, there;
	char *at;

	ASSERT_LE(0, file);
	at = mmap(NULL, PIECE, PROT_READ, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, at);
	for (round = 0; round < ROUNDS; round++) {
		pair_fill(self->data, PIECE, round);
		sent = fill(self->fds[0], file, self->data, true);
		ASSERT_LT(0, sent);
		there = recv(fd, self->got, PIECE, MSG_PEEK | MSG_DONTWAIT);
		ASSERT_LT(0, there);
		if (round < ROUNDS - 1) {
			ASSERT_EQ(sent, tls_read_all(&self->clients[0],
						     self->got, sent));
			continue;
		}
		zc.address = (uintptr_t)at;
		zc.length = PIECE;
		ASSERT_EQ(0, getsockopt(fd, IPPROTO_TCP, TCP_ZEROCOPY_RECEIVE,
					&zc, &len));
		if (zc.length)
			TH_LOG("%u bytes are mapped", zc.length);
		ASSERT_LE(zc.length, there);
		EXPECT_EQ(0, memcmp(at, self->got, zc.length));
	}
	munmap(at, PIECE);
	close(file);
}

TEST_HARNESS_MAIN
