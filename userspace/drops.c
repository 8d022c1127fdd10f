// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include <linux/ktlsgate.h>

#include "drops.h"
#include "log.h"
#include "timers.h"
#include "verdict.h"

#define QUIET_NS 10000000000ULL

static void tell(const struct gate_config *gate, const struct steer_stats *old,
		 const struct steer_stats *now)
{
	unsigned long long rate = now->source_rate - old->source_rate;
	unsigned long long own = now->source_handshakes -
				 old->source_handshakes;
	unsigned long long all = now->gate_handshakes - old->gate_handshakes;
	char last[ADDRESS_TEXT] = "";
	struct log_fields fields = { .gate = gate->name };

	fields.reason = verdict_name(rate || own ?
				     KTLSGATE_REFUSAL_SOURCE_LIMIT :
				     KTLSGATE_REFUSAL_OVERLOAD);
	if (rate || own)
		address_print_mapped(now->last, last);
	log_with(LOG_NOTICE, &fields,
		 "gate %s: %llu connections dropped before accept: %llu over max-connection-rate-per-source, %llu over max-handshakes-per-source, %llu over max-handshakes%s%s",
		 gate->name, rate + own + all, rate, own, all,
		 *last ? "; the last source over its limit: " : "", last);
}

void drops_tell(struct drops *drops, struct steer *steer,
		const struct gate_config *gate)
{
	struct steer_stats now;

	if (now_ns() < drops->quiet_until ||
	    !steer_counts(steer, gate, &now))
		return;
	/* What a helper before this one told is not told again. */
	if (!drops->begun) {
		drops->begun = true;
		drops->told = now;
	}
	if (now.source_rate == drops->told.source_rate &&
	    now.source_handshakes == drops->told.source_handshakes &&
	    now.gate_handshakes == drops->told.gate_handshakes)
		return;
	tell(gate, &drops->told, &now);
	drops->told = now;
	drops->quiet_until = now_ns() + QUIET_NS;
}
