/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What kTLS cannot carry: OpenSSL goes on with the client, and the agent has
 * the other end of a connection over loopback, put on its accept queue by a
 * handoff of path relay. A relay lives until one of the two ends it, or the
 * helper stops; its worker alone touches it.
 *
 * Ends pass as they are: close_notify, or FIN, becomes a FIN for the agent, the
 * agent's FIN becomes close_notify. A reset of either, which is also how the
 * kernel kills a relayed connection, becomes a reset without close_notify: an
 * end that nobody meant must not look like one that was.
 */
#ifndef KTLSGATED_RELAY_H
#define KTLSGATED_RELAY_H

#include "handshake.h"

/*
 * Takes the handshake's SSL and fd. False and a verdict when the agent did not
 * get the connection; the handshake has them still.
 */
bool relay_begin(struct handshake *handshake);
void relay_event(struct source *source, uint32_t events);

/* Memory of those that ended since: no event can point there any more. */
void relay_bury(struct worker *worker);

/* With close_notify where nothing is under way. */
void relay_end_all(struct worker *worker);

#endif
