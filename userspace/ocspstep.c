// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>

#include <linux/ktlsgate.h>

#include "agentstep.h"
#include "log.h"
#include "ocsplive.h"
#include "ocspstep.h"

#define MS 1000000ULL

/* Who asks tells why there is no answer: it is waited for a little longer. */
#define SLACK_NS	(250 * MS)

/* One line in so long, for each gate and worker. */
#define WINDOW_NS	10000000000ULL

static void tell_unchecked(struct handshake *handshake,
			   const struct ocsp_answer *answer)
{
	const struct gate *gate = handshake->gate;
	struct gate_slot *slot = &gate->slot[handshake->worker->index];
	char peer[ADDRESS_TEXT];
	struct log_fields fields = {
		.gate = gate->cfg->name, .peer = peer,
		.principal = handshake->identity.principal,
	};
	uint64_t now = now_ns();

	if (slot->unchecked_told && now - slot->unchecked_told < WINDOW_NS) {
		slot->unchecked++;
		return;
	}
	address_print(&handshake->peer, handshake->peer_port, peer);
	log_with(LOG_WARNING, &fields,
		 "gate %s: %s passes without an answer of OCSP about %s: %s (and %u more since the last such line)",
		 gate->cfg->name, peer, handshake->identity.subject,
		 answer->why, slot->unchecked);
	slot->unchecked_told = now;
	slot->unchecked = 0;
}

/* NULL when the client's certificate is trusted by itself. */
static const X509 *issuer_of(const struct handshake *handshake)
{
	STACK_OF(X509) *chain = SSL_get0_verified_chain(handshake->ssl);

	return sk_X509_num(chain) > 1 ? sk_X509_value(chain, 1) : NULL;
}

static void go_on(struct handshake *handshake, const struct ocsp_answer *answer)
{
	const struct identity *identity = &handshake->identity;
	uint8_t alert = SSL_AD_CERTIFICATE_UNKNOWN;

	if (ocsp_revoked(answer, identity->subject, &handshake->verdict,
			 &alert)) {
		handshake_refuse(handshake, alert);
		return;
	}
	if (answer->status == OCSP_NO_ANSWER) {
		if (handshake->gate->cfg->ocsp == OCSP_HARD) {
			verdict_set(&handshake->verdict,
				    KTLSGATE_REFUSAL_BAD_CERTIFICATE,
				    "no answer of OCSP about certificate %s: %s",
				    identity->subject, answer->why);
			handshake_refuse(handshake, alert);
			return;
		}
		tell_unchecked(handshake, answer);
	}
	ocsplive_keep(handshake->gate->cfg,
		      SSL_get0_peer_certificate(handshake->ssl),
		      issuer_of(handshake));
	agentstep_begin(handshake);
}

void ocspstep_begin(struct handshake *handshake)
{
	const struct gate_config *cfg = handshake->gate->cfg;
	struct ocsp_answer answer;

	if (cfg->ocsp == OCSP_OFF || !handshake->identity.subject) {
		agentstep_begin(handshake);
		return;
	}
	if (handshake->identity.resumed) {
		/* There is an answer: ocsp_knows(). */
		ocsplive_come_back(cfg,
				   handshake->identity.chain[0].fingerprint);
		agentstep_begin(handshake);
		return;
	}
	handshake->ocsp = ocsp_ask(cfg,
				   SSL_get0_peer_certificate(handshake->ssl),
				   issuer_of(handshake),
				   &handshake->worker->ocsp, handshake,
				   &answer);
	if (handshake->ocsp)
		handshake_set_state(handshake, HANDSHAKE_OCSP, now_ns() +
				    cfg->ocsp_timeout * MS + SLACK_NS);
	else
		go_on(handshake, &answer);
}

void ocspstep_forget(struct handshake *handshake)
{
	if (handshake->ocsp)
		handshake->ocsp->asker = NULL;
	handshake->ocsp = NULL;
}

void ocspstep_late(struct handshake *handshake)
{
	struct ocsp_answer answer;

	ocspstep_forget(handshake);
	ocsp_no_answer(&answer, "no answer within %u ms",
		       handshake->gate->cfg->ocsp_timeout);
	go_on(handshake, &answer);
}

void ocspstep_answers(struct worker *worker)
{
	struct ocsp_ticket *ticket = ocsp_take(&worker->ocsp), *next;

	for (; ticket; ticket = next) {
		struct handshake *handshake = ticket->asker;

		next = ticket->next;
		if (handshake) {
			handshake->ocsp = NULL;
			go_on(handshake, &ticket->answer);
		}
		free(ticket);
	}
}
