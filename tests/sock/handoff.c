// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every reason to refuse a handoff: its errno, a sentence, the fd consumed, the
 * client told, nothing left. And that what is not refused arrives.
 */
#include <fcntl.h>
#include <sched.h>
#include <sys/epoll.h>

#include "handoffs.h"

#define UNKNOWN_FD 1000

/* The handoff is refused so, its fd gone, and the agent never hears of it. */
#define EXPECT_REFUSED(error, handoff)					\
do {									\
	struct gate_handoff *h_ = (handoff);				\
	EXPECT_EQ(-(error), gate_handoff(&self->p.nl, h_, NULL)) {	\
		TH_LOG("said: %s", self->p.nl.text);			\
	}								\
	EXPECT_STRNE("", self->p.nl.text);				\
	EXPECT_FALSE(net_is_open(h_->fd));					\
	EXPECT_EQ(0, net_poll(self->p.listener, POLLIN, 0));		\
} while (0)

TEST_F(handoff, accepted)
{
	uint32_t id = 0;
	char b[4];
	int fd;

	ASSERT_EQ(0, gate_handoff(&self->p.nl, &self->h, &id)) {
		TH_LOG("said: %s", self->p.nl.text);
	}
	EXPECT_NE(0, id);
	EXPECT_FALSE(net_is_open(self->h.fd));
	fd = pair_accept(&self->p);
	ASSERT_LE(0, fd);
	ASSERT_EQ(4, tls_write(&self->client, "ping", 4));
	ASSERT_EQ(0, pair_recv(fd, b, 4));
	EXPECT_EQ(0, memcmp(b, "ping", 4));
	close(fd);
}

TEST_F(handoff, not_an_fd)
{
	self->h.fd = UNKNOWN_FD;
	EXPECT_EQ(-EBADF, gate_handoff(&self->p.nl, &self->h, NULL));
	EXPECT_STRNE("", self->p.nl.text);
	close(self->server.fd);
}

TEST_F(handoff, not_a_socket)
{
	self->h.fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->h.fd);
	EXPECT_REFUSED(ENOTSOCK, &self->h);
	close(self->server.fd);
}

TEST_F(handoff, path_fd)
{
	self->h.fd = open("/", O_PATH | O_CLOEXEC);
	ASSERT_LE(0, self->h.fd);
	EXPECT_NE(0, gate_handoff(&self->p.nl, &self->h, NULL));
	EXPECT_STRNE("", self->p.nl.text);
	close(self->h.fd);
	close(self->server.fd);
}

TEST_F(handoff, not_tcp)
{
	int pair[2];

	self->h.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ASSERT_LE(0, self->h.fd);
	EXPECT_REFUSED(EPROTOTYPE, &self->h);

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	self->h.fd = pair[0];
	EXPECT_REFUSED(EPROTOTYPE, &self->h);
	close(pair[1]);
	close(self->server.fd);
}

TEST_F(handoff, not_connected)
{
	self->h.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ASSERT_LE(0, self->h.fd);
	EXPECT_REFUSED(ENOTCONN, &self->h);

	self->h.fd = net_listen(&(struct net_listen){ .family = AF_INET });
	ASSERT_LE(0, self->h.fd);
	EXPECT_REFUSED(ENOTCONN, &self->h);
	close(self->server.fd);
}

/* The client is gone: reset before the handoff. */
TEST_F(handoff, reset_by_client)
{
	struct linger reset = { .l_onoff = 1 };

	ASSERT_EQ(0, setsockopt(self->client.fd, SOL_SOCKET, SO_LINGER, &reset,
				sizeof(reset)));
	tls_close(&self->client);
	ASSERT_TRUE(NET_WAIT(net_poll(self->h.fd, POLLIN, 0) & POLLHUP));
	EXPECT_REFUSED(ENOTCONN, &self->h);
}

TEST_F(handoff, no_keys)
{
	struct tls_params plain = variant->params.tls;
	struct tls_client client;
	struct tls_server server;
	struct gate_handoff h;

	plain.server_plain = true;
	ASSERT_EQ(0, pair_dial(&self->p, &plain, &client, &server));
	gate_handoff_init(&h, &server, GATE_NAME);
	ASSERT_EQ(0, net_acked(server.fd));
	EXPECT_REFUSED(ENOKEY, &h);
	EXPECT_TRUE(ended(&client));
	tls_close(&client);
	close(self->server.fd);
}

/* TCP_ULP is set, no keys in any direction: a write would go out in clear. */
TEST_F(handoff, ulp_without_keys)
{
	union net_addr to = self->p.dialled;
	struct gate_handoff h = self->h;
	int client = net_connect(&to);

	ASSERT_LE(0, client);
	h.fd = accept4(self->p.helper, NULL, NULL, SOCK_CLOEXEC);
	ASSERT_LE(0, h.fd);
	ASSERT_EQ(0, setsockopt(h.fd, IPPROTO_TCP, 31 /* TCP_ULP */, "tls",
				sizeof("tls")));
	EXPECT_REFUSED(ENOKEY, &h);
	close(client);
	close(self->server.fd);
}

/* A second file descriptor, here or in another process, could still write. */
TEST_F(handoff, file_shared)
{
	int other = fcntl(self->h.fd, F_DUPFD_CLOEXEC, 0);

	ASSERT_LE(0, other);
	EXPECT_REFUSED(EBUSY, &self->h);
	close(other);
	EXPECT_TRUE(ended(&self->client));
}

/* epoll polls what it watches without a descriptor, and the socket is about to
 * leave this one's file.
 */
TEST_F(handoff, watched_by_epoll)
{
	struct epoll_event event = { .events = EPOLLOUT };
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	ASSERT_LE(0, epoll);
	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, self->h.fd, &event));
	EXPECT_REFUSED(EBUSY, &self->h);
	EXPECT_TRUE(ended(&self->client));
	EXPECT_EQ(0, epoll_wait(epoll, &event, 1, 0));
	close(epoll);
}

TEST_F(handoff, watched_before)
{
	struct epoll_event event = { .events = EPOLLOUT };
	int epolls[] = { epoll_create1(EPOLL_CLOEXEC),
			 epoll_create1(EPOLL_CLOEXEC) };
	int i;

	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, epoll_ctl(epolls[i], EPOLL_CTL_ADD, self->h.fd,
				       &event));
	EXPECT_EQ(1, epoll_wait(epolls[0], &event, 1, 0));
	ASSERT_EQ(0, epoll_ctl(epolls[0], EPOLL_CTL_DEL, self->h.fd, NULL));
	/* The other goes as a whole. */
	close(epolls[1]);
	EXPECT_EQ(0, gate_handoff(&self->p.nl, &self->h, NULL));
	close(epolls[0]);
}

TEST_F(handoff, unknown_gate)
{
	self->h.gate = "nosuch";
	EXPECT_REFUSED(ENOENT, &self->h);
	EXPECT_TRUE(ended(&self->client));
}

TEST_F(handoff, gate_down)
{
	ASSERT_EQ(0, gate_set_state(&self->p.nl, GATE_NAME,
				    KTLSGATE_GATE_STATE_DOWN));
	EXPECT_REFUSED(ESHUTDOWN, &self->h);
	EXPECT_TRUE(ended(&self->client));
}

TEST_F(handoff, gate_down_and_up)
{
	ASSERT_EQ(0, gate_set_state(&self->p.nl, GATE_NAME,
				    KTLSGATE_GATE_STATE_DOWN));
	ASSERT_EQ(0, gate_set_state(&self->p.nl, GATE_NAME,
				    KTLSGATE_GATE_STATE_UP));
	EXPECT_EQ(0, gate_handoff(&self->p.nl, &self->h, NULL));
}

TEST_F(handoff, agent_not_listening)
{
	close(self->p.listener);
	self->p.listener = -1;
	EXPECT_EQ(-ECONNREFUSED, gate_handoff(&self->p.nl, &self->h, NULL));
	EXPECT_STRNE("", self->p.nl.text);
	EXPECT_FALSE(net_is_open(self->h.fd));
	EXPECT_TRUE(ended(&self->client));
}

/* The gate's address names a listener that is not there. */
TEST_F(handoff, other_address)
{
	union net_addr addr = {
		.in = { .sin_family = AF_INET,
			.sin_port = htons(net_port(self->p.listener)),
			.sin_addr = { htonl(0x7f000009) } },
	};

	close(self->p.listener);
	self->p.listener = net_listen(&(struct net_listen){
		.family = AF_INET, .loopback = true });
	ASSERT_LE(0, self->p.listener);
	addr.in.sin_port = htons(net_port(self->p.listener));
	ASSERT_EQ(0, gate_add_at(&self->p.nl, "elsewhere", &addr));
	self->h.gate = "elsewhere";
	EXPECT_REFUSED(ECONNREFUSED, &self->h);
	EXPECT_TRUE(ended(&self->client));
}

/* accept() would hand a socket of one family to a listener of the other. */
TEST_F(handoff, listener_of_other_family)
{
	int other = variant->params.family == AF_INET6 ? AF_INET : AF_INET6;

	close(self->p.listener);
	self->p.listener = net_listen(&(struct net_listen){
		.family = other, .v6only = true });
	ASSERT_LE(0, self->p.listener);
	ASSERT_EQ(0, gate_add(&self->p.nl, "other",
			      net_port(self->p.listener)));
	self->h.gate = "other";
	EXPECT_REFUSED(EAFNOSUPPORT, &self->h);
	EXPECT_TRUE(ended(&self->client));
}

/* A v4-mapped socket, and the agent's is AF_INET: accept() would hand it one
 * whose addresses it cannot read.
 */
TEST_F(handoff, family_mapped)
{
	struct tls_client client;
	struct tls_server server;
	struct gate_handoff h;

	if (variant->params.family == AF_INET6)
		SKIP(goto out, "an IPv6 client is never v4-mapped");
	close(self->p.helper);
	self->p.helper = net_listen(&(struct net_listen){
		.family = AF_INET6 });
	ASSERT_LE(0, self->p.helper);
	self->p.dialled = net_loopback(AF_INET, net_port(self->p.helper));
	ASSERT_EQ(0, pair_dial(&self->p, &variant->params.tls, &client,
			       &server));
	gate_handoff_init(&h, &server, GATE_NAME);
	ASSERT_EQ(0, net_acked(server.fd));
	EXPECT_REFUSED(EAFNOSUPPORT, &h);
	EXPECT_TRUE(ended(&client));
	tls_close(&client);
out:
	close(self->server.fd);
}

/* An AF_INET socket is none for a dual-stack listener either. */
TEST_F(handoff, family_dual_stack)
{
	if (variant->params.family == AF_INET6)
		SKIP(goto out, "an AF_INET6 socket suits a dual-stack listener");
	close(self->p.listener);
	self->p.listener = net_listen(&(struct net_listen){
		.family = AF_INET6 });
	ASSERT_LE(0, self->p.listener);
	ASSERT_EQ(0, gate_add(&self->p.nl, "dual",
			      net_port(self->p.listener)));
	self->h.gate = "dual";
	EXPECT_REFUSED(EAFNOSUPPORT, &self->h);
	EXPECT_TRUE(ended(&self->client));
	return;
out:
	close(self->server.fd);
}

TEST_F(handoff, queue_full)
{
	struct pair_params params = variant->params;
	struct tls_client clients[8];
	struct tls_server server;
	struct gate_info info;
	int i, n, err = 0, fd;

	close(self->p.listener);
	self->p.listener = net_listen(&(struct net_listen){
		.family = params.family ? params.family : AF_INET,
		.backlog = 2 });
	ASSERT_LE(0, self->p.listener);
	ASSERT_EQ(0, gate_add(&self->p.nl, "small",
			      net_port(self->p.listener)));
	for (n = 0; n < 8 && !err; n++) {
		ASSERT_EQ(0, pair_dial(&self->p, &params.tls, &clients[n],
				       &server));
		err = gate_handoff_server(&self->p.nl, &server, "small", NULL);
	}
	EXPECT_EQ(-EAGAIN, err);
	EXPECT_STRNE("", self->p.nl.text);
	/* A plain listener takes backlog + 1, so does ours. */
	EXPECT_EQ(4, n);
	EXPECT_TRUE(ended(&clients[n - 1]));
	ASSERT_EQ(0, gate_get(&self->p.nl, "small", &info));
	EXPECT_EQ(3, info.queue_length);
	EXPECT_EQ(2, info.queue_max);
	EXPECT_EQ(1, info.handoff_failures);
	EXPECT_EQ(3, info.handoffs);

	/* One accepted makes room for one. */
	fd = pair_accept(&self->p);
	ASSERT_LE(0, fd);
	self->h.gate = "small";
	EXPECT_EQ(0, gate_handoff(&self->p.nl, &self->h, NULL));
	close(fd);
	for (i = 0; i < n; i++)
		tls_close(&clients[i]);
}

/* Unacknowledged data would break accept()'s arithmetic of the cgroup. */
TEST_F(handoff, unsent_data)
{
	static char big[1 << 20];
	int sent = 0, n;

	/* The client does not read: what does not fit its window stays. */
	ASSERT_EQ(0, net_nonblock(self->h.fd, true));
	while ((n = write(self->h.fd, big, sizeof(big))) > 0)
		sent += n;
	ASSERT_LT(0, sent);
	ASSERT_EQ(EAGAIN, errno);
	EXPECT_REFUSED(ENOBUFS, &self->h);
}

TEST_F(handoff, other_namespace)
{
	struct gate_handoff h = self->h;
	struct gate_nl nl;

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, net_lo_up());
	ASSERT_EQ(0, gate_open(&nl));
	ASSERT_EQ(0, gate_add(&nl, GATE_NAME, net_port(self->p.listener)));
	EXPECT_EQ(-EXDEV, gate_handoff(&nl, &h, NULL));
	EXPECT_STRNE("", nl.text);
	EXPECT_FALSE(net_is_open(h.fd));
	EXPECT_TRUE(ended(&self->client));
	gate_close(&nl);
}

TEST_F(handoff, deleted_gate_keeps_queued)
{
	char b[4];
	int fd;

	ASSERT_EQ(0, gate_handoff(&self->p.nl, &self->h, NULL));
	ASSERT_EQ(0, gate_del(&self->p.nl, GATE_NAME));
	fd = pair_accept(&self->p);
	ASSERT_LE(0, fd);
	ASSERT_EQ(4, tls_write(&self->client, "ping", 4));
	ASSERT_EQ(0, pair_recv(fd, b, 4));
	close(fd);
}

/* TLS 1.3 needs both secrets, of the length of the suite; TLS 1.2 none. */
TEST_F(handoff, secrets)
{
	struct gate_handoff h = self->h;
	static const uint8_t zero[TLS_SECRET_MAX];

	if (self->server.version == TLS1_3_VERSION) {
		h.secret_tx_len = 0;
	} else {
		h.secret_rx = zero;
		h.secret_tx = zero;
		h.secret_rx_len = 32;
		h.secret_tx_len = 32;
	}
	EXPECT_REFUSED(EINVAL, &h);
	EXPECT_TRUE(ended(&self->client));
}

TEST_F(handoff, secret_length)
{
	if (self->server.version != TLS1_3_VERSION)
		SKIP(goto out, "TLS 1.2 has no traffic secrets");
	self->h.secret_rx_len = 31;
	EXPECT_REFUSED(EINVAL, &self->h);
	EXPECT_TRUE(ended(&self->client));
	return;
out:
	close(self->server.fd);
}

TEST_F(handoff, no_principal)
{
	self->h.principal = NULL;
	EXPECT_REFUSED(EINVAL, &self->h);
	EXPECT_TRUE(ended(&self->client));
}

TEST_HARNESS_MAIN
