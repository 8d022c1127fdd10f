// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "admission.h"
#include "mem.h"

#define TYPE "User:"

struct entry {
	const char *name;	/* without the type */
	size_t size;		/* without the '*' */
	bool beginning;
};

struct entries {
	struct entry *entry;
	size_t count;
};

struct admission {
	struct entries allow;
	struct entries deny;
};

const char *admission_check(const char *entry)
{
	const char *star;

	if (strncmp(entry, TYPE, strlen(TYPE)))
		return "must begin with 'User:', as Kafka writes a principal";
	entry += strlen(TYPE);
	if (!*entry)
		return "names nobody: 'User:*' is everyone";
	star = strchr(entry, '*');
	if (star && star[1])
		return "has a '*' that is not its last character";
	return NULL;
}

static void compile(const struct strings *texts, struct entries *out)
{
	size_t i;

	out->count = texts->count;
	out->entry = xcalloc(texts->count, sizeof(*out->entry));
	for (i = 0; i < texts->count; i++) {
		struct entry *entry = &out->entry[i];

		entry->name = texts->text[i] + strlen(TYPE);
		entry->size = strcspn(entry->name, "*");
		entry->beginning = entry->name[entry->size] == '*';
	}
}

struct admission *admission_new(const struct gate_config *cfg)
{
	struct admission *admission = xcalloc(1, sizeof(*admission));

	compile(&cfg->allow, &admission->allow);
	compile(&cfg->deny, &admission->deny);
	return admission;
}

void admission_free(struct admission *admission)
{
	if (!admission)
		return;
	free(admission->allow.entry);
	free(admission->deny.entry);
	free(admission);
}

static bool is_meant(const struct entry *entry, const char *principal,
		     bool anonymous)
{
	if (entry->beginning)
		return (!entry->size || !anonymous) &&
		       !strncmp(entry->name, principal, entry->size);
	return !strcmp(entry->name, principal);
}

static const struct entry *find(const struct entries *entries,
				const char *principal, bool anonymous)
{
	size_t i;

	for (i = 0; i < entries->count; i++)
		if (is_meant(&entries->entry[i], principal, anonymous))
			return &entries->entry[i];
	return NULL;
}

char *admission_refuses(const struct admission *admission,
			const char *principal, bool anonymous)
{
	const struct entry *denied;

	denied = find(&admission->deny, principal, anonymous);
	if (denied)
		return xasprintf("principal " TYPE "%s is denied by '" TYPE "%s'",
				 principal, denied->name);
	if (!admission->allow.count ||
	    find(&admission->allow, principal, anonymous))
		return NULL;
	return xasprintf("principal " TYPE "%s is not in the list of those allowed",
			 principal);
}
