// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The limits of a key (RFC 8446 5.5), which a gate can lower: TLS 1.3 renews
 * it and asks the client for the same, TLS 1.2 has to end.
 */
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>

#include "pump.h"
#include "test.h"

#define RECORDS 8

/* One accepted connection whose keys protect RECORDS records. */
static int open_limited(struct pair *p, const struct pair_params *params,
			uint32_t records)
{
	if (pair_listen(p, params) ||
	    gate_set_key_records(&p->nl, GATE_NAME, records) ||
	    pair_queue(p, params, &p->client, &p->id))
		return -1;
	p->agent = pair_accept(p);
	return p->agent < 0 ? -1 : 0;
}

FIXTURE(keys) {
	struct pair p;
};

FIXTURE_VARIANT(keys) {
	struct pair_params params;
};

#define ADD(name, cipher)						\
FIXTURE_VARIANT_ADD(keys, name) { .params.tls.suite = cipher }

ADD(aes128gcm, "TLS_AES_128_GCM_SHA256");
ADD(aes256gcm, "TLS_AES_256_GCM_SHA384");
ADD(chacha20, "TLS_CHACHA20_POLY1305_SHA256");
ADD(aes128ccm, "TLS_AES_128_CCM_SHA256");

FIXTURE_SETUP(keys)
{
	ASSERT_EQ(0, open_limited(&self->p, &variant->params, RECORDS));
}

FIXTURE_TEARDOWN(keys)
{
	EXPECT_EQ(0, pair_close(&self->p));
}

/* Each key of ours protects as many data records, and the KeyUpdate. */
TEST_F(keys, renewed)
{
	struct gate_conn conn;
	char b;
	int i;

	for (i = 0; i < 5 * RECORDS; i++) {
		ASSERT_EQ(1, write(self->p.agent, "x", 1));
		ASSERT_EQ(1, tls_read(&self->p.client, &b, 1));
	}
	ASSERT_EQ(0, gate_conn_get(&self->p.nl, self->p.id, &conn));
	EXPECT_EQ(5, conn.updates_sent);
	EXPECT_EQ(0, conn.updates_received);
	ASSERT_EQ(1, write(self->p.agent, "x", 1));
	ASSERT_EQ(1, tls_read(&self->p.client, &b, 1));
	EXPECT_EQ(5, self->p.client.updates_in);
}

/* The client's key is used up: it is asked for the next, and answers. */
TEST_F(keys, asked_for)
{
	struct gate_conn conn;
	char b;
	int i;

	for (i = 0; i < 10 * RECORDS; i++) {
		ASSERT_EQ(1, tls_write(&self->p.client, "x", 1));
		ASSERT_EQ(1, read(self->p.agent, &b, 1));
		ASSERT_EQ(1, write(self->p.agent, "y", 1));
		ASSERT_EQ(1, tls_read(&self->p.client, &b, 1));
	}
	ASSERT_EQ(0, gate_conn_get(&self->p.nl, self->p.id, &conn));
	EXPECT_LE(9, conn.updates_received);
	EXPECT_GE(10, conn.updates_received);
	EXPECT_EQ(self->p.client.updates_out, conn.updates_received);
	EXPECT_EQ(KTLSGATE_CLOSE_REASON_NONE, conn.close_reason);
}

/* One that does not answer is asked once, and goes on. */
TEST_F(keys, asked_for_in_vain)
{
	struct gate_conn conn;
	struct tls_raw raw;
	char b[100];
	int i;

	ASSERT_EQ(0, tls_raw_open(&raw, &self->p.client));
	for (i = 0; i < 5 * RECORDS; i++) {
		ASSERT_EQ(0, tls_raw_send(&raw, 23, "x", 1));
		ASSERT_EQ(1, read(self->p.agent, b, 1));
	}
	ASSERT_EQ(0, gate_conn_get(&self->p.nl, self->p.id, &conn));
	EXPECT_EQ(1, conn.updates_sent);
	EXPECT_EQ(0, conn.updates_received);
	EXPECT_EQ(KTLSGATE_CONN_STATE_ACCEPTED, conn.state);
}

/* In bulk, both ways at once, with the client's own KeyUpdates between. */
TEST_F(keys, bulk)
{
	struct pump pump = { .client = &self->p.client, .send = 1 << 20,
			     .expect = 1 << 20, .updates = 20,
			     .request = true };

	ASSERT_EQ(0, pump_start(&pump));
	EXPECT_EQ(0, pump_echo(self->p.agent));
	pair_close_agent(&self->p);
	pump_join(&pump);
	EXPECT_STREQ("", pump.failure);
	EXPECT_EQ(pump.sent, pump.got);
	EXPECT_EQ(pump.hash_sent, pump.hash_got);
	/* 64 records each way at least. */
	EXPECT_LE(4, self->p.client.updates_in);
}

TEST_F(keys, sendfile)
{
	int file = memfd_create("file", MFD_CLOEXEC);
	static char data[300000], got[sizeof(data)];
	off_t off = 0;

	pair_fill(data, sizeof(data), 9);
	ASSERT_EQ(0, pair_send(file, data, sizeof(data)));
	while (off < sizeof(data))
		ASSERT_EQ(1000, sendfile(self->p.agent, file, &off, 1000));
	EXPECT_EQ(sizeof(data), tls_read_all(&self->p.client, got,
					     sizeof(got)));
	EXPECT_EQ(0, memcmp(data, got, sizeof(data)));
	EXPECT_LE(sizeof(data) / 1000 / RECORDS - 1,
		  self->p.client.updates_in);
	close(file);
}

/* What was sent is acknowledged, and the client has no room for more. */
static bool stalled(int fd)
{
	int unacked, unsent;

	return !ioctl(fd, SIOCOUTQ, &unacked) &&
	       !ioctl(fd, SIOCOUTQNSD, &unsent) && unsent && unacked == unsent;
}

/* Writes until no byte more goes in, for good: how many went. */
static size_t fill(int fd)
{
	static char b[10000];
	size_t sent = 0, before;
	ssize_t n;

	do {
		before = sent;
		while ((n = write(fd, b, sizeof(b))) > 0)
			sent += n;
		if (errno != EAGAIN || !NET_WAIT(stalled(fd)))
			return 0;
	} while (sent > before);
	return sent;
}

/* Reads that many bytes; whether they came. */
static bool drain(struct tls_client *client, size_t len)
{
	static char b[65536];
	ssize_t n;

	for (; len; len -= n) {
		n = tls_read(client, b, len < sizeof(b) ? len : sizeof(b));
		if (n <= 0)
			return false;
	}
	return true;
}

/* The agent reads until it has seen that many KeyUpdates, and no data. */
static bool has_seen(struct pair *p, struct gate_conn *conn, uint32_t updates)
{
	char b;

	return read(p->agent, &b, 1) < 0 && errno == EAGAIN &&
	       !gate_conn_get(&p->nl, p->id, conn) &&
	       conn->updates_received == updates;
}

/* No room for the KeyUpdate: it waits, and goes before the next byte. Where an
 * acknowledgement made room just then, it is tried again.
 */
TEST_F(keys, buffer_full)
{
	struct gate_conn conn;
	int asked = 0, before;
	size_t sent = 0;
	char b;

	ASSERT_EQ(0, net_nonblock(self->p.agent, true));
	do {
		sent += fill(self->p.agent);
		ASSERT_LT(0, sent);
		ASSERT_EQ(0, gate_conn_get(&self->p.nl, self->p.id, &conn));
		before = conn.updates_sent;
		ASSERT_EQ(0, tls_update(&self->p.client, true));
		asked++;
		ASSERT_TRUE(NET_WAIT(has_seen(&self->p, &conn, asked)));
		EXPECT_EQ(0, net_poll(self->p.agent, POLLIN, 0));
	} while (conn.updates_sent != before && asked < 5);
	EXPECT_EQ(before, conn.updates_sent);
	ASSERT_TRUE(drain(&self->p.client, sent));
	ASSERT_TRUE(NET_WAIT(write(self->p.agent, "x", 1) == 1));
	EXPECT_EQ(1, tls_read(&self->p.client, &b, 1));
	EXPECT_LE(before + 1, self->p.client.updates_in);
}

struct writer {
	int fd;
	size_t len;
	int failed;
	_Atomic pid_t thread;
};

static void *write_all(void *arg)
{
	struct writer *w = arg;
	char *b = calloc(1, w->len);

	w->thread = gettid();
	w->failed = pair_send(w->fd, b, w->len) ? errno : 0;
	free(b);
	return NULL;
}

/* A writer sleeps for room while the client asks: its record comes first. */
TEST_F(keys, writer_waits)
{
	struct writer w = { .fd = self->p.agent, .len = 16 << 20 };
	pthread_t thread;
	int before;
	char b;

	ASSERT_EQ(0, pthread_create(&thread, NULL, write_all, &w));
	ASSERT_TRUE(NET_WAIT(w.thread && net_waits_in(w.thread, SYS_write)));
	before = self->p.client.updates_in;
	ASSERT_EQ(0, tls_update(&self->p.client, true));
	ASSERT_EQ(1, tls_write(&self->p.client, "x", 1));
	EXPECT_EQ(1, read(self->p.agent, &b, 1));
	ASSERT_TRUE(drain(&self->p.client, w.len));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(0, w.failed);
	ASSERT_EQ(1, write(self->p.agent, "x", 1));
	EXPECT_EQ(1, tls_read(&self->p.client, &b, 1));
	EXPECT_LT(before, self->p.client.updates_in);
}

/* Connections that passed the gate before keep the limit of then. */
TEST_F(keys, set_later)
{
	struct gate_info info;
	struct gate_conn conn;
	char b;
	int i;

	ASSERT_EQ(0, gate_get(&self->p.nl, GATE_NAME, &info));
	EXPECT_EQ(RECORDS, info.key_records);
	ASSERT_EQ(0, gate_set_key_records(&self->p.nl, GATE_NAME, 0));
	ASSERT_EQ(0, gate_get(&self->p.nl, GATE_NAME, &info));
	EXPECT_EQ(0, info.key_records);
	for (i = 0; i < RECORDS; i++) {
		ASSERT_EQ(1, write(self->p.agent, "x", 1));
		ASSERT_EQ(1, tls_read(&self->p.client, &b, 1));
	}
	ASSERT_EQ(0, gate_conn_get(&self->p.nl, self->p.id, &conn));
	EXPECT_EQ(1, conn.updates_sent);
}

TEST_F(keys, too_many)
{
	struct gate_info info;

	EXPECT_EQ(-ERANGE, gate_set_key_records(&self->p.nl, GATE_NAME,
						KTLSGATE_KEY_RECORDS_MAX + 1));
	EXPECT_EQ(0, gate_set_key_records(&self->p.nl, GATE_NAME,
					  KTLSGATE_KEY_RECORDS_MAX));
	ASSERT_EQ(0, gate_get(&self->p.nl, GATE_NAME, &info));
	EXPECT_EQ(KTLSGATE_KEY_RECORDS_MAX, info.key_records);
}

FIXTURE(keys12) {
	struct pair p;
	struct gate_nl events;
};

FIXTURE_VARIANT(keys12) {
	struct pair_params params;
};

#define ADD12(name, cipher)						\
FIXTURE_VARIANT_ADD(keys12, name) {					\
	.params.tls = { .version = TLS1_2_VERSION, .suite = cipher },	\
}

ADD12(aes128gcm, "ECDHE-ECDSA-AES128-GCM-SHA256");
ADD12(aes256gcm, "ECDHE-ECDSA-AES256-GCM-SHA384");
ADD12(chacha20, "ECDHE-ECDSA-CHACHA20-POLY1305");
ADD12(aes128ccm, "ECDHE-ECDSA-AES128-CCM");

FIXTURE_SETUP(keys12)
{
	ASSERT_EQ(0, open_limited(&self->p, &variant->params, RECORDS));
	ASSERT_EQ(0, gate_open(&self->events));
	ASSERT_EQ(0, gate_subscribe(&self->events));
}

FIXTURE_TEARDOWN(keys12)
{
	gate_close(&self->events);
	EXPECT_EQ(0, pair_close(&self->p));
}

/* The agent's end is a reset, the client's is proper, and the gate tells. */
#define EXPECT_KEY_LIMIT()						\
do {									\
	struct gate_event event_;					\
	struct gate_conn conn_;						\
	struct gate_info info_;						\
	char b_;							\
	ASSERT_EQ(0, gate_conn_get(&self->p.nl, self->p.id, &conn_));	\
	EXPECT_EQ(KTLSGATE_CONN_STATE_ENDED, conn_.state);		\
	EXPECT_EQ(KTLSGATE_CLOSE_REASON_KEY_LIMIT, conn_.close_reason);	\
	EXPECT_EQ(-1, read(self->p.agent, &b_, 1));			\
	EXPECT_EQ(ECONNRESET, errno);					\
	EXPECT_EQ(0, read(self->p.agent, &b_, 1));			\
	EXPECT_EQ(-1, write(self->p.agent, &b_, 1));			\
	EXPECT_EQ(EPIPE, errno);					\
	EXPECT_EQ(0, tls_read(&self->p.client, &b_, 1));		\
	EXPECT_TRUE(tls_got_close_notify(&self->p.client));		\
	pair_close_agent(&self->p);					\
	ASSERT_EQ(0, gate_event(&self->events,				\
				KTLSGATE_CMD_CONN_CLOSE_NTF, &event_));	\
	EXPECT_EQ(KTLSGATE_CLOSE_REASON_KEY_LIMIT,			\
		  event_.conn.close_reason);				\
	ASSERT_EQ(0, gate_get(&self->p.nl, GATE_NAME, &info_));		\
	EXPECT_EQ(1, info_.closed_by[KTLSGATE_CLOSE_REASON_KEY_LIMIT]);	\
} while (0)

/* Finished was the first record: all that is written after it arrives. */
TEST_F(keys12, ours)
{
	char b[RECORDS];
	int i;

	for (i = 1; i < RECORDS; i++)
		ASSERT_EQ(1, write(self->p.agent, "x", 1));
	EXPECT_EQ(RECORDS - 1, tls_read_all(&self->p.client, b, RECORDS - 1));
	EXPECT_KEY_LIMIT();
}

TEST_F(keys12, the_clients)
{
	char b;
	int i;

	for (i = 1; i < RECORDS; i++) {
		ASSERT_EQ(1, tls_write(&self->p.client, "x", 1));
		ASSERT_EQ(1, read(self->p.agent, &b, 1));
	}
	EXPECT_KEY_LIMIT();
}

/* The last write finds the buffers full, and the end comes behind it. */
TEST_F(keys12, buffers_full)
{
	struct pair_params params = variant->params;
	struct tls_client client;
	size_t sent;
	uint32_t id;
	int fd;
	char b;

	ASSERT_EQ(0, gate_set_key_records(&self->p.nl, GATE_NAME, 100));
	ASSERT_EQ(0, pair_queue(&self->p, &params, &client, &id));
	fd = pair_accept(&self->p);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, net_nonblock(fd, true));
	for (sent = 0; write(fd, "0123456789", 10) == 10; sent += 10)
		continue;
	EXPECT_EQ(990, sent);
	EXPECT_EQ(ECONNRESET, errno);
	EXPECT_TRUE(drain(&client, sent));
	EXPECT_EQ(0, tls_read(&client, &b, 1));
	EXPECT_TRUE(tls_got_close_notify(&client));
	close(fd);
	tls_close(&client);
}

/* Far below the cipher's own limit nothing ends. */
TEST_F(keys12, unlimited)
{
	struct tls_client client;
	struct gate_conn conn;
	uint32_t id;
	int fd, i;
	char b;

	ASSERT_EQ(0, gate_set_key_records(&self->p.nl, GATE_NAME, 0));
	ASSERT_EQ(0, pair_queue(&self->p, &variant->params, &client, &id));
	fd = pair_accept(&self->p);
	ASSERT_LE(0, fd);
	for (i = 0; i < 10 * RECORDS; i++) {
		ASSERT_EQ(1, write(fd, "x", 1));
		ASSERT_EQ(1, tls_read(&client, &b, 1));
		ASSERT_EQ(1, tls_write(&client, "y", 1));
		ASSERT_EQ(1, read(fd, &b, 1));
	}
	ASSERT_EQ(0, gate_conn_get(&self->p.nl, id, &conn));
	EXPECT_EQ(KTLSGATE_CONN_STATE_ACCEPTED, conn.state);
	EXPECT_EQ(KTLSGATE_CLOSE_REASON_NONE, conn.close_reason);
	close(fd);
	tls_close(&client);
}

TEST_HARNESS_MAIN
