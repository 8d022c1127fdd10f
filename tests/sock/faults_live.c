// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * As faults.c, in what an agent does with its connection and what is done to
 * it: it is whole afterwards, or ended for a reason.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>

#include "fault.h"
#include "test.h"

/* One accepted connection, made anew when a fault has ended it. */
FIXTURE(live) {
	struct pair p;
	struct gate_nl events;
	struct fault_round round;
};

FIXTURE_VARIANT(live) {
	struct pair_params params;
};

FIXTURE_VARIANT_ADD(live, tls13_gcm) {
};

FIXTURE_VARIANT_ADD(live, tls13_chacha20) {
	.params.tls.suite = "TLS_CHACHA20_POLY1305_SHA256",
};

FIXTURE_VARIANT_ADD(live, tls13_ccm) {
	.params.tls.suite = "TLS_AES_128_CCM_SHA256",
};

FIXTURE_VARIANT_ADD(live, tls12) {
	.params.tls.version = TLS1_2_VERSION,
};

FIXTURE_SETUP(live)
{
	if (fault_open())
		SKIP(return, "this kernel cannot inject faults");
	ASSERT_EQ(0, pair_listen(&self->p, &variant->params));
	ASSERT_EQ(0, gate_open(&self->events));
	ASSERT_EQ(0, gate_subscribe(&self->events));
}

FIXTURE_TEARDOWN(live)
{
	gate_close(&self->events);
	EXPECT_EQ(0, pair_close(&self->p));
}

static int renew(struct pair *p, const struct pair_params *params)
{
	if (p->agent >= 0)
		return 0;
	tls_close(&p->client);
	if (pair_queue(p, params, &p->client, &p->id))
		return -1;
	p->agent = pair_accept(p);
	return p->agent < 0 ? -1 : 0;
}

#define RENEW() ASSERT_EQ(0, renew(&self->p, &variant->params))

/* Reads up to the mark: how many bytes came before it, -1 without one. */
static long until_mark(struct pair *p, bool client)
{
	long n = 0;
	char b = 0;

	for (;;) {
		if ((client ? tls_read(&p->client, &b, 1) :
			      read(p->agent, &b, 1)) != 1)
			return -1;
		if (b == 'M')
			return n;
		n++;
	}
}

/*
 * kTLS tells of a record only that it failed, when it has other data to return
 * first.
 */
static bool no_memory(const struct gate_conn *conn)
{
	return conn->close_reason == KTLSGATE_CLOSE_REASON_NO_MEMORY ||
	       (conn->close_reason == KTLSGATE_CLOSE_REASON_DECRYPT_FAILED &&
		conn->rx_bytes);
}

/*
 * What is left of the connection: it works, and each end gets what the other
 * has sent and it has not read yet; or it ended, for want of memory, and both
 * see that.
 */
#define EXPECT_LEFT(to_client, to_agent)				\
do {									\
	struct gate_conn conn_;						\
	char b_[16];							\
	ASSERT_EQ(0, gate_conn_get(&self->p.nl, self->p.id, &conn_));	\
	if (conn_.state == KTLSGATE_CONN_STATE_ACCEPTED) {		\
		ASSERT_EQ(1, write(self->p.agent, "M", 1));		\
		ASSERT_EQ((long)(to_client), until_mark(&self->p, true)); \
		ASSERT_EQ(1, tls_write(&self->p.client, "M", 1));	\
		ASSERT_EQ((long)(to_agent), until_mark(&self->p, false)); \
	} else {							\
		EXPECT_TRUE(self->round.failed);			\
		EXPECT_EQ(KTLSGATE_CONN_STATE_ENDED, conn_.state);	\
		EXPECT_TRUE(no_memory(&conn_)) {			\
			TH_LOG("reason %u", conn_.close_reason);	\
		}							\
		EXPECT_EQ(-1, write(self->p.agent, "x", 1));		\
		while (read(self->p.agent, b_, sizeof(b_)) > 0)		\
			continue;					\
		EXPECT_NE(EAGAIN, errno);				\
		while (tls_read(&self->p.client, b_, sizeof(b_)) > 0)	\
			continue;					\
		EXPECT_NE(EAGAIN, errno);				\
		pair_close_agent(&self->p);				\
	}								\
} while (0)

TEST_F(live, write)
{
	ssize_t n;

	FOR_EACH_FAULT(&self->round) {
		RENEW();
		n = FAULTY(&self->round, write(self->p.agent, "xxxxx", 5));
		EXPECT_TRUE(n == 5 || self->round.failed);
		EXPECT_LEFT(n < 0 ? 0 : n, 0);
	}
	fault_reached(&self->round, "write");
	EXPECT_LT(1, self->round.nth - 2);
}

TEST_F(live, sendfile)
{
	int file = memfd_create("file", MFD_CLOEXEC);
	static char data[20000];
	off_t off;
	ssize_t n;

	ASSERT_EQ(0, pair_send(file, data, sizeof(data)));
	FOR_EACH_FAULT(&self->round) {
		RENEW();
		off = 0;
		n = FAULTY(&self->round, sendfile(self->p.agent, file, &off,
						  sizeof(data)));
		EXPECT_TRUE(n == sizeof(data) || self->round.failed);
		EXPECT_LEFT(n < 0 ? 0 : n, 0);
	}
	fault_reached(&self->round, "sendfile");
	close(file);
}

TEST_F(live, read)
{
	char b[64];
	ssize_t n;

	FOR_EACH_FAULT(&self->round) {
		RENEW();
		ASSERT_EQ(5, tls_write(&self->p.client, "xxxxx", 5));
		ASSERT_EQ(3, tls_write(&self->p.client, "xxx", 3));
		ASSERT_TRUE(net_poll(self->p.agent, POLLIN, NET_DEADLINE_MS));
		n = FAULTY(&self->round, read(self->p.agent, b, sizeof(b)));
		EXPECT_TRUE(n > 0 || self->round.failed);
		EXPECT_LEFT(0, n < 0 ? 8 : 8 - n);
	}
	fault_reached(&self->round, "read");
	EXPECT_LT(1, self->round.nth - 2);
}

TEST_F(live, splice)
{
	int pipes[2];
	char b[64];
	ssize_t n;

	ASSERT_EQ(0, pipe2(pipes, O_CLOEXEC));
	FOR_EACH_FAULT(&self->round) {
		RENEW();
		ASSERT_EQ(5, tls_write(&self->p.client, "xxxxx", 5));
		ASSERT_TRUE(net_poll(self->p.agent, POLLIN, NET_DEADLINE_MS));
		n = FAULTY(&self->round, splice(self->p.agent, NULL, pipes[1],
						NULL, 64, 0));
		EXPECT_TRUE(n == 5 || self->round.failed);
		if (n > 0)
			EXPECT_EQ(n, read(pipes[0], b, sizeof(b)));
		EXPECT_LEFT(0, n < 0 ? 5 : 5 - n);
	}
	fault_reached(&self->round, "splice");
	close(pipes[0]);
	close(pipes[1]);
}

/* The client's KeyUpdate with data behind it, and our answer. */
TEST_F(live, key_update)
{
	char b[64];
	ssize_t n;

	if (variant->params.tls.version == TLS1_2_VERSION)
		SKIP(return, "TLS 1.2 has none");
	FOR_EACH_FAULT(&self->round) {
		RENEW();
		ASSERT_EQ(0, tls_update(&self->p.client, true));
		ASSERT_EQ(5, tls_write(&self->p.client, "xxxxx", 5));
		/* No poll() before: it would have read the KeyUpdate. */
		n = FAULTY(&self->round, read(self->p.agent, b, sizeof(b)));
		EXPECT_TRUE(n == 5 || self->round.failed);
		EXPECT_LEFT(0, n < 0 ? 5 : 5 - n);
	}
	fault_reached(&self->round, "read of a KeyUpdate that asks");
	EXPECT_LT(1, self->round.nth - 2);
}

/* The same found by poll() and by FIONREAD. */
TEST_F(live, key_update_polled)
{
	int left;

	if (variant->params.tls.version == TLS1_2_VERSION)
		SKIP(return, "TLS 1.2 has none");
	FOR_EACH_FAULT(&self->round) {
		RENEW();
		ASSERT_EQ(0, tls_update(&self->p.client, true));
		FAULTY(&self->round, net_poll(self->p.agent, POLLIN, 0));
		EXPECT_LEFT(0, 0);
	}
	fault_reached(&self->round, "poll() at a KeyUpdate that asks");
	FOR_EACH_FAULT(&self->round) {
		RENEW();
		ASSERT_EQ(0, tls_update(&self->p.client, true));
		FAULTY(&self->round, ioctl(self->p.agent, FIONREAD, &left));
		EXPECT_LEFT(0, 0);
	}
	fault_reached(&self->round, "FIONREAD at a KeyUpdate that asks");
}

/* Our own KeyUpdate, behind the write that uses the key up. */
TEST_F(live, own_key_update)
{
	ssize_t n;

	if (variant->params.tls.version == TLS1_2_VERSION)
		SKIP(return, "TLS 1.2 has none");
	ASSERT_EQ(0, gate_set_key_records(&self->p.nl, GATE_NAME, 1));
	FOR_EACH_FAULT(&self->round) {
		RENEW();
		n = FAULTY(&self->round, write(self->p.agent, "xxxxx", 5));
		EXPECT_TRUE(n == 5 || self->round.failed);
		EXPECT_LEFT(n < 0 ? 0 : n, 0);
	}
	fault_reached(&self->round, "write with a KeyUpdate of ours");
	EXPECT_LT(1, self->round.nth - 2);
}

/* It ends in any case: the client sees that, with close_notify or without. */
TEST_F(live, close)
{
	struct gate_conn conn;

	FOR_EACH_FAULT(&self->round) {
		RENEW();
		EXPECT_EQ(0, FAULTY(&self->round, close(self->p.agent)));
		self->p.agent = -1;
		EXPECT_TRUE(tls_ended(&self->p.client));
		EXPECT_EQ(-ENOENT, gate_conn_get(&self->p.nl, self->p.id,
						 &conn));
	}
	fault_reached(&self->round, "close");
	EXPECT_TRUE(tls_got_close_notify(&self->p.client));
}

TEST_F(live, shutdown)
{
	FOR_EACH_FAULT(&self->round) {
		RENEW();
		EXPECT_EQ(0, FAULTY(&self->round, shutdown(self->p.agent,
							   SHUT_WR)));
		EXPECT_TRUE(tls_ended(&self->p.client));
		pair_close_agent(&self->p);
	}
	fault_reached(&self->round, "shutdown");
	EXPECT_TRUE(tls_got_close_notify(&self->p.client));
}

/* Sends a fatal alert: a record that is none, with all of a header of TLS 1.2. */
TEST_F(live, fail)
{
	static const char nonsense[] = "nonsense, and more of it";
	char b;

	FOR_EACH_FAULT(&self->round) {
		RENEW();
		ASSERT_EQ(sizeof(nonsense), send(self->p.client.fd, nonsense,
						 sizeof(nonsense), 0));
		EXPECT_EQ(-1, FAULTY(&self->round, read(self->p.agent, &b, 1)));
		EXPECT_TRUE(tls_ended(&self->p.client));
		pair_close_agent(&self->p);
	}
	fault_reached(&self->round, "read of nonsense");
	EXPECT_LT(1, self->round.nth - 2);
}

static int cut(struct gate_nl *nl, uint32_t id)
{
	struct nl_msg *msg = gate_msg(nl, KTLSGATE_CMD_CONN_KILL, 0);

	nla_put_u32(msg, KTLSGATE_A_CONN_ID, id);
	nla_put_u8(msg, KTLSGATE_A_CONN_ALERT, 44);
	nla_put_u32(msg, KTLSGATE_A_CONN_CLOSE_REASON,
		    KTLSGATE_CLOSE_REASON_REFUSED);
	nla_put_string(msg, KTLSGATE_A_CONN_CLOSE_TEXT, "revoked");
	return gate_send(nl, msg, NULL, NULL);
}

TEST_F(live, kill)
{
	struct gate_conn conn;
	int err;

	FOR_EACH_FAULT(&self->round) {
		RENEW();
		err = FAULTY(&self->round, cut(&self->p.nl, self->p.id));
		EXPECT_DONE_OR_NO_MEMORY(err, &self->round);
		if (err) {
			EXPECT_LEFT(0, 0);
			continue;
		}
		ASSERT_EQ(0, gate_conn_get(&self->p.nl, self->p.id, &conn));
		EXPECT_EQ(KTLSGATE_CONN_STATE_ENDED, conn.state);
		EXPECT_EQ(KTLSGATE_CLOSE_REASON_REFUSED, conn.close_reason);
		EXPECT_STREQ("revoked", conn.close_text);
		EXPECT_TRUE(tls_ended(&self->p.client));
		pair_close_agent(&self->p);
	}
	fault_reached(&self->round, "conn-kill");
	EXPECT_LT(1, self->round.nth - 2);
}

TEST_F(live, getsockopt)
{
	struct ktlsgate_peer_info info;
	socklen_t len;
	char name[256];
	int ret;

	RENEW();
	FOR_EACH_FAULT(&self->round) {
		len = sizeof(info);
		ret = FAULTY(&self->round,
			     getsockopt(self->p.agent, SOL_KTLSGATE,
					KTLSGATE_PEER_INFO, &info, &len));
		EXPECT_TRUE(!ret || (self->round.failed && errno == EFAULT));
	}
	fault_reached(&self->round, "getsockopt(KTLSGATE_PEER_INFO)");
	FOR_EACH_FAULT(&self->round) {
		len = sizeof(name);
		ret = FAULTY(&self->round,
			     getsockopt(self->p.agent, SOL_KTLSGATE,
					KTLSGATE_PEER_PRINCIPAL, name, &len));
		EXPECT_TRUE(!ret || (self->round.failed && errno == EFAULT));
	}
	fault_reached(&self->round, "getsockopt(KTLSGATE_PEER_PRINCIPAL)");
	EXPECT_LEFT(0, 0);
}

TEST_HARNESS_MAIN
