/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_TLS_H
#define TESTS_TLS_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TLS_SECRET_MAX 48

/* What a handshake shall come to. All zeroes: TLS 1.3, AES-128-GCM. */
struct tls_params {
	int version;		/* TLS1_2_VERSION, TLS1_3_VERSION or 0 */
	const char *suite;	/* OpenSSL's name, NULL: AES-128-GCM */
	int tickets;		/* NewSessionTickets that the server sends */
	bool server_plain;	/* leaves the server's end without kTLS */
	bool client_ktls;	/* for tls_send_record() with TLS 1.2 */
};

/* The client's end: OpenSSL on a blocking socket with a deadline. */
struct tls_client {
	int fd;
	SSL *ssl;		/* NULL: a plain TCP connection */
	int updates_in;
	int updates_out;
	int tickets_in;
	int alert_in;		/* AlertDescription received, -1: none */
	uint16_t suite;		/* IANA value */
	size_t secret_len;
	uint8_t secret[TLS_SECRET_MAX];		/* client's, TLS 1.3 */
	uint8_t peer_secret[TLS_SECRET_MAX];	/* server's */
};

/* The server's end, after the handshake: what a helper hands off. */
struct tls_server {
	int fd;
	bool ktls_tx;
	bool ktls_rx;
	uint16_t version;
	uint16_t suite;
	size_t secret_len;
	uint8_t secret_rx[TLS_SECRET_MAX];
	uint8_t secret_tx[TLS_SECRET_MAX];
};

/*
 * The handshake between two connected sockets, in this thread. 0, or -1 with
 * a line on stderr. Both fds stay the caller's, client->fd among them.
 */
int tls_handshake(int client_fd, int server_fd, const struct tls_params *params,
		  struct tls_client *client, struct tls_server *server);

/* Plain or TLS: as read(2) and write(2); 0 is end of file. */
ssize_t tls_read(struct tls_client *c, void *buf, size_t len);
ssize_t tls_write(struct tls_client *c, const void *buf, size_t len);
/* All of len, or what came before the end. */
ssize_t tls_read_all(struct tls_client *c, void *buf, size_t len);
/* Ends the client's direction: close_notify, or FIN on plain TCP. */
int tls_finish(struct tls_client *c);
/* Sends a KeyUpdate at once, with nothing behind it. */
int tls_update(struct tls_client *c, bool request);
/* Did the server send close_notify? Plain: true, a FIN is all there is. */
bool tls_got_close_notify(const struct tls_client *c);
/* Whether the connection comes to an end, clean or not, within the deadline. */
bool tls_ended(struct tls_client *c);
void tls_close(struct tls_client *c);

/* One record of any content type through the client's own kTLS. */
ssize_t tls_send_record(struct tls_client *c, uint8_t type, const void *buf,
			size_t len);

/* Records made by hand, TLS 1.3, from the client's first application one. */
struct tls_raw {
	int fd;
	uint16_t suite;
	uint64_t seq;
	size_t secret_len;
	uint8_t secret[TLS_SECRET_MAX];
	uint8_t key[32];
	size_t key_len;
	uint8_t iv[12];
};

int tls_raw_open(struct tls_raw *raw, const struct tls_client *c);
/* The record into out: its length, at most len + pad + 22; or -1. */
int tls_raw_seal(struct tls_raw *raw, uint8_t type, const void *buf, size_t len,
		 size_t pad, uint8_t *out);
int tls_raw_send(struct tls_raw *raw, uint8_t type, const void *buf,
		 size_t len);
/* The keys after the client's KeyUpdate. */
int tls_raw_update(struct tls_raw *raw);

#endif
