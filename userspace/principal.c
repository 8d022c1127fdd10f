// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include <linux/ktlsgate.h>

#include "mem.h"
#include "principal.h"
#include "svid.h"

/* The certificate was looked at in the handshake, or in that of the session. */
static bool take_spiffe_id(SSL *ssl, struct identity *identity,
			   struct verdict *verdict)
{
	char *error;

	identity->spiffe_id = svid_id(SSL_get0_peer_certificate(ssl), &error);
	if (identity->spiffe_id) {
		free(identity->principal);
		identity->principal = xstrdup(identity->spiffe_id);
		return true;
	}
	verdict_set(verdict, KTLSGATE_REFUSAL_BAD_CERTIFICATE, "%s", error);
	free(error);
	return false;
}

static bool map(const struct mapping *mapping, struct identity *identity,
		struct verdict *verdict)
{
	char *name, *error;

	name = mapping_apply(mapping, identity->subject, &error);
	if (name && strlen(name) > KTLSGATE_STRING_MAX) {
		free(name);
		name = NULL;
		error = xasprintf("the principal is longer than %d bytes",
				  KTLSGATE_STRING_MAX);
	}
	if (name) {
		free(identity->principal);
		identity->principal = name;
		return true;
	}
	verdict_set(verdict, KTLSGATE_REFUSAL_NOT_ADMITTED, "%s", error);
	free(error);
	return false;
}

bool principal_name(SSL *ssl, const struct gate *gate,
		    struct identity *identity, struct verdict *verdict)
{
	if (!identity->subject)
		return true;
	if (gate->cfg->spiffe)
		return take_spiffe_id(ssl, identity, verdict);
	return !gate->mapping || map(gate->mapping, identity, verdict);
}
