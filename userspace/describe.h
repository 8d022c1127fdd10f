/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A gate as JSON: what --check --json tells of a configuration, and what the
 * state file tells of what is in force.
 */
#ifndef KTLSGATED_DESCRIBE_H
#define KTLSGATED_DESCRIBE_H

#include <json-c/json.h>

#include "certs.h"
#include "config.h"
#include "crl.h"

/* NULL as a value is JSON's null. */
void describe_text(struct json_object *object, const char *key,
		   const char *value);
void describe_number(struct json_object *object, const char *key,
		     int64_t value);

/*
 * @certs: what its files hold, NULL when that is not known; @crls: NULL when
 * it has none; @ciphers: what kTLS carries. To be put by the caller.
 */
struct json_object *describe_gate(const struct gate_config *gate,
				  const struct certs *certs,
				  const struct crls *crls,
				  unsigned int ciphers);

#endif
