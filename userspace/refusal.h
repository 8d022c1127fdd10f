/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KTLSGATED_REFUSAL_H
#define KTLSGATED_REFUSAL_H

#include "handshake.h"

/*
 * Tells the kernel and the log about a refused client, whose verdict is set.
 * The kernel counts all of them; how many lines there are says lograte.h.
 */
void refusal_tell(struct handshake *handshake);

#endif
