// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/ktlsgate.h>

#include "channel.h"
#include "log.h"
#include "refusal.h"

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
	if (lograte_admit(&gate->lograte, gate->cfg->name))
		log_refused(handshake);
}
