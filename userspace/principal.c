// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include <linux/ktlsgate.h>

#include "mem.h"
#include "principal.h"

bool principal_map(const struct mapping *mapping, struct identity *identity,
		   struct verdict *verdict)
{
	char *name, *error;

	if (!mapping || !identity->subject)
		return true;
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
