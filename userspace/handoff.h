/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The last steps of a handshake that went well. */
#ifndef KTLSGATED_HANDOFF_H
#define KTLSGATED_HANDOFF_H

#include "handshake.h"

enum agent_answer {
	AGENT_READY,
	AGENT_ABSENT,		/* nothing listens */
	AGENT_FULL,		/* its accept queue is full */
	AGENT_OTHER_FAMILY,	/* listens, but not for this kind of socket */
	AGENT_NO_GATE,		/* the kernel does not know the gate (now) */
};

/* Whether the kernel would take the connection: see SETTLE. */
bool handoff_settled(int fd);

/* Asks the kernel about the agent, at most every few milliseconds. */
enum agent_answer handoff_ask(struct handshake *handshake);
const char *agent_answer_text(enum agent_answer answer);

/*
 * Gives the connection to the kernel; the fd is gone. False and a verdict
 * when the kernel refused.
 */
bool handoff(struct handshake *handshake);

/*
 * Connects to ourselves over loopback and gives the kernel the one end, in the
 * name of the client, whose connection stays. Our end, or -1 and a verdict.
 */
int handoff_relayed(struct handshake *handshake);

#endif
