// SPDX-License-Identifier: GPL-2.0-or-later
/* A TLS handshake inside one process, and the client's end of it. */
#include <errno.h>
#include <linux/tls.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net.h"
#include "tls.h"

#ifndef SOL_TLS
#define SOL_TLS 282
#endif

static int client_index = -1, server_index = -1;
static SSL_CTX *client_ctx, *server_ctx;

static int complain(const char *what)
{
	fprintf(stderr, "# tls: %s\n", what);
	ERR_print_errors_fp(stderr);
	return -1;
}

/* keylog line: LABEL client_random secret, in hex */
static size_t keylog_secret(const char *line, const char *label, uint8_t *out)
{
	size_t len = strlen(label), n = 0;
	const char *hex;

	if (strncmp(line, label, len) || line[len] != ' ')
		return 0;
	for (hex = strrchr(line, ' ') + 1; hex[0] && hex[1]; hex += 2) {
		if (n == TLS_SECRET_MAX || sscanf(hex, "%2hhx", &out[n]) != 1)
			return 0;
		n++;
	}
	return n;
}

static void keylog(const SSL *ssl, const char *line)
{
	struct tls_client *c = SSL_get_ex_data(ssl, client_index);
	struct tls_server *s = SSL_get_ex_data(ssl, server_index);
	uint8_t *client = c ? c->secret : s->secret_rx;
	uint8_t *server = c ? c->peer_secret : s->secret_tx;
	size_t n;

	n = keylog_secret(line, "CLIENT_TRAFFIC_SECRET_0", client);
	if (n && c)
		c->secret_len = n;
	else if (n)
		s->secret_len = n;
	keylog_secret(line, "SERVER_TRAFFIC_SECRET_0", server);
}

static void client_message(int write, int version, int type, const void *buf,
			   size_t len, SSL *ssl, void *arg)
{
	struct tls_client *c = SSL_get_ex_data(ssl, client_index);
	const uint8_t *b = buf;

	if (type == SSL3_RT_HANDSHAKE && len && b[0] == SSL3_MT_KEY_UPDATE) {
		if (write)
			c->updates_out++;
		else
			c->updates_in++;
	}
	if (type == SSL3_RT_HANDSHAKE && len && !write &&
	    b[0] == SSL3_MT_NEWSESSION_TICKET)
		c->tickets_in++;
	if (type == SSL3_RT_ALERT && !write && len == 2)
		c->alert_in = b[1];
}

static int self_signed(SSL_CTX *ctx)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	X509_NAME *name;
	int ok = 0;

	if (key && cert) {
		name = X509_get_subject_name(cert);
		ok = X509_set_version(cert, X509_VERSION_3) &&
		     ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) &&
		     X509_gmtime_adj(X509_getm_notBefore(cert), -3600) &&
		     X509_gmtime_adj(X509_getm_notAfter(cert), 86400) &&
		     X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
						(const uint8_t *)"agent",
						-1, -1, 0) &&
		     X509_set_issuer_name(cert, name) &&
		     X509_set_pubkey(cert, key) &&
		     X509_sign(cert, key, EVP_sha256()) &&
		     SSL_CTX_use_certificate(ctx, cert) == 1 &&
		     SSL_CTX_use_PrivateKey(ctx, key) == 1;
	}
	X509_free(cert);
	EVP_PKEY_free(key);
	return ok ? 0 : complain("cannot make a certificate");
}

/*
 * Before main(), so that it is done once for a program and not again in each
 * test, which is a process of its own: OpenSSL's setup costs more than a
 * handshake, above all in emulation.
 */
static int contexts_error = -1;

static int make_contexts(void)
{
	client_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	server_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	client_ctx = SSL_CTX_new(TLS_client_method());
	server_ctx = SSL_CTX_new(TLS_server_method());
	if (!client_ctx || !server_ctx)
		return complain("no memory");
	SSL_CTX_set_keylog_callback(client_ctx, keylog);
	SSL_CTX_set_keylog_callback(server_ctx, keylog);
	SSL_CTX_set_session_cache_mode(server_ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(client_ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
				     SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	return self_signed(server_ctx);
}

static void __attribute__((constructor)) contexts(void)
{
	contexts_error = make_contexts();
}

static int set_params(SSL *ssl, const struct tls_params *p)
{
	int version = p->version ? p->version : TLS1_3_VERSION;

	if (SSL_set_min_proto_version(ssl, version) != 1 ||
	    SSL_set_max_proto_version(ssl, version) != 1)
		return -1;
	if (version == TLS1_3_VERSION)
		return SSL_set_ciphersuites(ssl, p->suite ? p->suite :
					    "TLS_AES_128_GCM_SHA256") - 1;
	SSL_set_options(ssl, SSL_OP_NO_TICKET);
	return SSL_set_cipher_list(ssl, p->suite ? p->suite :
				   "ECDHE-ECDSA-AES128-GCM-SHA256") - 1;
}

/* 1: done, 0: wants more, -1: failed */
static int step(SSL *ssl)
{
	int ret = SSL_do_handshake(ssl), err = SSL_get_error(ssl, ret);

	if (ret == 1)
		return 1;
	return err == SSL_ERROR_WANT_READ || err == SSL_ERROR_WANT_WRITE ?
	       0 : -1;
}

static int run(SSL *client, SSL *server)
{
	struct pollfd p[2] = { { .fd = SSL_get_fd(client), .events = POLLIN },
			       { .fd = SSL_get_fd(server), .events = POLLIN } };
	uint64_t end = net_now_ms() + NET_DEADLINE_MS;
	int c = 0, s = 0;

	while (c != 1 || s != 1) {
		if (c != 1)
			c = step(client);
		if (s != 1)
			s = step(server);
		if (c < 0 || s < 0)
			return complain(c < 0 ? "client's handshake failed" :
						"server's handshake failed");
		if (net_now_ms() > end)
			return complain("the handshake does not end");
		if (c != 1 && s != 1)
			poll(p, 2, 100);
	}
	return 0;
}

int tls_handshake(int client_fd, int server_fd, const struct tls_params *params,
		  struct tls_client *client, struct tls_server *server)
{
	SSL *c, *s = NULL;
	int ret = -1;

	memset(client, 0, sizeof(*client));
	memset(server, 0, sizeof(*server));
	client->fd = client_fd;
	client->alert_in = -1;
	server->fd = server_fd;
	if (contexts_error)
		return -1;
	c = SSL_new(client_ctx);
	s = SSL_new(server_ctx);
	if (!c || !s || set_params(c, params) || set_params(s, params) ||
	    !SSL_set_ex_data(c, client_index, client) ||
	    !SSL_set_ex_data(s, server_index, server)) {
		complain("cannot set up the handshake");
		goto out;
	}
	SSL_set_msg_callback(c, client_message);
	if (params->client_ktls)
		SSL_set_options(c, SSL_OP_ENABLE_KTLS);
	if (!params->server_plain)
		SSL_set_options(s, SSL_OP_ENABLE_KTLS);
	SSL_set_num_tickets(s, params->tickets);
	SSL_set_connect_state(c);
	SSL_set_accept_state(s);
	if (!SSL_set_fd(c, client_fd) || !SSL_set_fd(s, server_fd) ||
	    net_nonblock(client_fd, true) || net_nonblock(server_fd, true) ||
	    run(c, s)) {
		complain("no handshake");
		goto out;
	}
	net_nonblock(client_fd, false);
	net_timeout(client_fd, NET_DEADLINE_MS);
	client->suite = SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(c));
	server->suite = SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(s));
	server->version = SSL_version(s);
	server->ktls_tx = BIO_get_ktls_send(SSL_get_wbio(s));
	server->ktls_rx = BIO_get_ktls_recv(SSL_get_rbio(s));
	client->ssl = c;
	c = NULL;
	ret = 0;
out:
	SSL_free(c);
	/* Not SSL_shutdown(): the connection lives on without this SSL. */
	SSL_free(s);
	return ret;
}

static ssize_t failed(struct tls_client *c, int ret)
{
	switch (SSL_get_error(c->ssl, ret)) {
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		errno = EAGAIN;
		return -1;
	case SSL_ERROR_SYSCALL:
		return errno ? -1 : 0;
	default:
		/* FIN without close_notify, or a fatal alert received */
		errno = EPROTO;
		return -1;
	}
}

ssize_t tls_read(struct tls_client *c, void *buf, size_t len)
{
	int ret;

	if (!c->ssl)
		return read(c->fd, buf, len);
	ERR_clear_error();
	errno = 0;
	ret = SSL_read(c->ssl, buf, len);
	return ret > 0 ? ret : failed(c, ret);
}

ssize_t tls_write(struct tls_client *c, const void *buf, size_t len)
{
	size_t done = 0;
	int ret;

	while (done < len) {
		ERR_clear_error();
		errno = 0;
		if (c->ssl)
			ret = SSL_write(c->ssl, (char *)buf + done, len - done);
		else
			ret = write(c->fd, (char *)buf + done, len - done);
		if (ret <= 0)
			return c->ssl ? failed(c, ret) : ret;
		done += ret;
	}
	return done;
}

ssize_t tls_read_all(struct tls_client *c, void *buf, size_t len)
{
	size_t done = 0;
	ssize_t ret;

	while (done < len) {
		ret = tls_read(c, (char *)buf + done, len - done);
		if (ret < 0)
			return ret;
		if (!ret)
			break;
		done += ret;
	}
	return done;
}

int tls_finish(struct tls_client *c)
{
	if (!c->ssl)
		return shutdown(c->fd, SHUT_WR);
	ERR_clear_error();
	return SSL_shutdown(c->ssl) < 0 ? -1 : 0;
}

int tls_update(struct tls_client *c, bool request)
{
	int type = request ? SSL_KEY_UPDATE_REQUESTED :
			     SSL_KEY_UPDATE_NOT_REQUESTED;

	if (SSL_key_update(c->ssl, type) != 1)
		return complain("SSL_key_update failed");
	return SSL_do_handshake(c->ssl) == 1 ? 0 : -1;
}

bool tls_got_close_notify(const struct tls_client *c)
{
	return !c->ssl || SSL_get_shutdown(c->ssl) & SSL_RECEIVED_SHUTDOWN;
}

bool tls_ended(struct tls_client *c)
{
	char b;

	return tls_read(c, &b, 1) <= 0 && errno != EAGAIN;
}

void tls_close(struct tls_client *c)
{
	SSL_free(c->ssl);
	c->ssl = NULL;
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

ssize_t tls_send_record(struct tls_client *c, uint8_t type, const void *buf,
			size_t len)
{
	union {
		char buf[CMSG_SPACE(1)];
		struct cmsghdr align;
	} control = {};
	struct iovec iov = { .iov_base = (void *)buf, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
			      .msg_control = control.buf,
			      .msg_controllen = sizeof(control.buf) };
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_TLS;
	cmsg->cmsg_type = TLS_SET_RECORD_TYPE;
	cmsg->cmsg_len = CMSG_LEN(1);
	*CMSG_DATA(cmsg) = type;
	return sendmsg(c->fd, &msg, MSG_NOSIGNAL);
}
