// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Records that no well-behaved client sends while an agent reads: what the
 * agent sees (data, an end, a reset, never EIO), which alert goes out, and the
 * reason that is kept. Each behind TLS 1.3, by hand, and where kTLS on the
 * client's side can send it, behind TLS 1.2.
 */
#include "test.h"

#define ALERT 21
#define HANDSHAKE 22
#define DATA 23

#define UNEXPECTED_MESSAGE 10
#define BAD_RECORD_MAC 20
#define RECORD_OVERFLOW 22
#define ILLEGAL_PARAMETER 47
#define DECODE_ERROR 50
#define NO_RENEGOTIATION 100

static const uint8_t key_update[5] = { 24, 0, 0, 1, 0 };
static const uint8_t key_update_asked[5] = { 24, 0, 0, 1, 1 };

FIXTURE(record) {
	struct pair p;
	struct tls_raw raw;
};

FIXTURE_VARIANT(record) {
	struct pair_params params;
};

#define ADD(name, cipher)						\
FIXTURE_VARIANT_ADD(record, name) { .params.tls.suite = cipher }

ADD(aes128gcm, "TLS_AES_128_GCM_SHA256");
ADD(aes256gcm, "TLS_AES_256_GCM_SHA384");
ADD(chacha20, "TLS_CHACHA20_POLY1305_SHA256");
ADD(aes128ccm, "TLS_AES_128_CCM_SHA256");

FIXTURE_SETUP(record)
{
	ASSERT_EQ(0, pair_open(&self->p, &variant->params));
	ASSERT_EQ(0, tls_raw_open(&self->raw, &self->p.client));
}

FIXTURE_TEARDOWN(record)
{
	EXPECT_EQ(0, pair_close(&self->p));
}

#define SEND(type, data, len)						\
	ASSERT_EQ(0, tls_raw_send(&self->raw, type, data, len))

/* The agent reads this text next, and nothing is behind it. */
#define EXPECT_READS(text)						\
do {									\
	char b_[64] = {};						\
	EXPECT_EQ(strlen(text), read(self->p.agent, b_, sizeof(b_)));	\
	EXPECT_STREQ(text, b_);						\
	EXPECT_EQ(-1, recv(self->p.agent, b_, 1, MSG_DONTWAIT));	\
	EXPECT_EQ(EAGAIN, errno);					\
} while (0)

/* ECONNRESET once, then the end; the gate kept the reason. */
#define EXPECT_RESET(reason)						\
do {									\
	struct gate_info info_;						\
	char b_[64];							\
	EXPECT_EQ(-1, read(self->p.agent, b_, sizeof(b_)));		\
	EXPECT_EQ(ECONNRESET, errno);					\
	EXPECT_EQ(0, read(self->p.agent, b_, sizeof(b_)));		\
	EXPECT_EQ(-1, write(self->p.agent, "x", 1));			\
	EXPECT_EQ(EPIPE, errno);					\
	pair_close_agent(&self->p);					\
	ASSERT_EQ(0, gate_get(&self->p.nl, GATE_NAME, &info_));		\
	EXPECT_EQ(1, info_.closed_by[KTLSGATE_CLOSE_REASON_##reason]);	\
} while (0)

#define EXPECT_ALERT(number)						\
do {									\
	char b_;							\
	EXPECT_GE(0, tls_read(&self->p.client, &b_, 1));		\
	EXPECT_EQ((number), self->p.client.alert_in);			\
} while (0)

TEST_F(record, one)
{
	SEND(DATA, "hello", 5);
	EXPECT_READS("hello");
}

/* No bytes are no end of file. */
TEST_F(record, empty_data)
{
	char b;

	SEND(DATA, "", 0);
	SEND(DATA, "", 0);
	EXPECT_EQ(-1, recv(self->p.agent, &b, 1, MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
	SEND(DATA, "", 0);
	SEND(DATA, "data", 4);
	EXPECT_READS("data");
	SEND(DATA, "", 0);
	SEND(ALERT, "\1\0", 2);
	EXPECT_EQ(0, read(self->p.agent, &b, 1));
}

/* kTLS is told to expect no padding, and decrypts a record that has some again. */
TEST_F(record, padded_data)
{
	long before = check_tls_stat("TlsRxNoPadViolation");
	uint8_t record[2048];
	int n = tls_raw_seal(&self->raw, DATA, "padded", 6, 1000, record);

	ASSERT_LT(0, n);
	ASSERT_EQ(n, send(self->raw.fd, record, n, 0));
	EXPECT_READS("padded");
	n = tls_raw_seal(&self->raw, DATA, "", 0, 500, record);
	ASSERT_EQ(n, send(self->raw.fd, record, n, 0));
	SEND(DATA, "more", 4);
	EXPECT_READS("more");
	EXPECT_EQ(before, check_tls_stat("TlsRxNoPadViolation"));
	n = tls_raw_seal(&self->raw, DATA, "little", 6, 20, record);
	ASSERT_EQ(n, send(self->raw.fd, record, n, 0));
	/* Behind what is read may be what it took for data at first. */
	EXPECT_EQ(6, read(self->p.agent, record, sizeof(record)));
	EXPECT_EQ(0, memcmp("little", record, 6));
	EXPECT_EQ(before + 1, check_tls_stat("TlsRxNoPadViolation"));
}

/* A record that trickles in byte by byte. */
TEST_F(record, in_pieces)
{
	uint8_t record[128];
	int n = tls_raw_seal(&self->raw, DATA, "pieces", 6, 0, record), i;
	char b;

	for (i = 0; i < n; i++) {
		EXPECT_EQ(-1, recv(self->p.agent, &b, 1, MSG_DONTWAIT));
		EXPECT_EQ(EAGAIN, errno);
		ASSERT_EQ(1, send(self->raw.fd, record + i, 1, 0));
	}
	EXPECT_READS("pieces");
}

TEST_F(record, close_notify)
{
	char b[8];

	SEND(DATA, "last", 4);
	SEND(ALERT, "\1\0", 2);
	/* What comes behind it is not read any more (RFC 8446 6.1). */
	SEND(DATA, "more", 4);
	EXPECT_EQ(4, read(self->p.agent, b, 4));
	EXPECT_EQ(0, read(self->p.agent, b, 4));
	EXPECT_EQ(0, read(self->p.agent, b, 4));
}

/* The level means nothing in TLS 1.3. */
TEST_F(record, close_notify_fatal_level)
{
	char b;

	SEND(ALERT, "\2\0", 2);
	EXPECT_EQ(0, read(self->p.agent, &b, 1));
}

TEST_F(record, user_canceled)
{
	SEND(ALERT, "\1\x5a", 2);
	SEND(DATA, "on", 2);
	EXPECT_READS("on");
}

TEST_F(record, fatal_alert)
{
	SEND(ALERT, "\2\x28", 2);
	EXPECT_RESET(ALERT_RECEIVED);
}

TEST_F(record, fatal_alert_behind_data)
{
	char b[4];

	SEND(DATA, "data", 4);
	SEND(ALERT, "\2\x28", 2);
	EXPECT_EQ(0, pair_recv(self->p.agent, b, 4));
	EXPECT_RESET(ALERT_RECEIVED);
}

TEST_F(record, fatal_alert_at_warning_level)
{
	SEND(ALERT, "\1\x28", 2);
	EXPECT_RESET(ALERT_RECEIVED);
}

TEST_F(record, alert_of_one_byte)
{
	SEND(ALERT, "\2", 1);
	EXPECT_RESET(ALERT_SENT);
	EXPECT_ALERT(DECODE_ERROR);
}

TEST_F(record, empty_alert)
{
	SEND(ALERT, "", 0);
	EXPECT_RESET(ALERT_SENT);
	EXPECT_TRUE(NET_WAIT(net_poll(self->p.client.fd, POLLIN, 0)));
}

TEST_F(record, unknown_type)
{
	SEND(99, "what", 4);
	EXPECT_RESET(ALERT_SENT);
	EXPECT_ALERT(UNEXPECTED_MESSAGE);
}

TEST_F(record, inner_change_cipher_spec)
{
	SEND(20, "\1", 1);
	EXPECT_RESET(ALERT_SENT);
	EXPECT_ALERT(UNEXPECTED_MESSAGE);
}

TEST_F(record, bad_mac)
{
	uint8_t record[64];
	int n = tls_raw_seal(&self->raw, DATA, "bad", 3, 0, record);

	record[n - 1] ^= 1;
	ASSERT_EQ(n, send(self->raw.fd, record, n, 0));
	EXPECT_RESET(DECRYPT_FAILED);
	EXPECT_ALERT(BAD_RECORD_MAC);
}

TEST_F(record, bad_mac_behind_data)
{
	uint8_t record[64];
	char b[4];
	int n;

	SEND(DATA, "good", 4);
	n = tls_raw_seal(&self->raw, DATA, "bad", 3, 0, record);
	record[7] ^= 1;
	ASSERT_EQ(n, send(self->raw.fd, record, n, 0));
	EXPECT_EQ(0, pair_recv(self->p.agent, b, 4));
	EXPECT_RESET(DECRYPT_FAILED);
	EXPECT_ALERT(BAD_RECORD_MAC);
}

TEST_F(record, too_long)
{
	/* header of a record of 2^14 + 257 bytes (RFC 8446 5.2) */
	static const uint8_t header[] = { 23, 3, 3, 0x41, 0x01 };

	ASSERT_EQ(5, send(self->raw.fd, header, 5, 0));
	EXPECT_RESET(ALERT_SENT);
	EXPECT_ALERT(RECORD_OVERFLOW);
}

/* Plaintext in the middle of a connection. */
TEST_F(record, no_tls)
{
	ASSERT_EQ(18, send(self->raw.fd, "GET / HTTP/1.0\r\n\r\n", 18, 0));
	EXPECT_RESET(ALERT_SENT);
	EXPECT_TRUE(NET_WAIT(net_poll(self->p.client.fd, POLLIN, 0)));
}

/* Messages that only a server, or only a handshake, has. */
TEST_F(record, handshake_message)
{
	SEND(HANDSHAKE, "\4\0\0\0", 4);
	EXPECT_RESET(ALERT_SENT);
	EXPECT_ALERT(UNEXPECTED_MESSAGE);
}

TEST_F(record, empty_handshake)
{
	SEND(HANDSHAKE, "", 0);
	EXPECT_RESET(ALERT_SENT);
	EXPECT_ALERT(UNEXPECTED_MESSAGE);
}

TEST_F(record, key_update)
{
	char b;

	SEND(DATA, "a", 1);
	SEND(HANDSHAKE, key_update, 5);
	ASSERT_EQ(0, tls_raw_update(&self->raw));
	SEND(DATA, "b", 1);
	EXPECT_EQ(0, pair_recv(self->p.agent, &b, 1));
	EXPECT_EQ(0, pair_recv(self->p.agent, &b, 1));
	EXPECT_EQ('b', b);
	EXPECT_EQ(0, self->p.client.updates_in);
}

TEST_F(record, key_update_old_key_behind_it)
{
	SEND(HANDSHAKE, key_update, 5);
	SEND(DATA, "old", 3);
	EXPECT_RESET(DECRYPT_FAILED);
	EXPECT_ALERT(BAD_RECORD_MAC);
}

/* Legal before RFC 8446bis, and others do it. */
TEST_F(record, key_update_in_pieces)
{
	SEND(HANDSHAKE, key_update, 2);
	SEND(HANDSHAKE, key_update + 2, 1);
	SEND(HANDSHAKE, key_update + 3, 2);
	ASSERT_EQ(0, tls_raw_update(&self->raw));
	SEND(DATA, "after", 5);
	EXPECT_READS("after");
}

TEST_F(record, key_update_cut_by_data)
{
	ssize_t n;
	char b;

	SEND(HANDSHAKE, key_update, 2);
	SEND(DATA, "cut", 3);
	do {
		n = read(self->p.agent, &b, 1);
	} while (n > 0);
	EXPECT_EQ(-1, n);
	EXPECT_EQ(ECONNRESET, errno);
	EXPECT_ALERT(UNEXPECTED_MESSAGE);
}

/* Two in one record: the key would change in the middle of it. */
TEST_F(record, key_update_twice_in_one)
{
	uint8_t two[10];

	memcpy(two, key_update, 5);
	memcpy(two + 5, key_update, 5);
	SEND(HANDSHAKE, two, 10);
	EXPECT_RESET(ALERT_SENT);
	EXPECT_ALERT(UNEXPECTED_MESSAGE);
}

TEST_F(record, key_update_bad_request)
{
	SEND(HANDSHAKE, "\x18\0\0\1\2", 5);
	EXPECT_RESET(ALERT_SENT);
	EXPECT_ALERT(ILLEGAL_PARAMETER);
}

TEST_F(record, key_update_bad_length)
{
	SEND(HANDSHAKE, "\x18\0\0\2\0\0", 6);
	EXPECT_RESET(ALERT_SENT);
	EXPECT_ALERT(DECODE_ERROR);
}

/* One answer for many requests (RFC 8446 4.6.3), and data still flows. */
TEST_F(record, key_update_requests_at_once)
{
	char b[4];
	int i;

	for (i = 0; i < 20; i++) {
		SEND(HANDSHAKE, key_update_asked, 5);
		ASSERT_EQ(0, tls_raw_update(&self->raw));
	}
	SEND(DATA, "done", 4);
	EXPECT_EQ(0, pair_recv(self->p.agent, b, 4));
	EXPECT_EQ(4, write(self->p.agent, "pong", 4));
	EXPECT_EQ(4, tls_read_all(&self->p.client, b, 4));
	EXPECT_LE(1, self->p.client.updates_in);
	EXPECT_GE(20, self->p.client.updates_in);
}

/* Until it has the next key, Java asks for it once for each record it reads. */
TEST_F(record, key_update_for_each_record)
{
	char b[100];
	int i;

	for (i = 0; i < 100; i++)
		ASSERT_EQ(1, write(self->p.agent, "x", 1));
	for (i = 0; i < 100; i++) {
		SEND(HANDSHAKE, key_update_asked, 5);
		ASSERT_EQ(0, tls_raw_update(&self->raw));
	}
	SEND(DATA, "done", 4);
	EXPECT_EQ(0, pair_recv(self->p.agent, b, 4));
	EXPECT_EQ(100, tls_read_all(&self->p.client, b, 100));
}

TEST_F(record, key_updates_for_more_than_each_record)
{
	int i;

	for (i = 0; i < 20; i++)
		ASSERT_EQ(1, write(self->p.agent, "x", 1));
	for (i = 0; i < 100; i++) {
		SEND(HANDSHAKE, key_update_asked, 5);
		ASSERT_EQ(0, tls_raw_update(&self->raw));
	}
	EXPECT_RESET(ALERT_SENT);
}

/* A flood with never a byte of data is an attack. */
TEST_F(record, key_update_flood)
{
	int i;

	for (i = 0; i < 100; i++) {
		SEND(HANDSHAKE, key_update, 5);
		ASSERT_EQ(0, tls_raw_update(&self->raw));
	}
	EXPECT_RESET(ALERT_SENT);
	EXPECT_ALERT(UNEXPECTED_MESSAGE);
}

TEST_F(record, empty_flood)
{
	char b;
	int i;

	for (i = 0; i < 1000; i++)
		SEND(DATA, "", 0);
	SEND(DATA, "x", 1);
	/* Either way is right; only a hang or an early end is not. */
	EXPECT_EQ(1, read(self->p.agent, &b, 1));
}

FIXTURE(record12) {
	struct pair p;
};

FIXTURE_SETUP(record12)
{
	struct pair_params params = {
		.tls = { .version = TLS1_2_VERSION, .client_ktls = true },
	};

	ASSERT_EQ(0, pair_open(&self->p, &params));
}

FIXTURE_TEARDOWN(record12)
{
	EXPECT_EQ(0, pair_close(&self->p));
}

#define SEND12(type, data, len)						\
	ASSERT_EQ((len), tls_send_record(&self->p.client, type, data, len))

TEST_F(record12, close_notify)
{
	char b;

	SEND12(DATA, "a", 1);
	SEND12(ALERT, "\1\0", 2);
	EXPECT_EQ(1, read(self->p.agent, &b, 1));
	EXPECT_EQ(0, read(self->p.agent, &b, 1));
}

/* Here the level counts (RFC 5246 7.2). */
TEST_F(record12, warning_alert)
{
	SEND12(ALERT, "\1\x28", 2);
	SEND12(DATA, "on", 2);
	EXPECT_READS("on");
}

TEST_F(record12, fatal_alert)
{
	SEND12(ALERT, "\2\x28", 2);
	EXPECT_RESET(ALERT_RECEIVED);
}

TEST_F(record12, unknown_type)
{
	SEND12(99, "what", 4);
	EXPECT_RESET(ALERT_SENT);
	EXPECT_ALERT(UNEXPECTED_MESSAGE);
}

/* A ClientHello asks to renegotiate: told no, and it may go on without. */
TEST_F(record12, renegotiation)
{
	SEND12(HANDSHAKE, "\1\0\0\0", 4);
	SEND12(DATA, "on", 2);
	EXPECT_READS("on");
	/* OpenSSL's client does not go on; that is its choice. */
	EXPECT_ALERT(NO_RENEGOTIATION);
	ASSERT_EQ(1, write(self->p.agent, "y", 1));
}

TEST_HARNESS_MAIN
