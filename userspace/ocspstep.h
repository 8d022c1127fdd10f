/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The step of a handshake in which OCSP is asked about the client. */
#ifndef KTLSGATED_OCSPSTEP_H
#define KTLSGATED_OCSPSTEP_H

#include "handshake.h"

/* The handshake goes on, waits, or is refused. */
void ocspstep_begin(struct handshake *handshake);

/* The answer is late. */
void ocspstep_late(struct handshake *handshake);

/* The handshake ends, whatever the answer will be. */
void ocspstep_forget(struct handshake *handshake);

/* Takes the answers that came for a worker's handshakes. */
void ocspstep_answers(struct worker *worker);

#endif
