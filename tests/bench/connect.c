// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * usage: connect PORT CA CERTIFICATE KEY full|resumed|timed COUNT GROUPS
 * Connections over TLS 1.3 with a client certificate, one after the other, each
 * with one echo. "resumed" continues the session of the connection before,
 * "timed" prints the milliseconds that each full one took.
 */
#include <arpa/inet.h>
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ssl.h>

static SSL_SESSION *last;

static int on_session(SSL *ssl, SSL_SESSION *session)
{
	(void)ssl;
	SSL_SESSION_free(last);
	last = session;
	return 1;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static int dial(int port)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)))
		err(1, "connect");
	return fd;
}

static void once(SSL_CTX *ctx, int port, bool resume)
{
	int fd = dial(port);
	SSL *ssl = SSL_new(ctx);
	bool again = resume && last;
	char c = 'x';

	SSL_set_fd(ssl, fd);
	if (again)
		SSL_set_session(ssl, last);
	if (SSL_connect(ssl) != 1 || SSL_write(ssl, &c, 1) != 1 ||
	    SSL_read(ssl, &c, 1) != 1)
		errx(1, "no handshake, or no echo");
	if (SSL_session_reused(ssl) != again)
		errx(1, again ? "not resumed" : "resumed");
	SSL_shutdown(ssl);
	SSL_free(ssl);
	close(fd);
}

int main(int argc, char **argv)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	bool resume;
	int i, count;

	if (argc != 8)
		errx(2, "usage: connect PORT CA CERTIFICATE KEY full|resumed|timed COUNT GROUPS");
	resume = !strcmp(argv[5], "resumed");
	count = atoi(argv[6]);
	SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	if (!SSL_CTX_set1_groups_list(ctx, argv[7]) ||
	    !SSL_CTX_load_verify_file(ctx, argv[2]) ||
	    SSL_CTX_use_certificate_file(ctx, argv[3], SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_use_PrivateKey_file(ctx, argv[4], SSL_FILETYPE_PEM) != 1)
		errx(1, "certificates, or the group");
	if (resume) {
		SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT |
					       SSL_SESS_CACHE_NO_INTERNAL);
		SSL_CTX_sess_set_new_cb(ctx, on_session);
		once(ctx, atoi(argv[1]), true);
	}
	for (i = 0; i < count; i++) {
		double began = now();

		once(ctx, atoi(argv[1]), resume);
		if (!strcmp(argv[5], "timed"))
			printf("%.1f\n", now() - began);
	}
	return 0;
}
