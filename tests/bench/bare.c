// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * usage: bare PORT CA CERTIFICATE KEY [ktls]
 * The floor that the helper's handshakes are compared with: a loop that accepts,
 * lets OpenSSL do the handshake with the settings of the helper, and echoes once.
 * After each connection it prints the processor's nanoseconds that all of them
 * took from accept() to the end of their handshakes, without the echoes.
 */
#include <arpa/inet.h>
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ssl.h>

static uint64_t spent(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int listen_at(int port)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) ||
	    listen(fd, 128))
		err(1, "listen");
	return fd;
}

static SSL_CTX *context(char **argv)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (!SSL_CTX_load_verify_file(ctx, argv[2]) ||
	    SSL_CTX_use_certificate_file(ctx, argv[3], SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_use_PrivateKey_file(ctx, argv[4], SSL_FILETYPE_PEM) != 1)
		errx(1, "certificates");
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER |
			   SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	/* Or it would look for a chain of its own certificate each time. */
	SSL_CTX_set_mode(ctx, SSL_MODE_NO_AUTO_CHAIN);
	/* And AES-128 first, as a gate without a profile has it. */
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
			    SSL_OP_CIPHER_SERVER_PREFERENCE);
	if (!SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384"))
		errx(1, "cipher suites");
	if (argv[5] && !strcmp(argv[5], "ktls"))
		SSL_CTX_set_options(ctx, SSL_OP_ENABLE_KTLS);
	SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"bare", 4);
	SSL_CTX_set_num_tickets(ctx, 1);
	SSL_CTX_set_quiet_shutdown(ctx, 1);
	return ctx;
}

int main(int argc, char **argv)
{
	uint64_t total = 0;
	SSL_CTX *ctx;
	int listener;

	if (argc != 5 && argc != 6)
		errx(2, "usage: bare PORT CA CERTIFICATE KEY [ktls]");
	ctx = context(argv);
	listener = listen_at(atoi(argv[1]));
	for (;;) {
		uint64_t began = spent();
		char buf[64];
		SSL *ssl;
		int fd, got;

		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		ssl = SSL_new(ctx);
		SSL_set_fd(ssl, fd);
		if (SSL_accept(ssl) != 1)
			errx(1, "no handshake");
		total += spent() - began;
		printf("%llu\n", (unsigned long long)total);
		fflush(stdout);
		got = SSL_read(ssl, buf, sizeof(buf));
		if (got <= 0 || SSL_write(ssl, buf, got) != got)
			errx(1, "no echo");
		began = spent();
		SSL_shutdown(ssl);
		SSL_free(ssl);
		total += spent() - began;
		close(fd);
	}
}
