// SPDX-License-Identifier: GPL-2.0-or-later
/* What TCP has of a record, when it is joined, cut and sent again: always the bytes of
 * the record, and as many of them in a segment as it has room for.
 */
#include <linux/filter.h>
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/utsname.h>

#include "pump.h"
#include "test.h"

#define BULK	(2 << 20)
#define ROUNDS	40

FIXTURE(frags) {
	struct pair p;
	struct pump_file sender;
	char *data;
	char *got;
};

FIXTURE_VARIANT(frags) {
	struct pair_params params;
	int mss;		/* at most; 0: the interface's, 64 KiB */
};

FIXTURE_VARIANT_ADD(frags, plain) {
	.params.plain = true,
};

FIXTURE_VARIANT_ADD(frags, tls13) {
};

FIXTURE_VARIANT_ADD(frags, tls12) {
	.params.tls.version = TLS1_2_VERSION,
};

FIXTURE_VARIANT_ADD(frags, tls13_small_segments) {
	.mss = 1448,
};

FIXTURE_VARIANT_ADD(frags, tls12_small_segments) {
	.params.tls.version = TLS1_2_VERSION,
	.mss = 1448,
};

FIXTURE_SETUP(frags)
{
	self->data = malloc(BULK);
	self->got = malloc(BULK);
	ASSERT_EQ(0, pair_listen(&self->p, &variant->params));
	if (variant->mss)
		ASSERT_EQ(0, setsockopt(self->p.helper, IPPROTO_TCP, TCP_MAXSEG,
					&variant->mss, sizeof(variant->mss)));
	ASSERT_EQ(0, pair_queue(&self->p, &variant->params, &self->p.client,
				&self->p.id));
	self->p.agent = pair_accept(&self->p);
	ASSERT_LE(0, self->p.agent);
	pair_fill(self->data, BULK, 7);
	self->sender = (struct pump_file){
		.fd = self->p.agent,
		.file = memfd_create("file", MFD_CLOEXEC),
		.len = BULK,
	};
	ASSERT_LE(0, self->sender.file);
	ASSERT_EQ(BULK, pwrite(self->sender.file, self->data, BULK, 0));
}

FIXTURE_TEARDOWN(frags)
{
	close(self->sender.file);
	EXPECT_EQ(0, pair_close(&self->p));
	free(self->data);
	free(self->got);
}

/* With what glibc's does not have, as in linux/tcp.h. */
struct info {
	struct tcp_info tcp;
	uint64_t pacing_rate;
	uint64_t max_pacing_rate;
	uint64_t bytes_acked;
	uint64_t bytes_received;
	uint32_t segs_out;
	uint32_t segs_in;
	uint32_t notsent_bytes;
	uint32_t min_rtt;
	uint32_t data_segs_in;
	uint32_t data_segs_out;
};

static struct info info_of(int fd)
{
	struct info info = {};
	socklen_t len = sizeof(info);

	getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len);
	return info;
}

/* The client's socket gets only so many of 256 segments. */
static int let_through(int fd, unsigned int of_256)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_RANDOM),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 255),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, of_256, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	struct sock_fprog program = {
		.len = sizeof(code) / sizeof(*code),
		.filter = code,
	};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
			  sizeof(program));
}

/* Each segment may be lost: sent again it is cut, where the client had its beginning,
 * and put together with its neighbours.
 */
TEST_F(frags, lost_segments)
{
	uint32_t again = 0;
	int none = 0, round;
	pthread_t thread;

	ASSERT_EQ(0, let_through(self->p.client.fd, 240));
	for (round = 0; round < ROUNDS && !again; round++) {
		ASSERT_EQ(0, pthread_create(&thread, NULL, pump_file,
					    &self->sender));
		ASSERT_EQ(BULK, tls_read_all(&self->p.client, self->got, BULK));
		pthread_join(thread, NULL);
		ASSERT_EQ(0, self->sender.failed);
		ASSERT_EQ(0, memcmp(self->data, self->got, BULK));
		again = info_of(self->p.agent).tcp.tcpi_total_retrans;
	}
	EXPECT_LT(0, again);
	ASSERT_EQ(0, setsockopt(self->p.client.fd, SOL_SOCKET, SO_DETACH_FILTER,
				&none, sizeof(none)));
}

/* What waits to be sent is put into full segments, as plain TCP's is: with six fragments
 * for a record one had less than three of them. TCP makes none longer than half of the
 * client's window, which grows.
 */
TEST_F(frags, full_segments)
{
	const int three_records = 3 << 14, plenty = 8 << 20;
	uint32_t before, segments;
	struct utsname kernel;
	int round;

	if (variant->mss)
		SKIP(return, "a small segment is always full");
	uname(&kernel);
	if (!strncmp(kernel.release, "6.1.", 4))
		SKIP(return, "6.1 takes a record as one piece by itself");
	ASSERT_EQ(0, setsockopt(self->p.client.fd, SOL_SOCKET, SO_RCVBUFFORCE,
				&plenty, sizeof(plenty)));
	ASSERT_EQ(0, setsockopt(self->p.agent, SOL_SOCKET, SO_SNDBUFFORCE,
				&plenty, sizeof(plenty)));
	for (round = 0; round < ROUNDS; round++) {
		before = info_of(self->p.agent).data_segs_out;
		pump_file(&self->sender);
		ASSERT_EQ(0, self->sender.failed);
		ASSERT_EQ(BULK, tls_read_all(&self->p.client, self->got, BULK));
		ASSERT_EQ(0, memcmp(self->data, self->got, BULK));
		segments = info_of(self->p.agent).data_segs_out - before;
		if (segments <= BULK / three_records)
			break;
	}
	EXPECT_GT(ROUNDS, round) {
		TH_LOG("%u segments, not %d", segments, BULK / three_records);
	}
}

TEST_HARNESS_MAIN
