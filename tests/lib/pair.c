// SPDX-License-Identifier: GPL-2.0-or-later
/* One connection between a client and an agent, gated or plain. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "pair.h"

int pair_listen(struct pair *p, const struct pair_params *params)
{
	int family = params->family ? params->family : AF_INET;
	struct net_listen how = {
		.family = params->mapped ? AF_INET6 : family,
	};

	memset(p, 0, sizeof(*p));
	p->agent = -1;
	p->client.fd = -1;
	p->helper = -1;
	p->listener = -1;
	/* A write after the end shall be an error, not a death. */
	signal(SIGPIPE, SIG_IGN);
	if (net_unshare()) {
		perror("# pair: network namespace");
		return -1;
	}
	p->listener = net_listen(&how);
	if (p->listener < 0) {
		perror("# pair: listener");
		return -1;
	}
	if (params->plain) {
		p->dialled = net_loopback(family, net_port(p->listener));
		return 0;
	}
	p->helper = net_listen(&how);
	if (p->helper < 0) {
		perror("# pair: helper's listener");
		return -1;
	}
	p->dialled = net_loopback(family, net_port(p->helper));
	if (gate_open(&p->nl) ||
	    gate_add(&p->nl, GATE_NAME, net_port(p->listener))) {
		fprintf(stderr, "# pair: no gate: %s (%s)\n",
			strerror(-p->nl.err), p->nl.text);
		return -1;
	}
	return 0;
}

int pair_dial(struct pair *p, const struct tls_params *tls,
	      struct tls_client *client, struct tls_server *server)
{
	int c = net_connect(&p->dialled), s = -1;

	if (c >= 0)
		s = accept4(p->helper, NULL, NULL, SOCK_CLOEXEC);
	if (s < 0) {
		perror("# pair: dial");
		if (c >= 0)
			close(c);
		return -1;
	}
	if (tls_handshake(c, s, tls, client, server)) {
		close(c);
		close(s);
		return -1;
	}
	return 0;
}

int pair_queue(struct pair *p, const struct pair_params *params,
	       struct tls_client *client, uint32_t *id)
{
	struct tls_server server;

	if (params->plain) {
		memset(client, 0, sizeof(*client));
		client->fd = net_connect(&p->dialled);
		if (client->fd < 0)
			return -1;
		return net_timeout(client->fd, NET_DEADLINE_MS);
	}
	if (pair_dial(p, &params->tls, client, &server))
		return -1;
	if (gate_handoff_server(&p->nl, &server, GATE_NAME, id)) {
		fprintf(stderr, "# pair: handoff: %s (%s)\n",
			strerror(-p->nl.err), p->nl.text);
		tls_close(client);
		return -1;
	}
	return 0;
}

int pair_accept(struct pair *p)
{
	int fd;

	if (!(net_poll(p->listener, POLLIN, NET_DEADLINE_MS) & POLLIN)) {
		fprintf(stderr, "# pair: nothing to accept\n");
		return -1;
	}
	fd = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0) {
		perror("# pair: accept");
		return -1;
	}
	/* A test fails with EAGAIN, it does not hang. */
	net_timeout(fd, NET_DEADLINE_MS);
	return fd;
}

int pair_open(struct pair *p, const struct pair_params *params)
{
	if (pair_listen(p, params) ||
	    pair_queue(p, params, &p->client, &p->id))
		return -1;
	p->agent = pair_accept(p);
	return p->agent < 0 ? -1 : 0;
}

void pair_close_agent(struct pair *p)
{
	if (p->agent >= 0)
		close(p->agent);
	p->agent = -1;
}

int pair_close(struct pair *p)
{
	pair_close_agent(p);
	tls_close(&p->client);
	if (p->helper >= 0)
		close(p->helper);
	if (p->listener >= 0)
		close(p->listener);
	gate_close(&p->nl);
	return check_nothing_left();
}

int pair_send(int fd, const void *buf, size_t len)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = write(fd, (const char *)buf + done, len - done);
		if (n <= 0)
			return -1;
		done += n;
	}
	return 0;
}

int pair_recv(int fd, void *buf, size_t len)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = read(fd, (char *)buf + done, len - done);
		if (n <= 0) {
			if (!n)
				errno = EPIPE;
			return -1;
		}
		done += n;
	}
	return 0;
}

void pair_fill(void *buf, size_t len, uint32_t seed)
{
	uint32_t x = seed * 2654435761u + 1;
	uint8_t *b = buf;
	size_t i;

	for (i = 0; i < len; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		b[i] = x;
	}
}
