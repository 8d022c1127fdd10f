/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_HANDOFFS_H
#define TESTS_HANDOFFS_H

#include "test.h"

/* The fixture `handoff`: a client whose handshake is done, to be handed off. */
FIXTURE(handoff) {
	struct pair p;
	struct tls_client client;
	struct tls_server server;
	struct gate_handoff h;
};

FIXTURE_VARIANT(handoff) {
	struct pair_params params;
};

FIXTURE_VARIANT_ADD(handoff, tls13) {
};

FIXTURE_VARIANT_ADD(handoff, tls12) {
	.params.tls.version = TLS1_2_VERSION,
};

FIXTURE_VARIANT_ADD(handoff, tls13_ipv6) {
	.params.family = AF_INET6,
};

FIXTURE_SETUP(handoff)
{
	ASSERT_EQ(0, pair_listen(&self->p, &variant->params));
	ASSERT_EQ(0, pair_dial(&self->p, &variant->params.tls, &self->client,
			       &self->server));
	ASSERT_TRUE(self->server.ktls_tx);
	ASSERT_TRUE(self->server.ktls_rx);
	ASSERT_EQ(0, net_acked(self->server.fd));
	gate_handoff_init(&self->h, &self->server, GATE_NAME);
}

FIXTURE_TEARDOWN(handoff)
{
	tls_close(&self->client);
	EXPECT_EQ(0, pair_close(&self->p));
}

/* The client sees an end, not silence. */
static bool ended(struct tls_client *c)
{
	char b;

	return tls_read(c, &b, 1) <= 0 && errno != EAGAIN;
}

#endif
