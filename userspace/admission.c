// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "admission.h"
#include "mem.h"

#define TYPE "User:"

struct entry {
	const char *text;	/* as configured, without the type */
	char *name;		/* what is compared */
	size_t size;		/* its bytes */
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

/*
 * The first '*' that stands for any rest. One behind a backslash is the
 * character; one behind two is not, for DNs write a backslash as two.
 */
static const char *wildcard(const char *text)
{
	unsigned int backslashes = 0;

	for (; *text; text++) {
		if (*text == '*' && !(backslashes & 1))
			return text;
		backslashes = *text == '\\' ? backslashes + 1 : 0;
	}
	return NULL;
}

const char *admission_check(const char *entry)
{
	const char *star;

	if (strncmp(entry, TYPE, strlen(TYPE)))
		return "must begin with 'User:', as Kafka writes a principal";
	entry += strlen(TYPE);
	if (!*entry)
		return "names nobody: 'User:*' is everyone";
	star = wildcard(entry);
	if (star && star[1])
		return "has a '*' that is not its last character; the character itself is '\\*'";
	return NULL;
}

/* Without the backslash of each '*' that is the character itself. */
static void take_name(const char *text, struct entry *out)
{
	const char *star = wildcard(text), *at;

	out->beginning = star;
	out->name = xcalloc(1, strlen(text) + 1);
	for (at = text; *at && at != star; at++)
		if (at[0] != '\\' || at[1] != '*' || at + 1 == star)
			out->name[out->size++] = *at;
}

static void compile(const struct strings *texts, struct entries *out)
{
	size_t i;

	out->count = texts->count;
	out->entry = xcalloc(texts->count, sizeof(*out->entry));
	for (i = 0; i < texts->count; i++) {
		out->entry[i].text = texts->text[i] + strlen(TYPE);
		take_name(out->entry[i].text, &out->entry[i]);
	}
}

static void forget(struct entries *entries)
{
	size_t i;

	for (i = 0; i < entries->count; i++)
		free(entries->entry[i].name);
	free(entries->entry);
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
	forget(&admission->allow);
	forget(&admission->deny);
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
				 principal, denied->text);
	if (!admission->allow.count ||
	    find(&admission->allow, principal, anonymous))
		return NULL;
	return xasprintf("principal " TYPE "%s is not in the list of those allowed",
			 principal);
}
