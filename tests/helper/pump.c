// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The pump of a relay without the kernel module: a client, the worker's loop
 * and an agent in one process. pump CERTIFICATE KEY CASE; what the client and
 * the agent saw is on stdout.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "handoff.h"
#include "loopback.h"
#include "relay.h"

#define TOTAL (3L << 20)

static const char *mode;
static int client_fd, agent_fd;
static atomic_bool stop;
static unsigned char block[1 << 20];

/* Of the helper, what the pump calls. */
int handoff_relayed(struct handshake *handshake)
{
	int ends[2];

	(void)handshake;
	if (!loopback_pair(LOOPBACK_IPV4, ends))
		return -1;
	agent_fd = ends[0];
	return ends[1];
}

struct gate *gate_get(struct gate *gate)
{
	return gate;
}

void gate_put(struct gate *gate)
{
	(void)gate;
}

void verdict_attach(SSL *ssl, struct verdict *verdict)
{
	(void)ssl;
	(void)verdict;
}

void verdict_set(struct verdict *verdict, unsigned int code,
		 const char *format, ...)
{
	(void)verdict;
	(void)code;
	(void)format;
}

void secrets_attach(SSL *ssl, struct secrets *secrets)
{
	(void)ssl;
	(void)secrets;
}

static bool is(const char *name)
{
	return !strcmp(mode, name);
}

static void reset(int fd)
{
	struct linger at_once = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(fd);
}

/* Writes until nothing more goes: the client reads nothing. */
static void fill(int fd)
{
	struct pollfd wait = { .fd = fd, .events = POLLOUT };

	while (poll(&wait, 1, 500) > 0)
		if (send(fd, block, sizeof(block), MSG_DONTWAIT) < 0 &&
		    errno != EAGAIN)
			return;
}

static void *agent(void *arg)
{
	static char buffer[65536];
	long total = 0;
	ssize_t got;

	while ((got = read(agent_fd, buffer, sizeof(buffer))) > 0) {
		total += got;
		if (is("blocked"))
			fill(agent_fd);
		if (is("killed") || is("blocked")) {
			reset(agent_fd);
			return arg;
		}
		if (is("slow-agent") && total % 5 == 0)
			usleep(2000);
		if (send(agent_fd, buffer, got, MSG_NOSIGNAL) != got)
			break;
		if (is("agent-closes"))
			break;
	}
	printf("agent: %ld bytes, %s\n", total,
	       got < 0 ? strerror(errno) : got ? "closes" : "end");
	close(agent_fd);
	return arg;
}

/* All there and back again, both ways at once. */
static void echo_all(SSL *ssl)
{
	static unsigned char in[65536];
	long sent = 0, got = 0, differ = 0;

	fcntl(client_fd, F_SETFL, O_NONBLOCK);
	SSL_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE |
		     SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	while (got < TOTAL) {
		struct pollfd wait = {
			.fd = client_fd,
			.events = POLLIN | (sent < TOTAL ? POLLOUT : 0),
		};
		size_t count;

		if (!SSL_pending(ssl))
			poll(&wait, 1, -1);
		if (sent < TOTAL &&
		    SSL_write_ex(ssl, block + sent % sizeof(block), 65536,
				 &count))
			sent += count;
		if (!SSL_read_ex(ssl, in, is("slow-client") ? 3000 : 65536,
				 &count)) {
			int error = SSL_get_error(ssl, 0);

			if (error == SSL_ERROR_WANT_READ ||
			    error == SSL_ERROR_WANT_WRITE)
				continue;
			break;
		}
		for (size_t i = 0; i < count; i++)
			differ += in[i] != block[(got + i) % sizeof(block)];
		if (is("slow-client") && got >> 19 != (got + (long)count) >> 19)
			usleep(20000);
		got += count;
	}
	fcntl(client_fd, F_SETFL, 0);
	printf("client: %ld bytes back, %ld wrong\n", got, differ);
}

/* The reset has to come although nothing is read. */
static void await_end(void)
{
	struct pollfd wait = { .fd = client_fd };

	if (poll(&wait, 1, 60000) != 1)
		puts("client: nothing ends it");
}

static void talk(SSL *ssl)
{
	char in[65536];
	int got;

	if (strstr(mode, "slow") || is("fast")) {
		echo_all(ssl);
		SSL_shutdown(ssl);
	} else {
		SSL_write(ssl, "hello gate", 10);
		if (is("blocked"))
			await_end();
		else if (!is("killed"))
			SSL_read(ssl, in, sizeof(in));
	}
	if (is("client-resets")) {
		reset(client_fd);
		return;
	}
	if (is("fin"))
		shutdown(client_fd, SHUT_WR);
	if (is("garbage") && write(client_fd, "\x17\x03\x03\0\x40", 5) +
	    write(client_fd, block, 64) != 69)
		puts("client: cannot write");
	if (is("stop"))
		atomic_store(&stop, true);
	while ((got = SSL_read(ssl, in, sizeof(in))) > 0)
		;
	printf("client: %s\n", SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN ?
	       SSL_get_error(ssl, got) == SSL_ERROR_ZERO_RETURN ?
	       "close_notify" : "alert" : "cut off");
	close(client_fd);
}

static void *client(void *ctx)
{
	SSL *ssl = SSL_new(ctx);

	SSL_set_fd(ssl, client_fd);
	if (SSL_connect(ssl) == 1)
		talk(ssl);
	else
		puts("client: no handshake");
	SSL_free(ssl);
	return NULL;
}

/* What worker_main() does with relays. */
static void serve(struct worker *worker)
{
	struct epoll_event events[16];
	struct timer *timer;

	while (worker->relays) {
		int wait = timers_wait(&worker->timers, now_ns());
		int i, count = epoll_wait(worker->epoll, events, 16,
					  wait < 0 || wait > 100 ? 100 : wait);
		uint64_t now = now_ns();

		for (i = 0; i < count; i++)
			if (((struct source *)events[i].data.ptr)->kind ==
			    SOURCE_RELAY)
				relay_event(events[i].data.ptr,
					    events[i].events);
		while ((timer = timers_due(&worker->timers, now)))
			timer->expired(timer);
		relay_bury(worker);
		if (atomic_load(&stop))
			relay_end_all(worker);
	}
	timers_free(&worker->timers);
	close(worker->epoll);
}

static SSL_CTX *context(const SSL_METHOD *method)
{
	SSL_CTX *ctx = SSL_CTX_new(method);

	SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_cipher_list(ctx, "ECDHE-RSA-AES128-SHA");
	SSL_CTX_set_quiet_shutdown(ctx, method == TLS_server_method());
	return ctx;
}

int main(int argc, char **argv)
{
	struct worker worker = { .epoll = epoll_create1(EPOLL_CLOEXEC) };
	struct handshake handshake = { .worker = &worker };
	struct epoll_event event = { .data.ptr = &handshake.source };
	SSL_CTX *server_ctx = context(TLS_server_method());
	SSL_CTX *client_ctx = context(TLS_client_method());
	pthread_t threads[2];
	BIO *bio;
	int ends[2], i;

	if (argc != 4 || !loopback_pair(LOOPBACK_IPV4, ends) ||
	    SSL_CTX_use_certificate_file(server_ctx, argv[1], 1) != 1 ||
	    SSL_CTX_use_PrivateKey_file(server_ctx, argv[2], 1) != 1)
		return 2;
	mode = argv[3];
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; i < (int)sizeof(block); i++)
		block[i] = random();
	client_fd = ends[1];
	pthread_create(&threads[0], NULL, client, client_ctx);
	handshake.source.kind = SOURCE_HANDSHAKE;
	handshake.fd = ends[0];
	handshake.ssl = SSL_new(server_ctx);
	bio = BIO_new_socket(ends[0], BIO_NOCLOSE);
	SSL_set_bio(handshake.ssl, bio, bio);
	if (SSL_accept(handshake.ssl) != 1)
		return 2;
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	epoll_ctl(worker.epoll, EPOLL_CTL_ADD, ends[0], &event);
	if (!relay_begin(&handshake))
		return 2;
	pthread_create(&threads[1], NULL, agent, NULL);
	serve(&worker);
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	SSL_CTX_free(server_ctx);
	SSL_CTX_free(client_ctx);
	puts("relay: ended");
	return 0;
}
