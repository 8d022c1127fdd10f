// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * usage: agent PORT [kernel|passed|user CERTIFICATE KEY CA]
 * A server as Kafka's are: non-blocking sockets, one epoll, reads by size, answers
 * from a file by sendfile. Plaintext, or with OpenSSL of its own: "kernel" is kTLS
 * and SSL_sendfile(), "user" neither. "passed" is kTLS whose sockets another process
 * serves: the least that a helper in front of an agent can be. It shakes hands in a
 * thread, is told the traffic secrets, and looks at nothing. CA is '-' where clients
 * have no certificate.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "ask.h"
#include "pass.h"

struct conn {
	int fd;
	SSL *ssl;
	bool shaking;	/* hands */
};

static SSL_CTX *ctx;
static bool in_kernel, passing;
static int epoll, give_to = -1, take_from = -1;
static int file;
static char *contents;
static char buffer[ASK_SIZE_MAX];

/* Whether the call is worth another try; waits for that. */
static bool again(const struct conn *c, ssize_t ret)
{
	struct pollfd p = { .fd = c->fd };

	if (!c->ssl)
		p.events = errno == EAGAIN ? POLLIN | POLLOUT : 0;
	else if (SSL_get_error(c->ssl, ret) == SSL_ERROR_WANT_READ)
		p.events = POLLIN;
	else if (SSL_get_error(c->ssl, ret) == SSL_ERROR_WANT_WRITE)
		p.events = POLLOUT;
	return p.events && poll(&p, 1, -1) == 1;
}

static bool wait_for(const struct conn *c, int ret, short events)
{
	struct pollfd p = { .fd = c->fd, .events = events };

	if (c->ssl)
		return again(c, ret);
	return errno == EAGAIN && poll(&p, 1, -1) == 1;
}

static bool receive(const struct conn *c, char *to, size_t len)
{
	ssize_t got;

	while (len) {
		got = c->ssl ? SSL_read(c->ssl, to, len) : read(c->fd, to, len);
		if (got > 0) {
			to += got;
			len -= got;
		} else if (!got || !wait_for(c, got, POLLIN)) {
			return false;
		}
	}
	return true;
}

static bool transmit(const struct conn *c, const char *from, size_t len)
{
	ssize_t sent;

	while (len) {
		sent = c->ssl ? SSL_write(c->ssl, from, len) :
				write(c->fd, from, len);
		if (sent > 0) {
			from += sent;
			len -= sent;
		} else if (!wait_for(c, sent, POLLOUT)) {
			return false;
		}
	}
	return true;
}

static bool transmit_file(const struct conn *c, size_t len)
{
	off_t offset = 0;
	ssize_t sent;

	if (c->ssl && !in_kernel)
		return transmit(c, contents, len);
	while (offset < len) {
		if (c->ssl) {
			sent = SSL_sendfile(c->ssl, file, offset, len - offset, 0);
			if (sent > 0)
				offset += sent;
		} else {
			sent = sendfile(c->fd, file, &offset, len - offset);
		}
		if (sent <= 0 && !wait_for(c, sent, POLLOUT))
			return false;
	}
	return true;
}

static bool serve(const struct conn *c)
{
	struct ask ask;

	if (!receive(c, (char *)&ask, sizeof(ask)) || ask.size > ASK_SIZE_MAX)
		return false;
	switch (ask.op) {
	case ASK_FETCH:
		return transmit_file(c, ask.size);
	case ASK_PRODUCE:
		return receive(c, buffer, ask.size) &&
		       transmit(c, (char *)&ask, sizeof(ask));
	case ASK_ECHO:
		return receive(c, buffer, ask.size) &&
		       transmit(c, buffer, ask.size);
	}
	return false;
}

static void end(struct conn *c)
{
	if (c->ssl) {
		SSL_shutdown(c->ssl);
		SSL_free(c->ssl);
	}
	/* Who passed it on may hold it still, and so does what watches it. */
	if (take_from >= 0)
		epoll_ctl(epoll, EPOLL_CTL_DEL, c->fd, NULL);
	close(c->fd);
	free(c);
}

static struct conn *begin(int listener)
{
	struct conn *c = calloc(1, sizeof(*c));
	int one = 1;

	if (listener == take_from) {
		c->fd = pass_take(listener);
		return c;
	}
	c->fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	if (c->fd < 0)
		err(1, "accept");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (!ctx)
		return c;
	c->ssl = SSL_new(ctx);
	SSL_set_fd(c->ssl, c->fd);
	c->shaking = true;
	return c;
}

/* Done, failed, or to be continued once the client has sent more. */
static bool shake(struct conn *c)
{
	int ret = SSL_accept(c->ssl);

	if (ret != 1)
		return SSL_get_error(c->ssl, ret) == SSL_ERROR_WANT_READ;
	c->shaking = false;
	if (in_kernel && (!BIO_get_ktls_send(SSL_get_wbio(c->ssl)) ||
			  !BIO_get_ktls_recv(SSL_get_rbio(c->ssl))))
		errx(1, "no kTLS");
	return true;
}

/* Its session is to be resumed: it was shut down in order, as far as this knows. */
static void give(struct conn *c)
{
	SSL_set_shutdown(c->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(c->ssl);
	/* What is watched is the file, which does not end here. */
	epoll_ctl(epoll, EPOLL_CTL_DEL, c->fd, NULL);
	pass_give(give_to, c->fd);
	free(c);
}

/* What OpenSSL has read already no epoll tells of. */
static bool pending(const struct conn *c)
{
	return c->ssl && SSL_has_pending(c->ssl);
}

static void event_of(struct conn *c)
{
	if (c->shaking) {
		if (!shake(c))
			end(c);
		else if (!c->shaking && passing)
			give(c);
		else if (!c->shaking && pending(c))
			event_of(c);
		return;
	}
	do {
		if (!serve(c)) {
			end(c);
			return;
		}
	} while (pending(c));
}

static void loop(int listener)
{
	struct epoll_event event = { .events = EPOLLIN }, events[64];
	int count, i;

	epoll = epoll_create1(0);
	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
	for (;;) {
		count = epoll_wait(epoll, events, 64, -1);
		for (i = 0; i < count; i++) {
			struct conn *c = events[i].data.ptr;

			if (c) {
				event_of(c);
				continue;
			}
			c = begin(listener);
			event.data.ptr = c;
			epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event);
		}
	}
}

static void *loop_in_thread(void *listener)
{
	loop(*(int *)listener);
	return NULL;
}

/* The other process has what is passed, and no key. */
static void start_passing(int listener)
{
	pthread_t thread;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair))
		err(1, "socketpair");
	switch (fork()) {
	case -1:
		err(1, "fork");
	case 0:
		SSL_CTX_free(ctx);
		ctx = NULL;
		close(listener);
		close(pair[0]);
		take_from = pair[1];
		loop(take_from);
	}
	close(pair[1]);
	give_to = pair[0];
	if (pthread_create(&thread, NULL, loop_in_thread, &listener))
		errx(1, "no thread");
	pthread_join(thread, NULL);
}

/* OpenSSL tells traffic secrets in no other way, and the kernel's key updates need
 * them.
 */
static void on_key_log(const SSL *ssl, const char *line)
{
	(void)ssl;
	(void)line;
}

static void tls(char **argv)
{
	static const unsigned char context[] = "bench";

	passing = !strcmp(argv[0], "passed");
	in_kernel = passing || !strcmp(argv[0], "kernel");
	ctx = SSL_CTX_new(TLS_server_method());
	if (passing)
		SSL_CTX_set_keylog_callback(ctx, on_key_log);
	SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
			      SSL_MODE_RELEASE_BUFFERS |
			      SSL_MODE_NO_AUTO_CHAIN);
	SSL_CTX_set_session_id_context(ctx, context, sizeof(context));
	/* One ticket, whose session is kept here, no search for a chain of its own
	 * certificate each time, and its own order: as the helper has it.
	 */
	SSL_CTX_set_num_tickets(ctx, 1);
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET |
				 SSL_OP_CIPHER_SERVER_PREFERENCE);
	if (in_kernel)
		SSL_CTX_set_options(ctx, SSL_OP_ENABLE_KTLS);
	if (SSL_CTX_use_certificate_chain_file(ctx, argv[1]) != 1 ||
	    SSL_CTX_use_PrivateKey_file(ctx, argv[2], SSL_FILETYPE_PEM) != 1)
		errx(1, "certificate");
	if (!strcmp(argv[3], "-"))
		return;
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER |
			   SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	if (!SSL_CTX_load_verify_file(ctx, argv[3]))
		errx(1, "CA");
	SSL_CTX_set_client_CA_list(ctx, SSL_load_client_CA_file(argv[3]));
}

static void make_file(void)
{
	uint32_t i;

	file = memfd_create("log", 0);
	if (file < 0 || ftruncate(file, ASK_SIZE_MAX))
		err(1, "memfd");
	contents = mmap(NULL, ASK_SIZE_MAX, PROT_READ | PROT_WRITE, MAP_SHARED,
			file, 0);
	if (contents == MAP_FAILED)
		err(1, "mmap");
	for (i = 0; i < ASK_SIZE_MAX; i++)
		contents[i] = ask_byte(i);
}

int main(int argc, char **argv)
{
	struct rlimit files = { 65536, 65536 };
	struct sockaddr_in6 at = { .sin6_family = AF_INET6 };
	int listener, one = 1;

	if (argc != 2 && argc != 6)
		errx(2, "usage: agent PORT [kernel|passed|user CERTIFICATE KEY CA]");
	signal(SIGPIPE, SIG_IGN);
	setrlimit(RLIMIT_NOFILE, &files);
	make_file();
	if (argc == 6)
		tls(argv + 2);
	at.sin6_port = htons(atoi(argv[1]));
	listener = socket(AF_INET6, SOCK_STREAM, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener, (struct sockaddr *)&at, sizeof(at)) ||
	    listen(listener, 4096))
		err(1, "listen");
	puts("listening");
	fflush(stdout);
	if (passing)
		start_passing(listener);
	loop(listener);
}
