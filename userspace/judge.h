/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a client may pass, asked of what is known once its handshake is
 * done. Asked again when a session is resumed, and of live connections when
 * the rules change: so everything here is decided from the identity alone,
 * never from the handshake.
 */
#ifndef KTLSGATED_JUDGE_H
#define KTLSGATED_JUDGE_H

#include "gate.h"
#include "identity.h"
#include "verdict.h"

/* False, a verdict and the alert to send when the client may not. */
bool judge(const struct gate *gate, const struct identity *identity,
	   struct verdict *verdict, uint8_t *alert);

/*
 * The same of a connection that was let in before, perhaps under other rules:
 * also whether its CA is still trusted and a rule still has a name for it.
 * Without @has_chain nothing is known of its chain, and that is not judged.
 */
bool judge_live(const struct gate *gate, const struct identity *identity,
		bool has_chain, struct verdict *verdict, uint8_t *alert);

#endif
