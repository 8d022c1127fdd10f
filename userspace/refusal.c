// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/ktlsgate.h>

#include "channel.h"
#include "log.h"
#include "refusal.h"

#define WINDOW_NS	10000000000ULL
#define WINDOW_LINES	20

/* Whether this line may be written. */
static bool admit_line(const struct gate *gate, struct gate_slot *slot)
{
	struct log_fields fields = { .gate = gate->cfg->name };
	uint64_t now = now_ns();

	if (now - slot->log_window >= WINDOW_NS) {
		if (slot->unlogged)
			log_with(LOG_NOTICE, &fields,
				 "gate %s: %u more refused clients not logged",
				 gate->cfg->name, slot->unlogged);
		slot->log_window = now;
		slot->logged = 0;
		slot->unlogged = 0;
	}
	if (slot->logged < WINDOW_LINES) {
		slot->logged++;
		return true;
	}
	slot->unlogged++;
	return false;
}

static void log_refused(const struct handshake *handshake)
{
	const struct verdict *verdict = &handshake->verdict;
	char peer[ADDRESS_TEXT];
	struct log_fields fields = {
		.gate = handshake->gate->cfg->name, .peer = peer,
		.reason = verdict_name(verdict->code),
		.principal = verdict->principal,
	};

	address_print(&handshake->peer, handshake->peer_port, peer);
	if (verdict->alert_sent >= 0)
		log_with(LOG_NOTICE, &fields,
			 "gate %s: %s refused: %s (alert %s sent)", fields.gate,
			 peer, verdict->reason,
			 verdict_alert_name(verdict->alert_sent));
	else
		log_with(LOG_NOTICE, &fields, "gate %s: %s refused: %s",
			 fields.gate, peer, verdict->reason);
}

void refusal_tell(struct handshake *handshake)
{
	unsigned int index = handshake->worker->index;
	struct gate *gate = handshake->gate;

	channel_refuse(gate->ns->worker[index], gate->cfg->name,
		       &handshake->peer, handshake->peer_port,
		       &handshake->verdict);
	if (handshake->verdict.code == KTLSGATE_REFUSAL_NOT_ADMITTED &&
	    handshake->verdict.principal)
		refusals_count(gate->refusals, handshake->verdict.principal);
	if (admit_line(gate, &gate->slot[index]))
		log_refused(handshake);
}
