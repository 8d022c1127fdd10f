// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * profile-server PROFILE RELAY CERTIFICATE KEY: a TLS server whose context has
 * what a gate of this profile has. Prints its port. It needs no kernel module.
 */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>

#include "../../userspace/ktls.h"
#include "../../userspace/profile.h"

/* profile.c tells findings of a configuration, which there is none of here. */
struct place config_place(const struct gate_config *gate, enum gate_key key)
{
	(void)gate;
	(void)key;
	return (struct place){};
}

void report_add(struct report *report, enum severity severity,
		const struct place *place, const char *format, ...)
{
	(void)report;
	(void)severity;
	(void)place;
	(void)format;
}

static int listen_somewhere(void)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t size = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) || listen(fd, 64) ||
	    getsockname(fd, (struct sockaddr *)&at, &size)) {
		perror("listen");
		return -1;
	}
	printf("%u\n", ntohs(at.sin_port));
	fflush(stdout);
	return fd;
}

static int profile_of(const char *name)
{
	int i;

	for (i = 0; profile_names[i]; i++)
		if (!strcmp(profile_names[i], name))
			return i;
	return -1;
}

int main(int argc, char **argv)
{
	/* A library context of its own, as a worker has. */
	OSSL_LIB_CTX *lib = OSSL_LIB_CTX_new();
	SSL_CTX *ctx = SSL_CTX_new_ex(lib, NULL, TLS_server_method());
	struct gate_config gate = {};
	int listener;

	if (argc != 5)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	gate.tls_profile = profile_of(argv[1]);
	gate.relay = !strcmp(argv[2], "true");
	if (gate.tls_profile < 0 || !profile_apply(&gate, KTLS_ALL, ctx) ||
	    !SSL_CTX_use_certificate_chain_file(ctx, argv[3]) ||
	    !SSL_CTX_use_PrivateKey_file(ctx, argv[4], SSL_FILETYPE_PEM)) {
		ERR_print_errors_fp(stderr);
		return 1;
	}
	listener = listen_somewhere();
	while (listener >= 0) {
		int fd = accept(listener, NULL, NULL);
		SSL *ssl = SSL_new(ctx);

		SSL_set_fd(ssl, fd);
		SSL_accept(ssl);
		SSL_free(ssl);
		close(fd);
	}
	return 1;
}
