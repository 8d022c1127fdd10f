// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Socket options: what an accepted socket takes over from its listener and what
 * an agent sets, on plain TCP and behind a gate; the client's identity; and the
 * keys, which nobody gets.
 */
#include <linux/tls.h>
#include <netinet/tcp.h>

#include "variants.h"

#ifndef SOL_TLS
#define SOL_TLS 282
#endif

static int get(int fd, int level, int name)
{
	socklen_t len = sizeof(int);
	int value = -1;

	return getsockopt(fd, level, name, &value, &len) ? -errno : value;
}

static int set(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) ? -errno : 0;
}

/* What a plain socket of this family answers to a level it does not know: that
 * differs between kernels and families.
 */
static int unknown_level(int fd)
{
	int plain = socket(get(fd, SOL_SOCKET, SO_DOMAIN), SOCK_STREAM, 0);
	int error = -get(plain, 12345, 1);

	close(plain);
	return error;
}

/* A second connection, accepted after the listener has got its options. */
#define ACCEPT_AGAIN(client)						\
({									\
	uint32_t id_;							\
	ASSERT_EQ(0, pair_queue(&self->p, &variant->params, &(client),	\
				&id_));					\
	int fd_ = pair_accept(&self->p);				\
	ASSERT_LE(0, fd_);						\
	fd_;								\
})

static const struct {
	int level, name, value;
	const char *what;
} inherited[] = {
	{ SOL_SOCKET, SO_KEEPALIVE, 1, "SO_KEEPALIVE" },
	{ SOL_SOCKET, SO_RCVBUF, 200000, "SO_RCVBUF" },
	{ SOL_SOCKET, SO_SNDBUF, 300000, "SO_SNDBUF" },
	{ SOL_SOCKET, SO_MARK, 77, "SO_MARK" },
	{ SOL_SOCKET, SO_RCVLOWAT, 9, "SO_RCVLOWAT" },
	{ IPPROTO_TCP, TCP_NODELAY, 1, "TCP_NODELAY" },
	{ IPPROTO_TCP, TCP_USER_TIMEOUT, 12345, "TCP_USER_TIMEOUT" },
	{ IPPROTO_TCP, TCP_KEEPIDLE, 111, "TCP_KEEPIDLE" },
	{ IPPROTO_TCP, TCP_KEEPINTVL, 22, "TCP_KEEPINTVL" },
	{ IPPROTO_TCP, TCP_KEEPCNT, 3, "TCP_KEEPCNT" },
	{ IPPROTO_TCP, TCP_LINGER2, 44, "TCP_LINGER2" },
	{ IPPROTO_TCP, TCP_NOTSENT_LOWAT, 70000, "TCP_NOTSENT_LOWAT" },
};

/* What the listener says of itself is what the accepted socket must say. */
TEST_F(conn, inherited)
{
	struct tls_client client;
	int listener[ARRAY_SIZE_OF(inherited)];
	int fd, i, value;

	for (i = 0; i < ARRAY_SIZE_OF(inherited); i++) {
		ASSERT_EQ(0, set(self->p.listener, inherited[i].level,
				 inherited[i].name, inherited[i].value));
		listener[i] = get(self->p.listener, inherited[i].level,
				  inherited[i].name);
	}
	fd = ACCEPT_AGAIN(client);
	for (i = 0; i < ARRAY_SIZE_OF(inherited); i++) {
		value = get(fd, inherited[i].level, inherited[i].name);
		EXPECT_EQ(listener[i], value) {
			TH_LOG("%s", inherited[i].what);
		}
	}
	close(fd);
	tls_close(&client);
}

TEST_F(conn, linger_inherited)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 7 }, got = {};
	socklen_t len = sizeof(got);
	struct tls_client client;
	int fd;

	ASSERT_EQ(0, setsockopt(self->p.listener, SOL_SOCKET, SO_LINGER,
				&linger, sizeof(linger)));
	fd = ACCEPT_AGAIN(client);
	ASSERT_EQ(0, getsockopt(fd, SOL_SOCKET, SO_LINGER, &got, &len));
	EXPECT_EQ(1, got.l_onoff);
	EXPECT_EQ(7, got.l_linger);
	close(fd);
	tls_close(&client);
}

TEST_F(conn, congestion_inherited)
{
	char got[16] = {};
	socklen_t len = sizeof(got);
	struct tls_client client;
	int fd;

	ASSERT_EQ(0, setsockopt(self->p.listener, IPPROTO_TCP, TCP_CONGESTION,
				"reno", 4));
	fd = ACCEPT_AGAIN(client);
	ASSERT_EQ(0, getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, got, &len));
	EXPECT_STREQ("reno", got);
	close(fd);
	tls_close(&client);
}

/* The helper's own settings are not the agent's. */
TEST_F(conn, nothing_of_the_helper)
{
	struct tls_client client;
	int fd;

	if (self->p.helper >= 0) {
		ASSERT_EQ(0, set(self->p.helper, SOL_SOCKET, SO_KEEPALIVE, 1));
		ASSERT_EQ(0, set(self->p.helper, IPPROTO_TCP, TCP_NODELAY, 1));
	}
	fd = ACCEPT_AGAIN(client);
	EXPECT_EQ(0, get(fd, SOL_SOCKET, SO_KEEPALIVE));
	EXPECT_EQ(0, get(fd, IPPROTO_TCP, TCP_NODELAY));
	close(fd);
	tls_close(&client);
}

TEST_F(conn, set_and_get)
{
	int fd = self->p.agent;

	EXPECT_EQ(0, set(fd, IPPROTO_TCP, TCP_NODELAY, 1));
	EXPECT_EQ(1, get(fd, IPPROTO_TCP, TCP_NODELAY));
	EXPECT_EQ(0, set(fd, SOL_SOCKET, SO_KEEPALIVE, 1));
	EXPECT_EQ(1, get(fd, SOL_SOCKET, SO_KEEPALIVE));
	EXPECT_EQ(0, set(fd, SOL_SOCKET, SO_SNDBUF, 100000));
	EXPECT_EQ(200000, get(fd, SOL_SOCKET, SO_SNDBUF));
	EXPECT_EQ(0, set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 5000));
	EXPECT_EQ(5000, get(fd, IPPROTO_TCP, TCP_USER_TIMEOUT));
	EXPECT_EQ(IPPROTO_TCP, get(fd, SOL_SOCKET, SO_PROTOCOL));
	EXPECT_EQ(SOCK_STREAM, get(fd, SOL_SOCKET, SO_TYPE));
	EXPECT_EQ(variant->params.mapped ? AF_INET6 : AF_INET,
		  get(fd, SOL_SOCKET, SO_DOMAIN));
	EXPECT_EQ(0, get(fd, SOL_SOCKET, SO_ERROR));
	EXPECT_EQ(0, get(fd, SOL_SOCKET, SO_ACCEPTCONN));
}

TEST_F(conn, tcp_info)
{
	struct tcp_info info = {};
	socklen_t len = sizeof(info);

	ASSERT_EQ(0, getsockopt(self->p.agent, IPPROTO_TCP, TCP_INFO, &info,
				&len));
	EXPECT_EQ(TCP_ESTABLISHED, info.tcpi_state);
}

TEST_F(conn, cork)
{
	char b[4];

	ASSERT_EQ(0, set(self->p.agent, IPPROTO_TCP, TCP_CORK, 1));
	ASSERT_EQ(2, write(self->p.agent, "ab", 2));
	ASSERT_EQ(2, write(self->p.agent, "cd", 2));
	ASSERT_EQ(0, set(self->p.agent, IPPROTO_TCP, TCP_CORK, 0));
	EXPECT_EQ(4, tls_read_all(&self->p.client, b, 4));
	EXPECT_EQ(0, memcmp(b, "abcd", 4));
}

/* What is read with a TCP option must be no ciphertext either. */
TEST_F(conn, zerocopy_receive)
{
	struct tcp_zerocopy_receive zc = {};
	socklen_t len = sizeof(zc);

	if (variant->params.plain)
		SKIP(return, "plain TCP has nothing to hide");
	ASSERT_EQ(4, tls_write(&self->p.client, "data", 4));
	getsockopt(self->p.agent, IPPROTO_TCP, TCP_ZEROCOPY_RECEIVE, &zc, &len);
	EXPECT_EQ(0, zc.length);
}

TEST_F(conn, unknown_options)
{
	char b[64];
	socklen_t len = sizeof(b);
	int error;

	EXPECT_EQ(-1, getsockopt(self->p.agent, 12345, 1, b, &len));
	error = errno;
	EXPECT_EQ(unknown_level(self->p.agent), error);
	EXPECT_EQ(-ENOPROTOOPT, set(self->p.agent, 12345, 1, 0));
	EXPECT_EQ(-ENOPROTOOPT, get(self->p.agent, IPPROTO_TCP, 9999));
}

/* The keys are the kernel's: the agent can neither read nor replace them. */
TEST_F(conn, no_keys)
{
	struct tls12_crypto_info_aes_gcm_256 info;
	socklen_t len;
	int option, value, error;

	for (option = 1; option < 8; option++) {
		memset(&info, 0x5a, sizeof(info));
		len = sizeof(info);
		EXPECT_EQ(-1, getsockopt(self->p.agent, SOL_TLS, option, &info,
					 &len));
		error = errno;
		EXPECT_EQ(unknown_level(self->p.agent), error);
		EXPECT_EQ(0x5a5a, info.info.version);
		memset(&info, 0, sizeof(info));
		info.info.version = TLS_1_3_VERSION;
		info.info.cipher_type = TLS_CIPHER_AES_GCM_256;
		EXPECT_EQ(-1, setsockopt(self->p.agent, SOL_TLS, option, &info,
					 sizeof(info)));
		EXPECT_EQ(ENOPROTOOPT, errno);
		value = 1;
		EXPECT_EQ(-1, setsockopt(self->p.agent, SOL_TLS, option, &value,
					 sizeof(value)));
		EXPECT_EQ(ENOPROTOOPT, errno);
	}
	/* And it still works. */
	ASSERT_EQ(1, write(self->p.agent, "x", 1));
	EXPECT_EQ(1, tls_read(&self->p.client, &value, 1));
}

TEST_F(conn, no_second_ulp)
{
	if (variant->params.plain)
		SKIP(return, "plain TCP takes its first");
	EXPECT_EQ(-1, setsockopt(self->p.agent, IPPROTO_TCP,
				 31 /* TCP_ULP */, "tls", 3));
	EXPECT_EQ(EEXIST, errno);
}

#define STRING(option, buf, len)					\
	getsockopt(self->p.agent, SOL_KTLSGATE, option, buf, len)

TEST_F(conn, identity)
{
	struct ktlsgate_peer_info info = {};
	socklen_t len = sizeof(info);
	char b[128];
	int error;

	if (variant->params.plain) {
		EXPECT_EQ(-1, STRING(KTLSGATE_PEER_INFO, &info, &len));
		error = errno;
		EXPECT_EQ(unknown_level(self->p.agent), error);
		return;
	}
	ASSERT_EQ(0, STRING(KTLSGATE_PEER_INFO, &info, &len));
	EXPECT_EQ(sizeof(info), len);
	EXPECT_EQ(self->p.id, info.id);
	EXPECT_EQ(variant->params.tls.version == TLS1_2_VERSION ? 0x0303 :
								   0x0304,
		  info.tls_version);
	EXPECT_EQ(self->p.client.suite, info.cipher_suite);
	EXPECT_EQ(0, info.serial_len);
	EXPECT_EQ(0, info.resumed);

	len = sizeof(b);
	ASSERT_EQ(0, STRING(KTLSGATE_PEER_PRINCIPAL, b, &len));
	EXPECT_STREQ(GATE_PRINCIPAL, b);
	EXPECT_EQ(sizeof(GATE_PRINCIPAL), len);
	len = sizeof(b);
	ASSERT_EQ(0, STRING(KTLSGATE_PEER_GATE, b, &len));
	EXPECT_STREQ(GATE_NAME, b);
}

TEST_F(conn, identity_refusals)
{
	char b[256] = "untouched";
	socklen_t len = 4;

	if (variant->params.plain)
		SKIP(return, "plain TCP has no identity");
	EXPECT_EQ(-1, STRING(KTLSGATE_PEER_PRINCIPAL, b, &len));
	EXPECT_EQ(ERANGE, errno);
	EXPECT_EQ(sizeof(GATE_PRINCIPAL), len);
	EXPECT_STREQ("untouched", b);
	len = sizeof(b);
	EXPECT_EQ(-1, STRING(KTLSGATE_PEER_SPIFFE_ID, b, &len));
	EXPECT_EQ(ENODATA, errno);
	EXPECT_EQ(-1, STRING(KTLSGATE_PEER_SUBJECT, b, &len));
	EXPECT_EQ(ENODATA, errno);
	EXPECT_EQ(-1, STRING(0, b, &len));
	EXPECT_EQ(ENOPROTOOPT, errno);
	EXPECT_EQ(-1, STRING(KTLSGATE_PEER_GATE + 1, b, &len));
	EXPECT_EQ(ENOPROTOOPT, errno);
	EXPECT_EQ(-ENOPROTOOPT, set(self->p.agent, SOL_KTLSGATE,
				    KTLSGATE_PEER_PRINCIPAL, 1));
	EXPECT_EQ(-1, STRING(KTLSGATE_PEER_PRINCIPAL, (void *)8, &len));
	EXPECT_EQ(EFAULT, errno);
	len = -1;
	EXPECT_EQ(-1, STRING(KTLSGATE_PEER_INFO, b, &len));
	EXPECT_EQ(EINVAL, errno);
}

/* A shorter buffer gets the members that fit. */
TEST_F(conn, identity_short)
{
	struct ktlsgate_peer_info info;
	socklen_t len = 6;

	if (variant->params.plain)
		SKIP(return, "plain TCP has no identity");
	memset(&info, 0x5a, sizeof(info));
	ASSERT_EQ(0, STRING(KTLSGATE_PEER_INFO, &info, &len));
	EXPECT_EQ(6, len);
	EXPECT_EQ(self->p.id, info.id);
	EXPECT_EQ(0x5a5a, info.cipher_suite);
}

/* The helper's listener and the agent's answer as any other socket. */
TEST_F(conn, identity_of_listener)
{
	char b[64];
	socklen_t len = sizeof(b);
	int error;

	EXPECT_EQ(-1, getsockopt(self->p.listener, SOL_KTLSGATE,
				 KTLSGATE_PEER_PRINCIPAL, b, &len));
	error = errno;
	EXPECT_EQ(unknown_level(self->p.listener), error);
}

TEST_HARNESS_MAIN
