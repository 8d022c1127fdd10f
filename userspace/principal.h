/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KTLSGATED_PRINCIPAL_H
#define KTLSGATED_PRINCIPAL_H

#include "gate.h"
#include "identity.h"
#include "verdict.h"

/*
 * Makes the principal of a client with a certificate what the gate wants: its
 * SPIFFE ID, or what the mapping gives. False, and a verdict, when there is
 * none.
 */
bool principal_name(SSL *ssl, const struct gate *gate,
		    struct identity *identity, struct verdict *verdict);

#endif
