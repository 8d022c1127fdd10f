/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A gate at run time: one configuration with the contexts made from it. It is
 * never changed; a reload makes another, and handshakes that began with this
 * one end with it.
 */
#ifndef KTLSGATED_GATE_H
#define KTLSGATED_GATE_H

#include <stdatomic.h>

#include <json-c/json.h>
#include <openssl/ssl.h>

#include "admission.h"
#include "anchors.h"
#include "certs.h"
#include "config.h"
#include "crl.h"
#include "lograte.h"
#include "mapping.h"
#include "netns.h"
#include "refusals.h"
#include "sources.h"
#include "staple.h"

/* What one worker keeps for a gate; touched by that worker alone. */
struct gate_slot {
	SSL_CTX *ctx;
	uint64_t unchecked_told;	/* when, that OCSP had no answer */
	unsigned int unchecked;		/* clients that passed since */
	uint64_t agent_asked;		/* when the kernel was last asked */
	int agent_error;		/* what it answered */
	uint32_t agent_listener;
	bool agent_has_room;
} __attribute__((aligned(64)));

struct gate {
	atomic_int refs;
	struct config *config;		/* holds what cfg points into */
	const struct gate_config *cfg;
	struct netns *ns;
	atomic_bool replaced;		/* others are in force */
	struct mapping *mapping;	/* NULL: the DN is the principal */
	struct anchors *anchors;	/* NULL: the system's trust store */
	struct admission *admission;
	struct refusals *refusals;	/* shared with the gate before it */
	struct sources *sources;	/* as well */
	struct crls *crls;		/* NULL: none are asked */
	struct staples *staples;	/* NULL: nothing is stapled */
	struct lograte lograte;
	unsigned int workers;
	struct gate_slot *slot;
	struct json_object *description;	/* for the main thread */
};

/*
 * NULL when the report got an error. @libs: the library context of each
 * worker; @dates: see certs_check().
 */
struct gate *gate_new(struct config *config, const struct gate_config *cfg,
		      struct netns *ns, OSSL_LIB_CTX *const *libs,
		      unsigned int workers, unsigned int ciphers,
		      enum severity dates, struct report *report);
/* Counts go on where those of @old are; before anybody else has the gate. */
void gate_succeed(struct gate *gate, const struct gate *old);
struct gate *gate_get(struct gate *gate);
void gate_put(struct gate *gate);

/* To be said before the others are in force: see handoff(). */
void gate_replaced(struct gate *gate);

#endif
