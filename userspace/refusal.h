/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KTLSGATED_REFUSAL_H
#define KTLSGATED_REFUSAL_H

#include "handshake.h"

/*
 * Tells the kernel and the log about a refused client, whose verdict is set.
 * The kernel counts all of them; of lines there are at most 20 in 10 seconds
 * for each gate and worker, and one that counts what was left out.
 */
void refusal_tell(struct handshake *handshake);

#endif
