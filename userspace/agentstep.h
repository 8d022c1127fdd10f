/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps of a handshake whose client may pass: SETTLE and AGENT, in which
 * its connection waits to be given to the agent.
 */
#ifndef KTLSGATED_AGENTSTEP_H
#define KTLSGATED_AGENTSTEP_H

#include "handshake.h"

/* The client may pass: it was judged, and OCSP was asked. */
void agentstep_begin(struct handshake *handshake);

/* In SETTLE and in AGENT, when there was an event, or it is time again. */
void agentstep_settle(struct handshake *handshake);
void agentstep_ask(struct handshake *handshake);

#endif
