// SPDX-License-Identifier: GPL-2.0-or-later
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "describe.h"
#include "mem.h"
#include "refusals.h"

#define NAMES_MAX 1000

struct refused {
	char *principal;
	uint64_t count;
};

struct refusals {
	atomic_int refs;
	atomic_uint version;
	pthread_mutex_t lock;	/* of all below */
	struct refused *refused;
	size_t names;
	uint64_t others;
};

struct refusals *refusals_new(void)
{
	struct refusals *refusals = xcalloc(1, sizeof(*refusals));

	atomic_init(&refusals->refs, 1);
	pthread_mutex_init(&refusals->lock, NULL);
	return refusals;
}

struct refusals *refusals_get(struct refusals *refusals)
{
	atomic_fetch_add_explicit(&refusals->refs, 1, memory_order_relaxed);
	return refusals;
}

void refusals_put(struct refusals *refusals)
{
	size_t i;

	if (!refusals || atomic_fetch_sub(&refusals->refs, 1) > 1)
		return;
	for (i = 0; i < refusals->names; i++)
		free(refusals->refused[i].principal);
	free(refusals->refused);
	pthread_mutex_destroy(&refusals->lock);
	free(refusals);
}

static uint64_t *counter_of(struct refusals *refusals, const char *principal)
{
	struct refused *new;
	size_t i;

	for (i = 0; i < refusals->names; i++)
		if (!strcmp(refusals->refused[i].principal, principal))
			return &refusals->refused[i].count;
	if (refusals->names == NAMES_MAX)
		return &refusals->others;
	refusals->refused = xrealloc(refusals->refused, refusals->names + 1,
				     sizeof(*refusals->refused));
	new = &refusals->refused[refusals->names++];
	new->principal = xstrdup(principal);
	new->count = 0;
	return &new->count;
}

void refusals_count(struct refusals *refusals, const char *principal)
{
	pthread_mutex_lock(&refusals->lock);
	(*counter_of(refusals, principal))++;
	pthread_mutex_unlock(&refusals->lock);
	atomic_fetch_add(&refusals->version, 1);
}

unsigned int refusals_version(struct refusals *refusals)
{
	return atomic_load(&refusals->version);
}

static int more_often(const void *a, const void *b)
{
	const struct refused *left = a, *right = b;

	if (left->count != right->count)
		return left->count < right->count ? 1 : -1;
	return strcmp(left->principal, right->principal);
}

struct json_object *refusals_describe(struct refusals *refusals,
				      const char *gate, uint64_t netns_cookie)
{
	struct json_object *out = json_object_new_object();
	struct json_object *list = json_object_new_array();
	size_t i;

	describe_text(out, "name", gate);
	describe_number(out, "netns-cookie", netns_cookie);
	pthread_mutex_lock(&refusals->lock);
	if (refusals->names)
		qsort(refusals->refused, refusals->names,
		      sizeof(*refusals->refused), more_often);
	for (i = 0; i < refusals->names; i++) {
		struct json_object *one = json_object_new_object();

		describe_text(one, "principal",
			      refusals->refused[i].principal);
		describe_number(one, "count", refusals->refused[i].count);
		json_object_array_add(list, one);
	}
	json_object_object_add(out, "refused-principals", list);
	describe_number(out, "others", refusals->others);
	pthread_mutex_unlock(&refusals->lock);
	return out;
}
