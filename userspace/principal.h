/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KTLSGATED_PRINCIPAL_H
#define KTLSGATED_PRINCIPAL_H

#include "identity.h"
#include "mapping.h"
#include "verdict.h"

/*
 * Gives the client the principal that the mapping has for it. False and a
 * verdict when no rule has one; @mapping: NULL leaves the DN.
 */
bool principal_map(const struct mapping *mapping, struct identity *identity,
		   struct verdict *verdict);

#endif
