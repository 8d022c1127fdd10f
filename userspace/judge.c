// SPDX-License-Identifier: GPL-2.0-or-later
#include <time.h>

#include <linux/ktlsgate.h>

#include "judge.h"
#include "ocsp.h"

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
	if (expired(identity, verdict)) {
		*alert = SSL_AD_CERTIFICATE_EXPIRED;
		return false;
	}
	if (!identity->subject)
		return true;
	return (!gate->crls ||
		crl_judge(gate->crls, identity, verdict, alert)) &&
	       (gate->cfg->ocsp == OCSP_OFF ||
		ocsp_judge(gate->cfg, identity, verdict, alert));
}
