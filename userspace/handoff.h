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

enum handoff_result {
	HANDOFF_DONE,
	HANDOFF_WAIT,		/* the agent cannot take it now: @why */
	HANDOFF_REFUSED,	/* there is a verdict */
};

/*
 * Gives the connection to the kernel. Unless it is done, the handshake's fd is the
 * connection's again, or -1 when the kernel ended it. The SSL is gone.
 */
enum handoff_result handoff(struct handshake *handshake,
			    enum agent_answer *why);

/*
 * Connects to ourselves over loopback and gives the kernel the one end, in the
 * name of the client, whose connection stays. Our end, or -1 and a verdict.
 */
int handoff_relayed(struct handshake *handshake);

#endif
