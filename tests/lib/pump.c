// SPDX-License-Identifier: GPL-2.0-or-later
/* A client that sends and receives at the same time. */
#include <errno.h>
#include <openssl/err.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>

#include "net.h"
#include "pair.h"
#include "pump.h"

#define CHUNK 65536

uint64_t pump_hash(uint64_t hash, const void *buf, size_t len)
{
	const uint8_t *b = buf;

	while (len--)
		hash = (hash ^ *b++) * 0x100000001b3ull;
	return hash;
}

struct state {
	struct pump *p;
	char out[CHUNK], in[CHUNK];
	size_t pending, offset;	/* of out */
	int updated;
	bool finished;		/* our close_notify is out */
	bool ended;		/* the agent's is in */
	short events;
	bool moved;
};

static bool fail(struct pump *p, const char *what, int err)
{
	char reason[100];

	ERR_error_string_n(ERR_get_error(), reason, sizeof(reason));
	snprintf(p->failure, sizeof(p->failure),
		 "%s after %zu sent, %zu received: SSL error %d, %.60s", what,
		 p->sent, p->got, err, reason);
	return false;
}

/* Notes what SSL waits for; false when it is no waiting but an error. */
static bool waits(struct state *s, int ret, const char *what)
{
	int err = SSL_get_error(s->p->client->ssl, ret);

	switch (err) {
	case SSL_ERROR_WANT_READ:
		s->events |= POLLIN;
		return true;
	case SSL_ERROR_WANT_WRITE:
		s->events |= POLLOUT;
		return true;
	default:
		return fail(s->p, what, err);
	}
}

static bool update(struct state *s)
{
	struct pump *p = s->p;
	SSL *ssl = p->client->ssl;
	size_t due = p->send / (p->updates + 1) * (s->updated + 1);
	int ret;

	if (s->updated == p->updates || s->pending || p->sent < due)
		return true;
	if (SSL_key_update(ssl, p->request ? SSL_KEY_UPDATE_REQUESTED :
					     SSL_KEY_UPDATE_NOT_REQUESTED) != 1)
		return fail(p, "KeyUpdate", 0);
	s->updated++;
	if (!p->alone)
		return true;
	/* Out with it now; if there is no room it goes with the next data. */
	ret = SSL_do_handshake(ssl);
	return ret == 1 || waits(s, ret, "KeyUpdate");
}

static bool push(struct state *s)
{
	struct pump *p = s->p;
	size_t chunk = p->chunk ? p->chunk : CHUNK;
	size_t between = p->send / (p->updates + 1);
	int ret;

	if (p->sent == p->send)
		return true;
	/* Data between all KeyUpdates: a run of them looks like an attack. */
	if (chunk > between)
		chunk = between;
	if (!s->pending) {
		s->pending = p->send - p->sent < chunk ? p->send - p->sent :
							 chunk;
		s->offset = 0;
		pair_fill(s->out, s->pending, p->sent);
	}
	ret = SSL_write(p->client->ssl, s->out + s->offset, s->pending);
	if (ret <= 0)
		return waits(s, ret, "write");
	p->hash_sent = pump_hash(p->hash_sent, s->out + s->offset, ret);
	s->offset += ret;
	s->pending -= ret;
	p->sent += ret;
	s->moved = true;
	return true;
}

static bool pull(struct state *s)
{
	struct pump *p = s->p;
	int ret = SSL_read(p->client->ssl, s->in, sizeof(s->in));

	if (ret > 0) {
		p->hash_got = pump_hash(p->hash_got, s->in, ret);
		p->got += ret;
		s->moved = true;
		return true;
	}
	if (SSL_get_error(p->client->ssl, ret) == SSL_ERROR_ZERO_RETURN) {
		s->ended = true;
		if (p->sent < p->send)
			return fail(p, "ended early", 0);
		return true;
	}
	return waits(s, ret, "read");
}

static bool finish(struct state *s)
{
	struct pump *p = s->p;
	int ret;

	if (s->finished || p->sent < p->send || p->got < p->expect)
		return true;
	if (SSL_in_init(p->client->ssl)) {
		ret = SSL_do_handshake(p->client->ssl);
		if (ret != 1)
			return waits(s, ret, "last KeyUpdate");
	}
	ret = SSL_shutdown(p->client->ssl);
	if (ret < 0)
		return waits(s, ret, "close_notify");
	s->finished = true;
	return true;
}

static void *run(void *arg)
{
	struct pump *p = arg;
	struct state *s = calloc(1, sizeof(*s));
	int n;

	s->p = p;
	while (!s->ended) {
		s->events = 0;
		s->moved = false;
		ERR_clear_error();
		if (!update(s) || !push(s) || !finish(s) || !pull(s))
			break;
		if (s->moved || s->ended)
			continue;
		n = net_poll(p->client->fd, s->events, NET_DEADLINE_MS);
		if (n <= 0) {
			fail(p, "stalled", n);
			break;
		}
	}
	free(s);
	return NULL;
}

int pump_start(struct pump *p)
{
	p->hash_sent = PUMP_HASH;
	p->hash_got = PUMP_HASH;
	if (net_nonblock(p->client->fd, true))
		return -1;
	return pthread_create(&p->thread, NULL, run, p);
}

void pump_join(struct pump *p)
{
	pthread_join(p->thread, NULL);
	net_nonblock(p->client->fd, false);
}

int pump_echo(int agent)
{
	static char b[65536];
	ssize_t n;

	while ((n = read(agent, b, sizeof(b))) > 0)
		if (pair_send(agent, b, n))
			return -1;
	return n;
}

void *pump_file(void *sender)
{
	struct pump_file *file = sender;
	off_t off = 0;

	while (off < file->len && !file->failed)
		if (sendfile(file->fd, file->file, &off, file->len - off) <= 0)
			file->failed = errno;
	return NULL;
}
