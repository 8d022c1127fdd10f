/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One client from accept() to handoff or refusal:
 *
 *	FIRST	nothing read yet: is it TLS at all?
 *	TLS	SSL_accept() under way
 *	OCSP	done; a responder is asked about the client's certificate
 *	SETTLE	done; what we sent is not acknowledged yet, and the kernel
 *		takes no connection with more than a page of that
 *	AGENT	done; the agent does not listen, or its queue is full
 *	LINGER	refused; the client gets the time to read our alert
 *
 * What kTLS does not carry goes on as a relay (relay.h) and needs no SETTLE.
 * Everything of it is touched by one worker only.
 */
#ifndef KTLSGATED_HANDSHAKE_H
#define KTLSGATED_HANDSHAKE_H

#include "identity.h"
#include "verdict.h"
#include "worker.h"

enum handshake_state {
	HANDSHAKE_FIRST, HANDSHAKE_TLS, HANDSHAKE_OCSP, HANDSHAKE_SETTLE,
	HANDSHAKE_AGENT, HANDSHAKE_LINGER, HANDSHAKE_DEAD,
};

struct handshake {
	struct source source;		/* first: events point here */
	enum handshake_state state;
	struct timer timer;
	struct worker *worker;
	struct gate *gate;
	struct handshake *next, **link;
	int fd;
	int family;			/* of the socket, not of the client */
	SSL *ssl;
	struct secrets *secrets;
	struct ocsp_ticket *ocsp;	/* in OCSP */
	char *obstacle;			/* why it is relayed, NULL: it is not */
	struct verdict verdict;
	struct identity identity;
	struct address peer;
	uint16_t peer_port;
	uint64_t began;
	uint64_t deadline;
	unsigned int tries;		/* in SETTLE and AGENT */
	bool entered;			/* counts among those of its source */
	bool half_closed;		/* the client will send nothing more */
	bool hung_up;			/* the client is gone */
	bool said_goodbye;		/* close_notify was sent */
	char group[32];			/* for the log */
	char cipher[48];
};

void handshake_begin(struct worker *worker, struct gate *gate, int fd,
		     const struct sockaddr_storage *from);
void handshake_event(struct handshake *handshake, uint32_t events);

/* For the steps that are elsewhere. */
void handshake_set_state(struct handshake *handshake,
			 enum handshake_state state, uint64_t deadline);
void handshake_finish(struct handshake *handshake);

/* Its socket gets to the worker's epoll; false when that has no room. */
bool handshake_watch(struct handshake *handshake);

/* With a verdict that was set, and this alert of ours. */
void handshake_refuse(struct handshake *handshake, uint8_t alert);

/*
 * With a verdict that was set, and close_notify: the handshake itself went
 * well, so an alert would look to a Kafka client like failed authentication,
 * which it does not try again. The end of the connection it does.
 */
void handshake_refuse_after(struct handshake *handshake);

/* Memory of those that ended since: no event can point there any more. */
void handshake_bury(struct worker *worker);
void handshake_end_all(struct worker *worker);

#endif
