// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>

#include <linux/ktlsgate.h>

#include "handoff.h"
#include "relay.h"

/*
 * Bytes under way in each direction; when they stand, reading stops, and TCP
 * tells the sender. No splice() or MSG_ZEROCOPY here: all bytes pass OpenSSL,
 * which needs them in our memory on both sides, and over loopback the kernel
 * would copy them all the same.
 */
#define BUFFER_SIZE	65536

/* In a row, before others have their turn. */
#define ROUNDS		16

/* As long as the kernel keeps a connection that its owner closed. */
#define GOODBYE_NS	60000000000ULL

struct buffer {
	unsigned char *data;	/* NULL when empty */
	size_t begin, end;
};

struct end {
	struct source source;	/* first: events point here */
	struct relay *relay;
	int fd;
};

struct relay {
	struct end client;
	struct end agent;
	struct relay *next, **link;
	struct worker *worker;
	struct gate *gate;
	struct timer timer;
	SSL *ssl;
	struct buffer up;	/* from the client to the agent */
	struct buffer down;
	bool more;		/* the timer stands for another turn */
	bool client_ended;	/* will send nothing more */
	bool agent_ended;
	bool agent_told;	/* of the client's end, or it is gone */
	bool client_told;
	bool dead;
};

enum progress { STUCK, MOVED, BROKEN };

static bool is_empty(const struct buffer *buffer)
{
	return buffer->begin == buffer->end;
}

static void empty(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){};
}

/* Where to read to, NULL when there is no memory. */
static unsigned char *room_of(struct buffer *buffer, size_t *room)
{
	if (!buffer->data)
		buffer->data = malloc(BUFFER_SIZE);
	*room = BUFFER_SIZE - buffer->end;
	return buffer->data ? buffer->data + buffer->end : NULL;
}

static void took(struct buffer *buffer, size_t count)
{
	buffer->begin += count;
	if (is_empty(buffer)) {
		buffer->begin = 0;
		buffer->end = 0;
	}
}

/* close() sends a reset then. */
static void cut(int fd)
{
	static const struct linger at_once = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

/* The memory stays until the events at hand are served: they may point here. */
static void end(struct relay *relay)
{
	struct worker *worker = relay->worker;

	timers_clear(&worker->timers, &relay->timer);
	SSL_free(relay->ssl);
	close(relay->client.fd);
	close(relay->agent.fd);
	empty(&relay->up);
	empty(&relay->down);
	gate_put(relay->gate);
	*relay->link = relay->next;
	if (relay->next)
		relay->next->link = relay->link;
	relay->dead = true;
	relay->next = worker->dead_relays;
	worker->dead_relays = relay;
}

/* OpenSSL may have sent an alert, so the client's side ends normally. */
static void client_broke(struct relay *relay)
{
	cut(relay->agent.fd);
	end(relay);
}

static void agent_broke(struct relay *relay)
{
	cut(relay->client.fd);
	end(relay);
}

static enum progress of_ssl(const struct relay *relay, int result)
{
	int error = SSL_get_error(relay->ssl, result);

	return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ?
	       STUCK : BROKEN;
}

static enum progress read_client(struct relay *relay)
{
	unsigned char *to;
	size_t room, got;
	int result;

	if (relay->client_ended || relay->up.end == BUFFER_SIZE)
		return STUCK;
	to = room_of(&relay->up, &room);
	if (!to)
		return BROKEN;
	ERR_clear_error();
	result = SSL_read_ex(relay->ssl, to, room, &got);
	if (result) {
		relay->up.end += got;
		return MOVED;
	}
	if (SSL_get_error(relay->ssl, result) != SSL_ERROR_ZERO_RETURN)
		return of_ssl(relay, result);
	relay->client_ended = true;
	return MOVED;
}

/* The agent closed and reads no more; what it wrote still has to be sent. */
static void agent_is_deaf(struct relay *relay)
{
	relay->client_ended = true;
	relay->agent_told = true;
	empty(&relay->up);
}

static enum progress write_agent(struct relay *relay)
{
	ssize_t sent;

	if (is_empty(&relay->up)) {
		if (!relay->client_ended || relay->agent_told)
			return STUCK;
		shutdown(relay->agent.fd, SHUT_WR);
		relay->agent_told = true;
		return MOVED;
	}
	sent = send(relay->agent.fd, relay->up.data + relay->up.begin,
		    relay->up.end - relay->up.begin,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent >= 0)
		took(&relay->up, sent);
	else if (errno == EAGAIN)
		return STUCK;
	else if (errno == EPIPE)
		agent_is_deaf(relay);
	else if (errno != EINTR)
		return BROKEN;
	return MOVED;
}

static enum progress read_agent(struct relay *relay)
{
	unsigned char *to;
	ssize_t got;
	size_t room;

	if (relay->agent_ended || !is_empty(&relay->down))
		return STUCK;
	to = room_of(&relay->down, &room);
	if (!to)
		return BROKEN;
	got = recv(relay->agent.fd, to, room, MSG_DONTWAIT);
	if (got > 0)
		relay->down.end = got;
	else if (!got)
		relay->agent_ended = true;
	else if (errno == EAGAIN)
		return STUCK;
	else if (errno != EINTR)
		return BROKEN;
	return MOVED;
}

static enum progress say_goodbye(struct relay *relay)
{
	int result;

	ERR_clear_error();
	result = SSL_shutdown(relay->ssl);
	if (result < 0)
		return of_ssl(relay, result);
	shutdown(relay->client.fd, SHUT_WR);
	relay->client_told = true;
	return MOVED;
}

static enum progress write_client(struct relay *relay)
{
	size_t sent;
	int result;

	if (is_empty(&relay->down))
		return relay->agent_ended && !relay->client_told ?
		       say_goodbye(relay) : STUCK;
	ERR_clear_error();
	result = SSL_write_ex(relay->ssl, relay->down.data + relay->down.begin,
			      relay->down.end - relay->down.begin, &sent);
	if (!result)
		return of_ssl(relay, result);
	took(&relay->down, sent);
	return MOVED;
}

/* Calls @step until it is stuck; MOVED when it moved at all. */
static enum progress repeat(struct relay *relay,
			    enum progress (*step)(struct relay *relay))
{
	enum progress all = STUCK, one;

	while ((one = step(relay)) == MOVED)
		all = MOVED;
	return one == BROKEN ? BROKEN : all;
}

/* One buffer each way at most. Ends the relay when it is BROKEN. */
static enum progress turn(struct relay *relay)
{
	enum progress moved[4];

	moved[0] = repeat(relay, read_client);
	moved[1] = moved[0] == BROKEN ? STUCK : repeat(relay, write_agent);
	moved[2] = moved[1] == BROKEN ? STUCK : read_agent(relay);
	moved[3] = moved[2] == BROKEN ? STUCK : repeat(relay, write_client);
	if (moved[0] == BROKEN || moved[3] == BROKEN) {
		client_broke(relay);
		return BROKEN;
	}
	if (moved[1] == BROKEN || moved[2] == BROKEN) {
		agent_broke(relay);
		return BROKEN;
	}
	return moved[0] == MOVED || moved[1] == MOVED || moved[2] == MOVED ||
	       moved[3] == MOVED ? MOVED : STUCK;
}

static void wait_for_client(struct relay *relay)
{
	timers_set(&relay->worker->timers, &relay->timer,
		   now_ns() + GOODBYE_NS);
}

static void pump(struct relay *relay)
{
	enum progress progress = MOVED;
	int i;

	if (relay->more)
		timers_clear(&relay->worker->timers, &relay->timer);
	relay->more = false;
	for (i = 0; i < ROUNDS && progress == MOVED; i++)
		progress = turn(relay);
	if (progress == BROKEN)
		return;
	if (relay->client_told && relay->agent_told) {
		end(relay);
		return;
	}
	if (is_empty(&relay->up))
		empty(&relay->up);
	if (is_empty(&relay->down))
		empty(&relay->down);
	if (progress == MOVED) {
		relay->more = true;
		timers_set(&relay->worker->timers, &relay->timer, now_ns());
	} else if (relay->client_told && (i > 1 || !relay->timer.place)) {
		wait_for_client(relay);
	}
}

static void on_timer(struct timer *timer)
{
	struct relay *relay = (struct relay *)((char *)timer -
			      offsetof(struct relay, timer));

	if (relay->more)
		pump(relay);
	else
		end(relay);
}

static int error_of(int fd)
{
	socklen_t size;
	int error = 0;

	size = sizeof(error);
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
	return error;
}

/*
 * A reset counts at once, also while the other side takes nothing and so
 * nothing is read. EPIPE is the reset by which a socket that was closed
 * orderly turns down what comes late.
 */
static void look_for_reset(struct relay *relay, const struct end *side)
{
	int error = error_of(side->fd);

	if (!error)
		return;
	if (side == &relay->client)
		client_broke(relay);
	else if (error != EPIPE)
		agent_broke(relay);
	else
		agent_is_deaf(relay);
}

void relay_event(struct source *source, uint32_t events)
{
	struct end *side = (struct end *)source;
	struct relay *relay = side->relay;

	if (!relay->dead)
		pump(relay);
	if (!relay->dead && events & EPOLLERR)
		look_for_reset(relay, side);
}

void relay_bury(struct worker *worker)
{
	while (worker->dead_relays) {
		struct relay *dead = worker->dead_relays;

		worker->dead_relays = dead->next;
		free(dead);
	}
}

void relay_end_all(struct worker *worker)
{
	while (worker->relays) {
		struct relay *relay = worker->relays;

		if (is_empty(&relay->down) && !relay->client_told)
			SSL_shutdown(relay->ssl);
		end(relay);
	}
	relay_bury(worker);
}

/*
 * Bytes go on as they come: waiting for more of them has had its place. The
 * client's connection has keepalive because the agent cannot ask for it.
 */
static void set_options(const struct relay *relay)
{
	int on = 1;

	setsockopt(relay->client.fd, IPPROTO_TCP, TCP_NODELAY, &on,
		   sizeof(on));
	setsockopt(relay->agent.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(relay->client.fd, SOL_SOCKET, SO_KEEPALIVE, &on,
		   sizeof(on));
	/* As kTLS: a FIN alone is an end, too. */
	SSL_set_options(relay->ssl, SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_set_quiet_shutdown(relay->ssl, 0);
	SSL_set_mode(relay->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE |
		     SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

static bool watch(struct relay *relay, struct end *side, int operation)
{
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
		.data.ptr = &side->source,
	};

	side->source.kind = SOURCE_RELAY;
	side->relay = relay;
	return !epoll_ctl(relay->worker->epoll, operation, side->fd, &event);
}

/* What follows has to do with the handshake no more. */
static void take_over(struct relay *relay, struct handshake *handshake)
{
	struct worker *worker = handshake->worker;

	relay->worker = worker;
	relay->timer.expired = on_timer;
	relay->client.fd = handshake->fd;
	relay->gate = gate_get(handshake->gate);
	relay->ssl = handshake->ssl;
	handshake->ssl = NULL;
	handshake->fd = -1;
	verdict_attach(relay->ssl, NULL);
	secrets_attach(relay->ssl, NULL);
	relay->next = worker->relays;
	relay->link = &worker->relays;
	if (relay->next)
		relay->next->link = &relay->next;
	worker->relays = relay;
	set_options(relay);
	if (watch(relay, &relay->client, EPOLL_CTL_MOD) &&
	    watch(relay, &relay->agent, EPOLL_CTL_ADD))
		pump(relay);
	else
		client_broke(relay);
}

bool relay_begin(struct handshake *handshake)
{
	struct relay *relay = calloc(1, sizeof(*relay));

	if (!relay) {
		verdict_set(&handshake->verdict, KTLSGATE_REFUSAL_OVERLOAD,
			    "no memory for a relay");
		return false;
	}
	relay->agent.fd = handoff_relayed(handshake);
	if (relay->agent.fd < 0) {
		free(relay);
		return false;
	}
	take_over(relay, handshake);
	return true;
}
