/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_RELAYS_H
#define TESTS_RELAYS_H

#include <arpa/inet.h>

#include "test.h"

#define REASON "kTLS cannot carry ECDHE-RSA-AES128-SHA"

/*
 * The fixture `relay`: the end of a connection over loopback that is to be handed off
 * as relayed, and the far end, which is the helper's.
 */
FIXTURE(relay) {
	struct pair p;
	struct gate_nl events;
	int far;		/* the helper's end */
	struct gate_handoff h;
	union net_addr client, dialled;
};

FIXTURE_VARIANT(relay) {
	struct pair_params params;
	const char *client, *dialled;
};

FIXTURE_VARIANT_ADD(relay, ipv4) {
	.client = "192.0.2.7",
	.dialled = "198.51.100.9",
};

FIXTURE_VARIANT_ADD(relay, ipv6) {
	.params.family = AF_INET6,
	.client = "2001:db8::7",
	.dialled = "2001:db8::9",
};

FIXTURE_VARIANT_ADD(relay, mapped) {
	.params.mapped = true,
	.client = "192.0.2.7",
	.dialled = "198.51.100.9",
};

static union net_addr address(const char *text, uint16_t port)
{
	union net_addr a = {};

	if (inet_pton(AF_INET, text, &a.in.sin_addr) == 1) {
		a.in.sin_family = AF_INET;
		a.in.sin_port = htons(port);
	} else {
		inet_pton(AF_INET6, text, &a.in6.sin6_addr);
		a.in6.sin6_family = AF_INET6;
		a.in6.sin6_port = htons(port);
	}
	return a;
}

/* Both ends over loopback: the helper's, and the one to hand off. */
static int connect_pair(struct pair *p, int *far)
{
	*far = net_connect(&p->dialled);
	if (*far < 0)
		return -1;
	net_timeout(*far, NET_DEADLINE_MS);
	return accept4(p->helper, NULL, NULL, SOCK_CLOEXEC);
}

FIXTURE_SETUP(relay)
{
	ASSERT_EQ(0, pair_listen(&self->p, &variant->params));
	ASSERT_EQ(0, gate_open(&self->events));
	ASSERT_EQ(0, gate_subscribe(&self->events));
	self->client = address(variant->client, 40007);
	self->dialled = address(variant->dialled, 9092);
	memset(&self->h, 0, sizeof(self->h));
	self->h.fd = connect_pair(&self->p, &self->far);
	ASSERT_LE(0, self->h.fd);
	self->h.gate = GATE_NAME;
	self->h.principal = GATE_PRINCIPAL;
	self->h.version = TLS1_VERSION;
	self->h.suite = 0xc013;
	self->h.path = KTLSGATE_PATH_RELAY;
	self->h.reason = REASON;
	self->h.peer = &self->client;
	self->h.local = &self->dialled;
}

FIXTURE_TEARDOWN(relay)
{
	if (self->far >= 0)
		close(self->far);
	gate_close(&self->events);
	EXPECT_EQ(0, pair_close(&self->p));
}

/* The other end is told by an end or a reset. */
static bool ended(int fd)
{
	char b;

	return read(fd, &b, 1) <= 0 && errno != EAGAIN;
}

#endif
