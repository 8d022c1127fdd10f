/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Live connections: a thread of its own cuts those whose certificate ended,
 * and, when the rules became others, those that would not be let in any more.
 * Handshakes do not wait for it.
 */
#ifndef KTLSGATED_LIVE_H
#define KTLSGATED_LIVE_H

#include <stddef.h>

#include "gate.h"

/* NULL, or a sentence to be freed. */
char *live_start(void);
void live_stop(void);

/* These gates are in force from now on; their connections are judged again. */
void live_serve(struct gate *const *gates, size_t count);

/* What the rules rest on changed, a CRL or an answer by OCSP. Any thread. */
void live_review(void);

#endif
