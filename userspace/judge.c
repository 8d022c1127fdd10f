// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <time.h>

#include <linux/ktlsgate.h>

#include "judge.h"
#include "mem.h"

static bool expired(const struct identity *identity, struct verdict *verdict)
{
	if (!identity->not_after || identity->not_after > (uint64_t)time(NULL))
		return false;
	verdict_set(verdict, KTLSGATE_REFUSAL_BAD_CERTIFICATE,
		    "certificate %s, or one of its chain, expired",
		    identity->subject);
	return true;
}

bool judge(const struct gate *gate, const struct identity *identity,
	   struct verdict *verdict, uint8_t *alert)
{
	(void)gate;
	if (expired(identity, verdict)) {
		*alert = SSL_AD_CERTIFICATE_EXPIRED;
		return false;
	}
	return true;
}

/* The principal under the rules of now; NULL and a verdict without one. */
static char *principal_now(const struct gate *gate,
			   const struct identity *identity,
			   struct verdict *verdict)
{
	char *name, *error;

	if (!gate->mapping || !identity->subject)
		return xstrdup(identity->principal);
	name = mapping_apply(gate->mapping, identity->subject, &error);
	if (name)
		return name;
	verdict_set(verdict, KTLSGATE_REFUSAL_NOT_ADMITTED, "%s", error);
	free(error);
	return NULL;
}

bool judge_live(const struct gate *gate, const struct identity *identity,
		bool has_chain, struct verdict *verdict, uint8_t *alert)
{
	struct identity now = *identity;
	bool passes;

	if (!identity->subject &&
	    gate->cfg->client_auth == CLIENT_AUTH_REQUIRED) {
		verdict_set(verdict, KTLSGATE_REFUSAL_NO_CERTIFICATE,
			    "no client certificate");
		*alert = SSL_AD_CERTIFICATE_REQUIRED;
		return false;
	}
	if (gate->anchors && identity->subject && has_chain &&
	    !anchors_cover(gate->anchors, identity)) {
		verdict_set(verdict, KTLSGATE_REFUSAL_BAD_CERTIFICATE,
			    "issuer %s is not trusted any more (certificate %s)",
			    identity->issuer, identity->subject);
		*alert = SSL_AD_UNKNOWN_CA;
		return false;
	}
	*alert = SSL_AD_ACCESS_DENIED;
	now.principal = principal_now(gate, identity, verdict);
	if (!now.principal)
		return false;
	passes = judge(gate, &now, verdict, alert);
	free(now.principal);
	return passes;
}
