// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <linux/ktlsgate.h>

#include "agentstep.h"
#include "handoff.h"
#include "log.h"
#include "mem.h"
#include "relay.h"
#include "sessions.h"

#define MS 1000000ULL

/* A look again: at first soon, since a round trip is all it may take. */
#define SETTLE_FIRST_NS	(1 * MS)
#define SETTLE_LAST_NS	(20 * MS)
#define AGENT_NS	(20 * MS)

/* To be stepped again after @delay, at the deadline at the latest. */
static void again_after(struct handshake *handshake, uint64_t delay)
{
	uint64_t due = now_ns() + delay;

	handshake->tries++;
	if (due > handshake->deadline)
		due = handshake->deadline;
	timers_set(&handshake->worker->timers, &handshake->timer, due);
}

/* The agent cannot take the client now, for that reason: until its time is over. */
static void hold(struct handshake *handshake, enum agent_answer answer)
{
	uint64_t wait = handshake->gate->cfg->agent_wait * MS;

	if (answer == AGENT_OTHER_FAMILY || answer == AGENT_NO_GATE) {
		/* The main thread can do something about it. */
		uint64_t one = 1;

		if (!atomic_exchange(handshake->worker->agent_changed, true) &&
		    write(handshake->worker->main_fd, &one, sizeof(one)) < 0)
			log_msg(LOG_DEBUG, "eventfd: %s", strerror(errno));
	}
	if (handshake->state != HANDSHAKE_AGENT)
		handshake_set_state(handshake, HANDSHAKE_AGENT,
				    now_ns() + wait);
	if (now_ns() >= handshake->deadline) {
		verdict_set(&handshake->verdict,
			    KTLSGATE_REFUSAL_AGENT_UNAVAILABLE,
			    "%s (waited %u ms)", agent_answer_text(answer),
			    handshake->gate->cfg->agent_wait);
		handshake->verdict.principal =
			xstrdup(handshake->identity.principal);
		handshake_refuse_after(handshake);
		return;
	}
	again_after(handshake, AGENT_NS);
}

static void give(struct handshake *handshake)
{
	enum agent_answer why;

	switch (handoff(handshake, &why)) {
	case HANDOFF_DONE:
		handshake_finish(handshake);
		break;
	case HANDOFF_WAIT:
		hold(handshake, why);
		break;
	case HANDOFF_REFUSED:
		handshake_refuse_after(handshake);
		break;
	}
}

/* Who waits asks before, for the answer is good for all who wait. */
void agentstep_ask(struct handshake *handshake)
{
	enum agent_answer answer = handoff_ask(handshake);

	if (answer != AGENT_READY)
		hold(handshake, answer);
	else if (!handshake->obstacle)
		give(handshake);
	else if (relay_begin(handshake))
		handshake_finish(handshake);
	else
		handshake_refuse_after(handshake);
}

void agentstep_settle(struct handshake *handshake)
{
	uint64_t delay = SETTLE_FIRST_NS << handshake->tries;

	if (handoff_settled(handshake->fd)) {
		handshake->tries = 0;
		give(handshake);
		return;
	}
	again_after(handshake, handshake->tries > 4 || delay > SETTLE_LAST_NS ?
		    SETTLE_LAST_NS : delay);
}

/* The time that OCSP took is not the client's. */
void agentstep_begin(struct handshake *handshake)
{
	if (handshake->state == HANDSHAKE_OCSP)
		handshake_set_state(handshake, HANDSHAKE_SETTLE, now_ns() +
				    handshake->gate->cfg->handshake_timeout *
				    MS);
	sessions_keep(handshake->ssl, &handshake->identity);
	handshake->tries = 0;
	if (handshake->obstacle) {
		agentstep_ask(handshake);
		return;
	}
	handshake->state = HANDSHAKE_SETTLE;
	agentstep_settle(handshake);
}
