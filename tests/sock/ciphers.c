// SPDX-License-Identifier: GPL-2.0-or-later
/* Every TLS version, kTLS cipher and address family: an echo, then the ends. */
#include "test.h"

FIXTURE(cipher) {
	struct pair p;
};

FIXTURE_VARIANT(cipher) {
	struct pair_params params;
};

#define ADD(name, ver, cipher_suite, fam, map)				\
FIXTURE_VARIANT_ADD(cipher, name) {					\
	.params = {							\
		.family = fam,						\
		.mapped = map,						\
		.tls = { .version = ver, .suite = cipher_suite },	\
	},								\
}
#define ADD_FAMILIES(name, ver, suite)					\
	ADD(name##_ipv4, ver, suite, AF_INET, false);			\
	ADD(name##_ipv6, ver, suite, AF_INET6, false);			\
	ADD(name##_mapped, ver, suite, AF_INET, true)

ADD_FAMILIES(tls13_aes128gcm, TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256");
ADD_FAMILIES(tls13_aes256gcm, TLS1_3_VERSION, "TLS_AES_256_GCM_SHA384");
ADD_FAMILIES(tls13_chacha20, TLS1_3_VERSION, "TLS_CHACHA20_POLY1305_SHA256");
ADD_FAMILIES(tls13_aes128ccm, TLS1_3_VERSION, "TLS_AES_128_CCM_SHA256");
ADD_FAMILIES(tls12_aes128gcm, TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256");
ADD_FAMILIES(tls12_aes256gcm, TLS1_2_VERSION, "ECDHE-ECDSA-AES256-GCM-SHA384");
ADD_FAMILIES(tls12_chacha20, TLS1_2_VERSION, "ECDHE-ECDSA-CHACHA20-POLY1305");
ADD_FAMILIES(tls12_aes128ccm, TLS1_2_VERSION, "ECDHE-ECDSA-AES128-CCM");

FIXTURE_SETUP(cipher)
{
	ASSERT_EQ(0, pair_open(&self->p, &variant->params));
}

FIXTURE_TEARDOWN(cipher)
{
	EXPECT_EQ(0, pair_close(&self->p));
}

/* Records of one byte, of a full record and more, both ways. */
TEST_F(cipher, echo)
{
	static const size_t sizes[] = { 1, 100, 16384, 16385, 65536 };
	struct pair *p = &self->p;
	char sent[65536], got[65536];
	struct gate_conn conn;
	size_t i, total = 0;

	for (i = 0; i < ARRAY_SIZE_OF(sizes); i++) {
		pair_fill(sent, sizes[i], i);
		ASSERT_EQ(sizes[i], tls_write(&p->client, sent, sizes[i]));
		memset(got, 0, sizeof(got));
		ASSERT_EQ(0, pair_recv(p->agent, got, sizes[i]));
		ASSERT_EQ(0, memcmp(sent, got, sizes[i]));
		ASSERT_EQ(0, pair_send(p->agent, got, sizes[i]));
		memset(got, 0, sizeof(got));
		ASSERT_EQ(sizes[i], tls_read_all(&p->client, got, sizes[i]));
		ASSERT_EQ(0, memcmp(sent, got, sizes[i]));
		total += sizes[i];
	}
	ASSERT_EQ(0, gate_conn_get(&p->nl, p->id, &conn));
	EXPECT_EQ(total, conn.rx_bytes);
	EXPECT_EQ(total, conn.tx_bytes);
	EXPECT_EQ(KTLSGATE_CONN_STATE_ACCEPTED, conn.state);
	EXPECT_EQ(KTLSGATE_PATH_KERNEL, conn.path);
	EXPECT_STREQ(GATE_PRINCIPAL, conn.principal);
	EXPECT_STREQ(GATE_NAME, conn.gate);
}

/* The agent sees the client's address and the one that the client dialled. */
TEST_F(cipher, addresses)
{
	union net_addr peer = net_peername(self->p.agent);
	union net_addr name = net_sockname(self->p.agent);
	union net_addr client = net_sockname(self->p.client.fd);
	struct gate_conn conn;

	EXPECT_TRUE(net_equal(&peer, &client));
	EXPECT_TRUE(net_equal(&name, &self->p.dialled));
	EXPECT_EQ(variant->params.mapped ? AF_INET6 : variant->params.family,
		  peer.sa.sa_family);
	ASSERT_EQ(0, gate_conn_get(&self->p.nl, self->p.id, &conn));
	EXPECT_TRUE(net_equal(&client, &conn.peer));
	EXPECT_TRUE(net_equal(&name, &conn.local));
}

TEST_F(cipher, close_notify_both_ways)
{
	char b;

	ASSERT_EQ(0, tls_finish(&self->p.client));
	EXPECT_EQ(0, read(self->p.agent, &b, 1));
	EXPECT_EQ(0, read(self->p.agent, &b, 1));
	pair_close_agent(&self->p);
	EXPECT_EQ(0, tls_read(&self->p.client, &b, 1));
	EXPECT_TRUE(tls_got_close_notify(&self->p.client));
}

TEST_HARNESS_MAIN
