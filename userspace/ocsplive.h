/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * OCSP about clients that are connected: what is needed to ask about them once
 * more when the answer that let them in has ended. Of a helper that was started
 * anew nothing is known of those before, until they connect again.
 */
#ifndef KTLSGATED_OCSPLIVE_H
#define KTLSGATED_OCSPLIVE_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/x509.h>

#include "config.h"

#define OCSPLIVE_MAX 16384	/* certificates; others are not asked about again */

/* This client passed a gate with OCSP. Any thread. */
void ocsplive_keep(const struct gate_config *gate, const X509 *leaf,
		   const X509 *issuer);

/* The same client, by a session that it resumed. */
void ocsplive_come_back(const struct gate_config *gate,
			const uint8_t fingerprint[32]);

/* Whether the answer about one of them ended: live connections are to be met. */
bool ocsplive_due(void);

/* It is connected: asked about, if the answer ended. */
void ocsplive_meet(const struct gate_config *gate,
		   const uint8_t fingerprint[32]);

/* All that are connected were met since the last time: the rest is forgotten. */
void ocsplive_sweep(void);

#endif
