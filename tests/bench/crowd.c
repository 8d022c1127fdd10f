// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * usage: crowd PORT COUNT CA EVEN ODD
 * An agent on PORT with COUNT live connections behind the gate "kafka", made
 * without handshakes: they are handed off as relayed ones, in turn as clients
 * with the certificates EVEN and ODD of CA. It echoes what clients send, and
 * prints one line when the crowd is there, and the number of those left whenever
 * it changes.
 */
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "channelhandoff.h"
#include "dn.h"
#include "identity.h"
#include "loopback.h"

static void add(int epoll, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
		err(1, "epoll");
}

static int listen_at(uint16_t port)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons(port),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) ||
	    listen(fd, 4096))
		err(1, "port %u", port);
	return fd;
}

static X509 *load(const char *path)
{
	FILE *file = fopen(path, "r");
	X509 *certificate = file ? PEM_read_X509(file, NULL, NULL, NULL) :
				   NULL;

	if (!certificate)
		errx(1, "%s: no certificate", path);
	fclose(file);
	return certificate;
}

static void take_identity(const char *path, const X509 *ca,
			  struct identity *out)
{
	X509 *leaf = load(path);

	out->subject = dn_print(X509_get_subject_name(leaf));
	out->issuer = dn_print(X509_get_issuer_name(leaf));
	out->principal = out->subject;
	out->tls_version = 0x0301;
	out->cipher_suite = 0xc013;
	out->chain_count = 2;
	if (!chain_link_of(leaf, &out->chain[0]) ||
	    !chain_link_of(ca, &out->chain[1]))
		errx(1, "%s: no digest", path);
	out->not_after = out->chain[0].not_after;
	X509_free(leaf);
}

static void one(struct channel *channel, const struct identity *identity,
		uint16_t port)
{
	struct address at = { .family = AF_INET, .bytes = { 127, 0, 0, 1 } };
	struct relayed relayed = {
		.reason = "a crowd", .peer = &at, .local = &at,
		.peer_port = 1, .local_port = port,
	};
	struct handoff handoff = {
		.gate = "kafka", .identity = identity, .relayed = &relayed,
	};
	int ends[2];
	struct handed handed;

	if (!loopback_pair(LOOPBACK_IPV4, ends))
		err(1, "loopback");
	handoff.fd = ends[0];
	if (channel_handoff(channel, &handoff, &handed) || handed.fd >= 0)
		errx(1, "handoff: %s", channel_message(channel));
}

static void serve(int epoll, int listener, int crowd)
{
	struct epoll_event events[64];
	char buf[4096];
	int cut = 0, count, i;

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
				cut++;
			close(fd);
		}
		if (cut) {
			crowd -= cut;
			cut = 0;
			printf("left %d\n", crowd);
			fflush(stdout);
		}
	}
}

int main(int argc, char **argv)
{
	struct rlimit files = { 65536, 65536 };
	struct identity even = {}, odd = {};
	struct address anywhere = {};
	struct channel *channel;
	int epoll, listener, i;
	uint16_t port;
	char *error;
	X509 *ca;

	if (argc != 6)
		errx(2, "usage: crowd PORT COUNT CA EVEN ODD");
	setrlimit(RLIMIT_NOFILE, &files);
	port = atoi(argv[1]);
	ca = load(argv[3]);
	take_identity(argv[4], ca, &even);
	take_identity(argv[5], ca, &odd);
	epoll = epoll_create1(0);
	listener = listen_at(port);
	channel = channel_open(&error);
	if (!channel)
		errx(1, "%s", error);
	if (channel_gate_add(channel, "kafka", port, &anywhere))
		errx(1, "gate: %s", channel_message(channel));
	for (i = 0; i < atoi(argv[2]); i++) {
		one(channel, i & 1 ? &odd : &even, port);
		add(epoll, accept(listener, NULL, NULL));
	}
	printf("crowd %d\n", i);
	fflush(stdout);
	add(epoll, listener);
	serve(epoll, listener, i);
}
