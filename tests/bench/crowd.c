// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * usage: crowd PORT COUNT
 * An agent on PORT with COUNT live connections behind the gate "kafka", made
 * without handshakes: they are handed off as relayed ones, with the principals
 * CN=even and CN=odd. It echoes what clients send, and prints one line when the
 * crowd is there, and the number of those left whenever it changes.
 */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include "gate.h"
#include "net.h"

static void add(int epoll, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
		err(1, "epoll");
}

static void one(struct gate_nl *nl, int inner, uint16_t port, int i)
{
	union net_addr to = net_loopback(AF_INET, net_port(inner));
	union net_addr dialled = net_loopback(AF_INET, port);
	int client = net_connect(&to);
	union net_addr peer = net_sockname(client);
	struct gate_handoff h = {
		.fd = accept(inner, NULL, NULL), .gate = "kafka",
		.principal = i & 1 ? "CN=odd" : "CN=even",
		.version = 0x0301, .suite = 0xc013, .path = KTLSGATE_PATH_RELAY,
		.reason = "a crowd", .peer = &peer, .local = &dialled,
	};

	if (client < 0 || h.fd < 0 || gate_handoff(nl, &h, NULL))
		errx(1, "connection %d: %s", i, nl->text);
}

static void serve(int epoll, int listener, int crowd)
{
	struct epoll_event events[64];
	char buf[4096];
	int accepted = 0, count, i;

	for (;;) {
		count = epoll_wait(epoll, events, 64, -1);
		for (i = 0; i < count; i++) {
			int fd = events[i].data.fd;
			ssize_t got;

			if (fd == listener) {
				add(epoll, accept(listener, NULL, NULL));
				continue;
			}
			got = read(fd, buf, sizeof(buf));
			if (got > 0 && write(fd, buf, got) == got)
				continue;
			if (got < 0 && errno == ECONNABORTED)
				accepted++;
			close(fd);
		}
		if (accepted) {
			crowd -= accepted;
			accepted = 0;
			printf("left %d\n", crowd);
			fflush(stdout);
		}
	}
}

int main(int argc, char **argv)
{
	struct rlimit files = { 65536, 65536 };
	struct net_listen how = { .family = AF_INET, .backlog = 4096 };
	int epoll = epoll_create1(0), inner, listener, count, i;
	struct gate_nl nl;

	if (argc != 3)
		errx(2, "usage: crowd PORT COUNT");
	setrlimit(RLIMIT_NOFILE, &files);
	count = atoi(argv[2]);
	how.port = atoi(argv[1]);
	listener = net_listen(&how);
	how.port = 0;
	how.loopback = true;
	inner = net_listen(&how);
	if (listener < 0 || inner < 0 || gate_open(&nl) ||
	    gate_add(&nl, "kafka", atoi(argv[1])))
		errx(1, "cannot begin: %s", nl.text);
	for (i = 0; i < count; i++) {
		one(&nl, inner, atoi(argv[1]), i);
		add(epoll, accept(listener, NULL, NULL));
	}
	printf("crowd %d\n", count);
	fflush(stdout);
	add(epoll, listener);
	serve(epoll, listener, count);
}
