// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * updates PORT CA CERTIFICATE KEY SUITE COUNT BYTES: OpenSSL's client. Sends
 * standard input, a file, and writes what it is sent to standard output, both at
 * once, and changes its keys COUNT times meanwhile, by turns with and without
 * asking for the other side's. Its close_notify goes when it has got BYTES: it
 * could not answer a KeyUpdate behind that, which OpenSSL takes for an error; and
 * it is never far ahead of what it has got. What it saw is on standard error, as
 * JSON.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK		16384
#define STALLED_MS	60000
#define AHEAD		65536

struct load {
	SSL *ssl;
	const char *data;
	size_t size, sent, got;
	size_t wanted;		/* before the end is told */
	int count, begun;	/* KeyUpdates to begin, and begun */
	int updates[2];		/* KeyUpdates received and sent, answers too */
	bool pending;		/* a write that SSL wants to be repeated */
	bool finished;		/* our close_notify is out */
	bool ended;		/* the server's is in */
	short events;
};

static void die(const char *what)
{
	fprintf(stderr, "%s: ", what);
	ERR_print_errors_fp(stderr);
	exit(1);
}

/* Only called with what SSL wants to be called again for. */
static void wants(struct load *load, int ret, const char *what)
{
	switch (SSL_get_error(load->ssl, ret)) {
	case SSL_ERROR_WANT_READ:
		load->events |= POLLIN;
		return;
	case SSL_ERROR_WANT_WRITE:
		load->events |= POLLOUT;
		return;
	default:
		die(what);
	}
}

static void saw(int write_p, int version, int type, const void *buf, size_t len,
		SSL *ssl, void *arg)
{
	struct load *load = arg;

	(void)version;
	(void)ssl;
	if (type == SSL3_RT_HANDSHAKE && len &&
	    *(const unsigned char *)buf == SSL3_MT_KEY_UPDATE)
		load->updates[!!write_p]++;
}

static bool push(struct load *load)
{
	size_t between = load->size / (load->count + 1);
	size_t chunk = load->size - load->sent;
	int ret;

	if (load->begun < load->count && !load->pending &&
	    load->sent >= between * (load->begun + 1)) {
		if (SSL_key_update(load->ssl, load->begun % 2 ?
				   SSL_KEY_UPDATE_REQUESTED :
				   SSL_KEY_UPDATE_NOT_REQUESTED) != 1)
			die("KeyUpdate");
		load->begun++;
	}
	ret = SSL_write(load->ssl, load->data + load->sent,
			chunk > CHUNK ? CHUNK : (int)chunk);
	load->pending = ret <= 0;
	if (load->pending)
		wants(load, ret, "write");
	else
		load->sent += ret;
	return !load->pending;
}

/* With BYTES not far ahead of what came: what is asked must find us writing. */
static bool may_push(const struct load *load)
{
	return load->sent < load->size &&
	       (!load->wanted || load->pending ||
		load->sent < load->got + AHEAD);
}

static bool pull(struct load *load)
{
	static char in[CHUNK];
	int ret = SSL_read(load->ssl, in, sizeof(in));

	if (ret > 0) {
		load->got += ret;
		return fwrite(in, 1, ret, stdout) == (size_t)ret;
	}
	if (SSL_get_error(load->ssl, ret) == SSL_ERROR_ZERO_RETURN)
		load->ended = true;
	else
		wants(load, ret, "read");
	return load->ended;
}

static void finish(struct load *load)
{
	int ret = 1;

	/* The answer to a KeyUpdate may be still to be sent. */
	if (SSL_in_init(load->ssl))
		ret = SSL_do_handshake(load->ssl);
	if (ret == 1)
		ret = SSL_shutdown(load->ssl);
	if (ret < 0)
		wants(load, ret, "close_notify");
	else
		load->finished = true;
}

static void run(struct load *load, int fd)
{
	while (!load->ended) {
		struct pollfd wait = { .fd = fd };
		bool moved = false;

		ERR_clear_error();
		load->events = 0;
		if (may_push(load))
			moved = push(load);
		else if (load->sent == load->size && !load->finished &&
			 load->got >= load->wanted)
			finish(load);
		if (pull(load) || moved)
			continue;
		wait.events = load->events;
		if (poll(&wait, 1, STALLED_MS) <= 0)
			die("stalled");
	}
}

static int dial(int port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	/* Nor may all of it wait here while the agent has read nothing. */
	int room = 32768;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)))
		die("connect");
	return fd;
}

int main(int argc, char **argv)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	struct load load = {};
	struct stat file;
	int fd;

	if (argc != 8 || fstat(0, &file))
		return 2;
	load.size = file.st_size;
	load.data = mmap(NULL, load.size, PROT_READ, MAP_PRIVATE, 0, 0);
	load.count = atoi(argv[6]);
	load.wanted = strtoul(argv[7], NULL, 10);
	if (load.data == MAP_FAILED ||
	    SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) != 1 ||
	    SSL_CTX_set_ciphersuites(ctx, argv[5]) != 1 ||
	    SSL_CTX_load_verify_file(ctx, argv[2]) != 1 ||
	    SSL_CTX_use_certificate_chain_file(ctx, argv[3]) != 1 ||
	    SSL_CTX_use_PrivateKey_file(ctx, argv[4], SSL_FILETYPE_PEM) != 1)
		die("context");
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_msg_callback(ctx, saw);
	SSL_CTX_set_msg_callback_arg(ctx, &load);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
			 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	fd = dial(atoi(argv[1]));
	load.ssl = SSL_new(ctx);
	if (SSL_set1_host(load.ssl, "localhost") != 1 ||
	    SSL_set_fd(load.ssl, fd) != 1 || SSL_connect(load.ssl) != 1)
		die("handshake");
	if (fcntl(fd, F_SETFL, O_NONBLOCK))
		die("fcntl");
	run(&load, fd);
	fprintf(stderr, "{\"updates_sent\":%d,\"updates_received\":%d}\n",
		load.updates[1], load.updates[0]);
	SSL_free(load.ssl);
	SSL_CTX_free(ctx);
	close(fd);
	return fflush(stdout) || load.sent != load.size;
}
