// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <linux/ktlsgate.h>

#include "admission.h"
#include "judge.h"
#include "mem.h"
#include "ocsp.h"
#include "spiffe.h"

static bool expired(const struct identity *identity, struct verdict *verdict)
{
	if (!identity->not_after || identity->not_after > (uint64_t)time(NULL))
		return false;
	verdict_set(verdict, KTLSGATE_REFUSAL_BAD_CERTIFICATE,
		    "certificate %s, or one of its chain, expired",
		    identity->subject);
	return true;
}

/* NULL, or why the SPIFFE ID is not one of those the gate is for. */
static char *elsewhere(const struct gate_config *cfg, const char *id)
{
	char *domain, *reason = NULL;

	if (!cfg->spiffe_trust_domain && !cfg->spiffe_workload_id)
		return NULL;
	if (!id)
		return xstrdup("the client has no SPIFFE ID, and the gate is for one only");
	domain = spiffe_domain(id);
	if (cfg->spiffe_trust_domain &&
	    strcmp(domain, cfg->spiffe_trust_domain))
		reason = xasprintf("%s is not in trust domain %s, which the gate is for",
				   id, cfg->spiffe_trust_domain);
	else if (cfg->spiffe_workload_id &&
		 strcmp(spiffe_path(id), cfg->spiffe_workload_id))
		reason = xasprintf("%s is not workload %s, which the gate is for",
				   id, cfg->spiffe_workload_id);
	free(domain);
	return reason;
}

static bool admitted(const struct gate *gate, const struct identity *identity,
		     struct verdict *verdict)
{
	char *reason = elsewhere(gate->cfg, identity->spiffe_id);

	if (!reason)
		reason = admission_refuses(gate->admission,
					   identity->principal,
					   !identity->subject);
	if (!reason)
		return true;
	verdict_set(verdict, KTLSGATE_REFUSAL_NOT_ADMITTED, "%s", reason);
	free(reason);
	return false;
}

bool judge(const struct gate *gate, const struct identity *identity,
	   struct verdict *verdict, uint8_t *alert)
{
	if (expired(identity, verdict)) {
		*alert = SSL_AD_CERTIFICATE_EXPIRED;
		return false;
	}
	if (!admitted(gate, identity, verdict)) {
		*alert = SSL_AD_ACCESS_DENIED;
		return false;
	}
	if (!identity->subject)
		return true;
	return (!gate->crls ||
		crl_judge(gate->crls, identity, verdict, alert)) &&
	       (gate->cfg->ocsp == OCSP_OFF ||
		ocsp_judge(gate->cfg, identity, verdict, alert));
}

/* The principal under the rules of now; NULL and a verdict without one. */
static char *principal_now(const struct gate *gate,
			   const struct identity *identity,
			   struct verdict *verdict)
{
	char *name, *error;

	if (!identity->subject)
		return xstrdup(identity->principal);
	if (gate->cfg->spiffe) {
		if (!identity->spiffe_id)
			verdict_set(verdict, KTLSGATE_REFUSAL_NOT_ADMITTED,
				    "certificate %s came without the SPIFFE ID that is asked for now",
				    identity->subject);
		return xstrdup(identity->spiffe_id);
	}
	if (!gate->mapping)
		return xstrdup(identity->subject);
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
