// SPDX-License-Identifier: GPL-2.0-or-later
/* What is no connection to relay: refused with a sentence, the fd consumed. */
#include <stdlib.h>
#include <unistd.h>

#include "relays.h"

/* Refused so, with a sentence; the fd is gone, and the agent never hears of it. */
#define EXPECT_REFUSED(error)						\
do {									\
	EXPECT_EQ(-(error), gate_handoff(&self->p.nl, &self->h, NULL)) {	\
		TH_LOG("said: %s", self->p.nl.text);			\
	}								\
	EXPECT_STRNE("", self->p.nl.text);				\
	EXPECT_FALSE(net_is_open(self->h.fd));				\
	EXPECT_EQ(0, net_poll(self->p.listener, POLLIN, 0));		\
	EXPECT_TRUE(ended(self->far));					\
} while (0)

TEST_F(relay, nothing_listens)
{
	close(self->p.listener);
	self->p.listener = -1;
	EXPECT_EQ(-ECONNREFUSED, gate_handoff(&self->p.nl, &self->h, NULL));
	EXPECT_STRNE("", self->p.nl.text);
	EXPECT_FALSE(net_is_open(self->h.fd));
	EXPECT_TRUE(ended(self->far));
}

/* The agent's own address counts, not loopback's. */
TEST_F(relay, listener_on_another_address)
{
	struct net_listen how = {
		.family = variant->params.family ?: AF_INET, .loopback = true,
	};

	if (variant->params.mapped)
		SKIP(goto out, "127.0.0.1 is no address of an AF_INET6 socket");
	close(self->p.listener);
	self->p.listener = net_listen(&how);
	ASSERT_LE(0, self->p.listener);
	ASSERT_EQ(0, gate_add(&self->p.nl, "one",
			      net_port(self->p.listener)));
	self->h.gate = "one";
	EXPECT_REFUSED(ECONNREFUSED);
	return;
out:
	close(self->h.fd);
}

TEST_F(relay, no_client_address)
{
	self->h.peer = NULL;
	EXPECT_REFUSED(EINVAL);
}

TEST_F(relay, no_dialled_address)
{
	self->h.local = NULL;
	EXPECT_REFUSED(EINVAL);
}

TEST_F(relay, no_reason)
{
	self->h.reason = NULL;
	EXPECT_REFUSED(EINVAL);
}

TEST_F(relay, secrets)
{
	static const uint8_t secret[32];

	self->h.secret_rx = secret;
	self->h.secret_rx_len = sizeof(secret);
	EXPECT_REFUSED(EINVAL);
}

TEST_F(relay, with_a_ulp)
{
	ASSERT_EQ(0, setsockopt(self->h.fd, IPPROTO_TCP, TCP_ULP, "tls", 4));
	EXPECT_REFUSED(EINVAL);
}

TEST_F(relay, address_of_the_other_family)
{
	union net_addr other = address("2001:db8::77", 40007);

	if (variant->params.mapped || variant->params.family == AF_INET6)
		SKIP(goto out, "an AF_INET6 socket shows every address");
	self->h.peer = &other;
	EXPECT_REFUSED(EAFNOSUPPORT);
	return;
out:
	close(self->h.fd);
}

/* Addresses without path relay: a client has its own. */
TEST_F(relay, addresses_of_a_kernel_connection)
{
	self->h.path = KTLSGATE_PATH_KERNEL;
	EXPECT_REFUSED(EINVAL);
}

TEST_F(relay, held_by_another)
{
	int copy = dup(self->h.fd);

	EXPECT_EQ(-EBUSY, gate_handoff(&self->p.nl, &self->h, NULL));
	EXPECT_STRNE("", self->p.nl.text);
	close(copy);
	EXPECT_TRUE(ended(self->far));
}

/* A client's own connection must not become plaintext by mistake. */
TEST_F(relay, not_over_loopback)
{
	union net_addr to;
	int fd;

	if (variant->params.family == AF_INET6)
		SKIP(goto out, "the address is an IPv4 one");
	ASSERT_EQ(0, system("ip addr add 198.51.100.9/32 dev lo"));
	to = address("198.51.100.9", net_port(self->p.helper));
	fd = net_connect(&to);
	ASSERT_LE(0, fd);
	close(self->h.fd);
	close(self->far);
	self->far = fd;
	self->h.fd = accept4(self->p.helper, NULL, NULL, SOCK_CLOEXEC);
	ASSERT_LE(0, self->h.fd);
	EXPECT_REFUSED(EINVAL);
	return;
out:
	close(self->h.fd);
}

TEST_HARNESS_MAIN
