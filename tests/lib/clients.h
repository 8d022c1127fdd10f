/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_CLIENTS_H
#define TESTS_CLIENTS_H

#include "test.h"

#define CLIENTS 5

/*
 * The fixture `conns`: accepted connections of several clients behind one gate,
 * and its events from the first of them on.
 */
FIXTURE(conns) {
	struct pair p;
	struct gate_nl events;
	struct tls_client clients[CLIENTS];
	uint32_t ids[CLIENTS];
	int fds[CLIENTS];
};

FIXTURE_VARIANT(conns) {
	struct pair_params params;
};

FIXTURE_VARIANT_ADD(conns, ipv4) {
};

FIXTURE_VARIANT_ADD(conns, ipv6) {
	.params.family = AF_INET6,
};

/* One connection, with this principal, accepted. */
static int connect_as(struct pair *p, const struct pair_params *params,
		      const char *gate, const char *principal,
		      struct tls_client *client, uint32_t *id)
{
	struct tls_server server;
	struct gate_handoff h;

	if (pair_dial(p, &params->tls, client, &server) ||
	    net_acked(server.fd))
		return -1;
	gate_handoff_init(&h, &server, gate);
	h.principal = principal;
	h.note = principal;
	h.note_len = strlen(principal);
	/* "CN=a" ends in 1000 seconds of the epoch, "CN=ab" in 2000. */
	if (!strncmp(principal, "CN=a", 4))
		h.not_after = principal[4] ? 2000 : 1000;
	if (gate_handoff(&p->nl, &h, id)) {
		fprintf(stderr, "# handoff: %s\n", p->nl.text);
		return -1;
	}
	return pair_accept(p);
}

FIXTURE_SETUP(conns)
{
	static const char *const principals[CLIENTS] = {
		"CN=a", "CN=a", "CN=b", "ANONYMOUS", "CN=ab",
	};
	int i;

	ASSERT_EQ(0, pair_listen(&self->p, &variant->params));
	ASSERT_EQ(0, gate_open(&self->events));
	ASSERT_EQ(0, gate_subscribe(&self->events));
	for (i = 0; i < CLIENTS; i++) {
		self->fds[i] = connect_as(&self->p, &variant->params,
					  GATE_NAME, principals[i],
					  &self->clients[i], &self->ids[i]);
		ASSERT_LE(0, self->fds[i]);
	}
}

FIXTURE_TEARDOWN(conns)
{
	int i;

	for (i = 0; i < CLIENTS; i++) {
		if (self->fds[i] >= 0)
			close(self->fds[i]);
		tls_close(&self->clients[i]);
	}
	gate_close(&self->events);
	EXPECT_EQ(0, pair_close(&self->p));
}

#endif
