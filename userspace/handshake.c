// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>

#include <linux/ktlsgate.h>

#include "agentstep.h"
#include "handshake.h"
#include "judge.h"
#include "ktls.h"
#include "log.h"
#include "mem.h"
#include "ocspstep.h"
#include "principal.h"
#include "refusal.h"
#include "sniff.h"

#define MS 1000000ULL

/* How long a refused client may take to read our alert. */
#define LINGER_NS	(2000 * MS)

static void step(struct handshake *handshake);

static struct gate_slot *slot_of(const struct handshake *handshake)
{
	return &handshake->gate->slot[handshake->worker->index];
}

/* The memory stays until the events at hand are served: they may point here. */
void handshake_finish(struct handshake *handshake)
{
	struct worker *worker = handshake->worker;

	timers_clear(&worker->timers, &handshake->timer);
	ocspstep_forget(handshake);
	SSL_free(handshake->ssl);
	handshake->ssl = NULL;
	if (handshake->fd >= 0)
		close(handshake->fd);
	handshake->fd = -1;
	secrets_free(&worker->secrets, handshake->secrets);
	handshake->secrets = NULL;
	free(handshake->obstacle);
	handshake->obstacle = NULL;
	verdict_free(&handshake->verdict);
	identity_free(&handshake->identity);
	if (handshake->entered)
		sources_leave(handshake->gate->sources, &handshake->peer);
	worker->handshake_count--;
	gate_put(handshake->gate);
	handshake->gate = NULL;
	*handshake->link = handshake->next;
	if (handshake->next)
		handshake->next->link = handshake->link;
	handshake->state = HANDSHAKE_DEAD;
	handshake->next = worker->dead;
	worker->dead = handshake;
}

void handshake_bury(struct worker *worker)
{
	while (worker->dead) {
		struct handshake *dead = worker->dead;

		worker->dead = dead->next;
		free(dead);
	}
}

void handshake_end_all(struct worker *worker)
{
	while (worker->handshakes)
		handshake_finish(worker->handshakes);
	handshake_bury(worker);
}

void handshake_set_state(struct handshake *handshake,
			 enum handshake_state state, uint64_t deadline)
{
	handshake->state = state;
	handshake->deadline = deadline;
	handshake->tries = 0;
	timers_set(&handshake->worker->timers, &handshake->timer, deadline);
}

/*
 * Tells everyone, and closes. After an alert only the sending side is closed
 * at first: with bytes of the client unread, close() would send a reset, and
 * the client would lose the alert.
 */
static void refuse(struct handshake *handshake)
{
	refusal_tell(handshake);
	SSL_free(handshake->ssl);
	handshake->ssl = NULL;
	if (handshake->fd < 0 || handshake->hung_up ||
	    (handshake->verdict.alert_sent < 0 && !handshake->said_goodbye)) {
		handshake_finish(handshake);
		return;
	}
	shutdown(handshake->fd, SHUT_WR);
	handshake_set_state(handshake, HANDSHAKE_LINGER, now_ns() + LINGER_NS);
	step(handshake);
}

static void linger(struct handshake *handshake)
{
	char buffer[4096];
	ssize_t got;

	do {
		got = recv(handshake->fd, buffer, sizeof(buffer), MSG_DONTWAIT);
	} while (got > 0 || (got < 0 && errno == EINTR));
	if (got == 0 || errno != EAGAIN)
		handshake_finish(handshake);
}

/* An alert of one's choice goes by kTLS only, OpenSSL has this one. */
static bool close_notify(struct handshake *handshake)
{
	if (!handshake->obstacle)
		return ktls_send_alert(handshake->fd, 1, SSL_AD_CLOSE_NOTIFY);
	verdict_attach(handshake->ssl, NULL);
	SSL_set_quiet_shutdown(handshake->ssl, 0);
	return SSL_shutdown(handshake->ssl) >= 0;
}

void handshake_refuse_after(struct handshake *handshake)
{
	if (handshake->fd >= 0)
		handshake->said_goodbye = close_notify(handshake);
	refuse(handshake);
}

/* Room to write is asked for where it is missed, not at first, when it is there. */
static bool watch(struct handshake *handshake, int operation, uint32_t also)
{
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLRDHUP | EPOLLET | also,
		.data.ptr = &handshake->source,
	};

	return !epoll_ctl(handshake->worker->epoll, operation, handshake->fd,
			  &event);
}

bool handshake_watch(struct handshake *handshake)
{
	return watch(handshake, EPOLL_CTL_ADD, 0);
}

static bool begin_tls(struct handshake *handshake)
{
	struct worker *worker = handshake->worker;
	BIO *bio;

	handshake->ssl = SSL_new(slot_of(handshake)->ctx);
	handshake->secrets = secrets_new(&worker->secrets);
	if (!handshake->ssl || !handshake->secrets)
		return false;
	/* The fd outlives the SSL: it is the kernel's in the end. */
	bio = BIO_new_socket(handshake->fd, BIO_NOCLOSE);
	if (!bio)
		return false;
	SSL_set_bio(handshake->ssl, bio, bio);
	secrets_attach(handshake->ssl, handshake->secrets);
	verdict_attach(handshake->ssl, &handshake->verdict);
	return true;
}

static void first(struct handshake *handshake)
{
	unsigned char bytes[SNIFF_BYTES];
	const char *what;
	ssize_t got;

	got = recv(handshake->fd, bytes, sizeof(bytes),
		   MSG_PEEK | MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		verdict_set(&handshake->verdict, KTLSGATE_REFUSAL_CLIENT_GONE,
			    "the client closed the connection before it sent anything");
		refuse(handshake);
		return;
	}
	what = sniff(bytes, got);
	if (what && sniff_wants_more(bytes, got) && !handshake->half_closed)
		return;
	if (what) {
		verdict_set(&handshake->verdict, KTLSGATE_REFUSAL_NOT_TLS, "%s",
			    what);
		refuse(handshake);
		return;
	}
	if (!begin_tls(handshake)) {
		verdict_set(&handshake->verdict, KTLSGATE_REFUSAL_OVERLOAD,
			    "no memory for a handshake");
		refuse(handshake);
		return;
	}
	handshake->state = HANDSHAKE_TLS;
	step(handshake);
}

/* For the log, when the SSL is gone. */
static void take_names(struct handshake *handshake)
{
	if (log_level() < LOG_DEBUG)
		return;
	snprintf(handshake->cipher, sizeof(handshake->cipher), "%s",
		 SSL_get_cipher_name(handshake->ssl));
	snprintf(handshake->group, sizeof(handshake->group), "%s",
		 identity_group_name(handshake->ssl));
}

void handshake_refuse(struct handshake *handshake, uint8_t alert)
{
	handshake->verdict.principal = xstrdup(handshake->identity.principal);
	if (handshake->obstacle)
		handshake->said_goodbye = close_notify(handshake);
	else if (ktls_send_alert(handshake->fd, 2, alert))
		handshake->verdict.alert_sent = alert;
	refuse(handshake);
}

/* Who the client is. False when it was refused for that. */
static bool identify(struct handshake *handshake)
{
	char *error;

	if (identity_resume(handshake->ssl, &handshake->identity))
		return true;
	error = identity_from(handshake->ssl, &handshake->identity);
	if (error) {
		verdict_set(&handshake->verdict,
			    KTLSGATE_REFUSAL_BAD_CERTIFICATE, "%s", error);
		free(error);
		handshake_refuse(handshake, SSL_AD_BAD_CERTIFICATE);
		return false;
	}
	if (!principal_name(handshake->ssl, handshake->gate,
			    &handshake->identity, &handshake->verdict)) {
		handshake_refuse(handshake, SSL_AD_ACCESS_DENIED);
		return false;
	}
	return true;
}

static void established(struct handshake *handshake)
{
	uint8_t alert;

	handshake->obstacle = ktls_obstacle(handshake->ssl);
	if (handshake->obstacle && !handshake->gate->cfg->relay) {
		verdict_set(&handshake->verdict,
			    KTLSGATE_REFUSAL_HANDOFF_FAILED,
			    "%s, and this gate does not relay: is tls.ko loaded, and the cipher's module?",
			    handshake->obstacle);
		handshake_refuse_after(handshake);
		return;
	}
	take_names(handshake);
	if (!identify(handshake))
		return;
	if (!judge(handshake->gate, &handshake->identity, &handshake->verdict,
		   &alert)) {
		handshake_refuse(handshake, alert);
		return;
	}
	ocspstep_begin(handshake);
}

static void tls(struct handshake *handshake)
{
	int result, error;

	ERR_clear_error();
	errno = 0;
	result = SSL_accept(handshake->ssl);
	if (result == 1) {
		established(handshake);
		return;
	}
	error = SSL_get_error(handshake->ssl, result);
	if (error == SSL_ERROR_WANT_READ)
		return;
	if (error == SSL_ERROR_WANT_WRITE &&
	    watch(handshake, EPOLL_CTL_MOD, EPOLLOUT))
		return;
	verdict_from_ssl(&handshake->verdict, error);
	refuse(handshake);
}

static void step(struct handshake *handshake)
{
	switch (handshake->state) {
	case HANDSHAKE_FIRST:
		first(handshake);
		break;
	case HANDSHAKE_TLS:
		tls(handshake);
		break;
	case HANDSHAKE_SETTLE:
		agentstep_settle(handshake);
		break;
	case HANDSHAKE_AGENT:
		agentstep_ask(handshake);
		break;
	case HANDSHAKE_LINGER:
		linger(handshake);
		break;
	case HANDSHAKE_OCSP:
	case HANDSHAKE_DEAD:
		break;
	}
}

static void client_gone(struct handshake *handshake)
{
	verdict_set(&handshake->verdict, KTLSGATE_REFUSAL_CLIENT_GONE,
		    "the client closed the connection before the agent took it");
	refuse(handshake);
}

void handshake_event(struct handshake *handshake, uint32_t events)
{
	bool waiting = handshake->state == HANDSHAKE_OCSP ||
		       handshake->state == HANDSHAKE_SETTLE ||
		       handshake->state == HANDSHAKE_AGENT;

	if (handshake->state == HANDSHAKE_DEAD)
		return;
	if (events & (EPOLLHUP | EPOLLERR))
		handshake->hung_up = true;
	if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		handshake->half_closed = true;
	if (waiting && events & (EPOLLHUP | EPOLLERR))
		client_gone(handshake);
	else if (handshake->state != HANDSHAKE_AGENT)
		step(handshake);
}

static void too_late(struct handshake *handshake)
{
	unsigned int limit = handshake->gate->cfg->handshake_timeout;
	const char *what = "the TLS handshake did not end";

	if (handshake->state == HANDSHAKE_FIRST)
		what = "the client did not begin a TLS handshake";
	else if (handshake->state == HANDSHAKE_SETTLE)
		what = "the client did not acknowledge the end of the handshake";
	verdict_set(&handshake->verdict, KTLSGATE_REFUSAL_TIMEOUT,
		    "%s within %u ms", what, limit);
	refuse(handshake);
}

static void on_timer(struct timer *timer)
{
	struct handshake *handshake = (struct handshake *)((char *)timer -
				      offsetof(struct handshake, timer));
	bool over = now_ns() >= handshake->deadline;

	if (over && handshake->state == HANDSHAKE_LINGER)
		handshake_finish(handshake);
	else if (over && handshake->state == HANDSHAKE_OCSP)
		ocspstep_late(handshake);
	else if (over && handshake->state != HANDSHAKE_AGENT)
		too_late(handshake);
	else
		step(handshake);
}

/* False and a verdict when it is one too many. */
static bool enter(struct handshake *handshake)
{
	const struct gate_config *cfg = handshake->gate->cfg;
	struct verdict *verdict = &handshake->verdict;

	switch (sources_enter(handshake->gate->sources, &handshake->peer)) {
	case SOURCES_ENTERED:
		handshake->entered = true;
		break;
	case SOURCES_OVER_ALL:
		verdict_set(verdict, KTLSGATE_REFUSAL_OVERLOAD,
			    "more than %u handshakes at once",
			    cfg->max_handshakes);
		break;
	case SOURCES_OVER_OWN:
		verdict_set(verdict, KTLSGATE_REFUSAL_SOURCE_LIMIT,
			    "more than %u handshakes at once of its source",
			    cfg->max_handshakes_per_source);
		break;
	case SOURCES_OVER_RATE:
		verdict_set(verdict, KTLSGATE_REFUSAL_SOURCE_LIMIT,
			    "more than %u new connections a second of its source",
			    cfg->max_connection_rate_per_source);
		break;
	}
	return handshake->entered;
}

void handshake_begin(struct worker *worker, struct gate *gate, int fd,
		     const struct sockaddr_storage *from)
{
	struct handshake *handshake = calloc(1, sizeof(*handshake));

	if (!handshake) {
		close(fd);
		return;
	}
	handshake->source.kind = SOURCE_HANDSHAKE;
	handshake->timer.expired = on_timer;
	handshake->worker = worker;
	handshake->gate = gate_get(gate);
	handshake->fd = fd;
	handshake->family = from->ss_family;
	handshake->began = now_ns();
	verdict_init(&handshake->verdict);
	address_of(from, &handshake->peer, &handshake->peer_port);
	handshake->next = worker->handshakes;
	handshake->link = &worker->handshakes;
	if (handshake->next)
		handshake->next->link = &handshake->next;
	worker->handshakes = handshake;
	worker->handshake_count++;
	handshake_set_state(handshake, HANDSHAKE_FIRST, handshake->began +
			    gate->cfg->handshake_timeout * MS);
	if (!enter(handshake)) {
		refuse(handshake);
	} else if (!handshake_watch(handshake)) {
		verdict_set(&handshake->verdict, KTLSGATE_REFUSAL_OVERLOAD,
			    "cannot watch the connection: %s", strerror(errno));
		refuse(handshake);
	}
}
