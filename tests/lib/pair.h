/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_PAIR_H
#define TESTS_PAIR_H

#include "gate.h"
#include "net.h"
#include "tls.h"

/*
 * An agent's listener, a gate before it, and one connection through it. The
 * same without gate and TLS (plain) is the oracle: what a test asserts, it
 * asserts of both.
 */
struct pair_params {
	bool plain;
	int family;		/* of the client: AF_INET (0), AF_INET6 */
	bool mapped;		/* the agent listens on dual-stack AF_INET6 */
	struct tls_params tls;
};

struct pair {
	struct gate_nl nl;
	int listener;		/* the agent's */
	int helper;		/* where clients connect and handshake */
	union net_addr dialled;
	struct tls_client client;
	int agent;		/* accepted */
	uint32_t id;
};

/* 0, or -1 with a line on stderr. */
int pair_listen(struct pair *p, const struct pair_params *params);
/* A client and its handshake; the server's end not handed off yet. */
int pair_dial(struct pair *p, const struct tls_params *tls,
	      struct tls_client *client, struct tls_server *server);
/* As pair_dial(), and handed off: it waits in the agent's queue. */
int pair_queue(struct pair *p, const struct pair_params *params,
	       struct tls_client *client, uint32_t *id);
/* pair_listen(), pair_queue() and the agent's accept(). */
int pair_open(struct pair *p, const struct pair_params *params);
int pair_accept(struct pair *p);
void pair_close_agent(struct pair *p);
/* Everything; then nothing may be left: 0 or -1. */
int pair_close(struct pair *p);

/* All of len by write(2) or read(2): 0, or -1 and errno (EPIPE: the end). */
int pair_send(int fd, const void *buf, size_t len);
int pair_recv(int fd, void *buf, size_t len);
/* Bytes that differ from their neighbours, from a seed. */
void pair_fill(void *buf, size_t len, uint32_t seed);

#endif
