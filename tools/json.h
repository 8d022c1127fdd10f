/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading JSON that another program wrote. */
#ifndef KTLSGATE_JSON_H
#define KTLSGATE_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

/* Members of an object, NULL or 0 or false when absent or of another type. */
const char *json_string(struct json_object *j, const char *key);
int64_t json_number(struct json_object *j, const char *key);
struct json_object *json_array(struct json_object *j, const char *key);
struct json_object *json_member(struct json_object *j, const char *key);
bool json_true(struct json_object *j, const char *key);

#endif
