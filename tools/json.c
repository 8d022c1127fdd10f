// SPDX-License-Identifier: GPL-2.0-or-later
#include "json.h"

const char *json_string(struct json_object *j, const char *key)
{
	struct json_object *member;

	if (!json_object_object_get_ex(j, key, &member) ||
	    !json_object_is_type(member, json_type_string))
		return NULL;
	return json_object_get_string(member);
}

int64_t json_number(struct json_object *j, const char *key)
{
	struct json_object *member;

	if (!json_object_object_get_ex(j, key, &member) ||
	    !json_object_is_type(member, json_type_int))
		return 0;
	return json_object_get_int64(member);
}

struct json_object *json_member(struct json_object *j, const char *key)
{
	struct json_object *member;

	if (!json_object_object_get_ex(j, key, &member) ||
	    !json_object_is_type(member, json_type_object))
		return NULL;
	return member;
}

bool json_true(struct json_object *j, const char *key)
{
	struct json_object *member;

	return json_object_object_get_ex(j, key, &member) &&
	       json_object_is_type(member, json_type_boolean) &&
	       json_object_get_boolean(member);
}

struct json_object *json_array(struct json_object *j, const char *key)
{
	struct json_object *member;

	if (!json_object_object_get_ex(j, key, &member) ||
	    !json_object_is_type(member, json_type_array))
		return NULL;
	return member;
}
