// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kafka's rules (SslPrincipalMapper) are Java code over java.util.regex. What
 * comes out decides who may do what, so each step is the same one here: the
 * splitting and the parsing by the same two expressions, full match, then
 * replacement of all matches, Java's rules for "$1" and "\".
 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include <ctype.h>
#include <locale.h>
#include <pcre2.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "javaregex.h"
#include "lettercase.h"
#include "mapping.h"
#include "mem.h"

#define RULE "(DEFAULT)|RULE:((\\\\.|[^\\\\/])*)\\/((\\\\.|[^\\\\/])*)\\/" \
	     "([LU]?).*?|(.*?)"

/* Steps of one match. A rule of an operator takes hundreds. */
#define MATCH_LIMIT	200000
#define DEPTH_LIMIT	20000
#define HEAP_LIMIT	4096	/* KiB */

/* Processor time for one DN: many matches that each keep to their limit. */
#define BUDGET_NS	200000000ULL

/* Besides PCRE2's errors, which are all above. */
#define NO_SUCH_CASE	-1000

struct rule {
	pcre2_code *pattern;	/* NULL: DEFAULT */
	char *replacement;
	char to_case;		/* 'L', 'U' or 0 */
};

struct mapping {
	struct rule *rules;
	size_t count;
	bool capture;		/* one regular expression, its first group */
	pcre2_match_context *limits;
	locale_t locale;
};

/*
 * @newline: what "." does not match and "$" stands before. Java's line ends
 * are PCRE2_NEWLINE_ANY but for two, which no DN with rules may have in it.
 */
static pcre2_code *compile(const char *pattern, uint32_t newline, char **error)
{
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	PCRE2_UCHAR reason[128];
	PCRE2_SIZE offset;
	pcre2_code *code;
	int number;

	if (!context || pcre2_set_newline(context, newline))
		abort();
#ifdef PCRE2_EXTRA_CASELESS_RESTRICT
	/* Else the Kelvin sign is a k for (?i), which it is not for Java. */
	if (newline == PCRE2_NEWLINE_ANY)
		pcre2_set_compile_extra_options(context,
						PCRE2_EXTRA_CASELESS_RESTRICT);
#endif
	/* "\C" is a byte and not a character: half of one is no name. */
	code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
			     PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C, &number,
			     &offset, context);
	pcre2_compile_context_free(context);
	if (code)
		return code;
	pcre2_get_error_message(number, reason, sizeof(reason));
	*error = xasprintf("'%s' is no regular expression: %s at character %zu",
			   pattern, reason, offset + 1);
	return NULL;
}

static uint64_t spent_ns(void)
{
	struct timespec spent;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
	return spent.tv_sec * 1000000000ULL + spent.tv_nsec;
}

static uint32_t groups_of(const pcre2_code *code)
{
	uint32_t count = 0;

	pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &count);
	return count;
}

/*
 * Reads "$12" at @at as Java does after Kafka's escaping: as many digits as
 * name a group; *group is -1 when not even the first does: a literal then.
 */
static size_t reference(const char *at, uint32_t groups, int *group)
{
	size_t used = 1;
	uint32_t number;

	number = at[used++] - '0';
	if (number > groups) {
		*group = -1;
		return used;
	}
	while (isdigit((unsigned char)at[used])) {
		uint32_t longer = number * 10 + (at[used] - '0');

		if (longer > groups)
			break;
		number = longer;
		used++;
	}
	*group = number;
	return used;
}

/* What Java would throw for, at the first client. */
static char *check_replacement(const char *text, uint32_t groups)
{
	const char *at;

	for (at = text; *at; at++) {
		if (*at == '\\') {
			if (!*++at)
				return xasprintf("replacement '%s' ends with a backslash",
						 text);
		} else if (*at == '$') {
			if (!isdigit((unsigned char)at[1]))
				return xasprintf("replacement '%s': '$' must be followed by the number of a group, or be written '\\$'",
						 text);
			/* Kafka makes a literal of it only if there are any. */
			if (at[1] != '0' && !groups)
				return xasprintf("replacement '%s' refers to a group, but the pattern has none",
						 text);
			at++;
		}
	}
	return NULL;
}

static void expand(struct text *out, const char *replacement, const char *dn,
		   const PCRE2_SIZE *at, uint32_t groups)
{
	while (*replacement) {
		size_t used = 1;
		int group = -1;

		if (*replacement == '\\') {
			replacement++;
			text_add(out, replacement, 1);
		} else if (*replacement != '$') {
			text_add(out, replacement, 1);
		} else {
			used = reference(replacement, groups, &group);
			if (group < 0)
				text_add(out, replacement, used);
			else if (at[2 * group] != PCRE2_UNSET)
				text_add(out, dn + at[2 * group],
					 at[2 * group + 1] - at[2 * group]);
		}
		replacement += used;
	}
}

static int match(const struct mapping *mapping, const pcre2_code *code,
		 const char *dn, size_t from, uint32_t options,
		 pcre2_match_data *data)
{
	return pcre2_match(code, (PCRE2_SPTR)dn, strlen(dn), from,
			   options | PCRE2_NO_JIT, data, mapping->limits);
}

/* String.replaceAll(): an empty match may follow one that was not. */
static int replace_all(const struct mapping *mapping, const struct rule *rule,
		       const char *dn, uint64_t until, pcre2_match_data *data,
		       struct text *out)
{
	uint32_t groups = groups_of(rule->pattern);
	size_t from = 0, copied = 0, size = strlen(dn);
	int result;

	text_add(out, "", 0);
	while (from <= size) {
		const PCRE2_SIZE *at;

		if (spent_ns() > until)
			return PCRE2_ERROR_MATCHLIMIT;
		result = match(mapping, rule->pattern, dn, from, 0, data);
		if (result == PCRE2_ERROR_NOMATCH)
			break;
		if (result < 0)
			return result;
		at = pcre2_get_ovector_pointer(data);
		text_add(out, dn + copied, at[0] - copied);
		expand(out, rule->replacement, dn, at, groups);
		copied = at[1];
		from = at[1];
		if (at[1] == at[0] && from++ < size)
			while (((unsigned char)dn[from] & 0xc0) == 0x80)
				from++;
	}
	text_puts(out, dn + copied);
	return 0;
}

static char *apply_rule(const struct mapping *mapping, const struct rule *rule,
			const char *dn, uint64_t until, int *result)
{
	pcre2_match_data *data;
	struct text out = {};
	char *changed;

	*result = 0;
	if (!rule->pattern)
		return xstrdup(dn);
	data = pcre2_match_data_create_from_pattern(rule->pattern, NULL);
	if (!data)
		abort();
	*result = match(mapping, rule->pattern, dn, 0,
			mapping->capture ? 0 :
			PCRE2_ANCHORED | PCRE2_ENDANCHORED, data);
	if (*result >= 0 && mapping->capture) {
		const PCRE2_SIZE *at = pcre2_get_ovector_pointer(data);

		text_add(&out, "", 0);
		if (at[2] != PCRE2_UNSET)
			text_add(&out, dn + at[2], at[3] - at[2]);
	} else if (*result >= 0) {
		*result = replace_all(mapping, rule, dn, until, data,
				      &out);
	}
	pcre2_match_data_free(data);
	if (*result < 0) {
		text_free(&out);
		return NULL;
	}
	if (!rule->to_case)
		return out.data;
	changed = lettercase_change(out.data, rule->to_case,
				    mapping->locale);
	text_free(&out);
	if (!changed)
		*result = NO_SUCH_CASE;
	return changed;
}

char *mapping_apply(const struct mapping *mapping, const char *dn, char **error)
{
	uint64_t until = spent_ns() + BUDGET_NS;
	size_t i;

	if (!mapping->capture && strpbrk(dn, "\v\f")) {
		*error = xasprintf("no mapping rule applies to a name with a vertical tab or form feed in it: %s",
				   dn);
		return NULL;
	}
	for (i = 0; i < mapping->count; i++) {
		int result;
		char *name;

		name = apply_rule(mapping, &mapping->rules[i], dn, until,
				  &result);
		if (name && *name)
			return name;
		free(name);
		if (result == NO_SUCH_CASE) {
			*error = xasprintf("mapping rule %zu cannot change the case of a letter of %s as Java does",
					   i + 1, dn);
			return NULL;
		}
		if ((result < 0 && result != PCRE2_ERROR_NOMATCH) ||
		    spent_ns() > until) {
			*error = xasprintf("mapping rule %zu takes too long on %s",
					   i + 1, dn);
			return NULL;
		}
		if (name) {
			*error = xasprintf("mapping rule %zu gives no name for %s",
					   i + 1, dn);
			return NULL;
		}
	}
	*error = xasprintf("no mapping rule applies to %s", dn);
	return NULL;
}

static struct rule *add_rule(struct mapping *mapping)
{
	mapping->rules = xrealloc(mapping->rules, mapping->count + 1,
				  sizeof(*mapping->rules));
	memset(&mapping->rules[mapping->count], 0, sizeof(*mapping->rules));
	return &mapping->rules[mapping->count++];
}

static bool is_set(const PCRE2_SIZE *at, int group)
{
	return at[2 * group] != PCRE2_UNSET;
}

static char *group_text(const char *text, const PCRE2_SIZE *at, int group)
{
	return xstrndup(text + at[2 * group],
			at[2 * group + 1] - at[2 * group]);
}

static char *check_pattern(const char *pattern)
{
	char *what = javaregex_differs(pattern), *error = NULL;

	if (what)
		error = xasprintf("'%s': %s", pattern, what);
	free(what);
	return error;
}

/* One rule, as the splitter cut it out. NULL, or a sentence. */
static char *parse_rule(struct mapping *mapping, const pcre2_code *parser,
			const char *text)
{
	pcre2_match_data *data;
	char *pattern, *error = NULL;
	const PCRE2_SIZE *at;
	struct rule *rule;

	data = pcre2_match_data_create_from_pattern(parser, NULL);
	if (!data)
		abort();
	at = pcre2_get_ovector_pointer(data);
	if (match(mapping, parser, text, 0, PCRE2_ANCHORED, data) < 0 ||
	    at[1] != strlen(text)) {
		error = xasprintf("'%s' is not a rule: RULE:pattern/replacement/, the same with L or U after it, or DEFAULT",
				  text);
	} else if (is_set(at, 1)) {
		add_rule(mapping);
	} else if (is_set(at, 2)) {
		rule = add_rule(mapping);
		pattern = group_text(text, at, 2);
		rule->replacement = group_text(text, at, 4);
		rule->to_case = is_set(at, 6) && at[12] != at[13] ?
				text[at[12]] : 0;
		error = check_pattern(pattern);
		if (!error)
			rule->pattern = compile(pattern, PCRE2_NEWLINE_ANY,
						&error);
		if (rule->pattern)
			error = check_replacement(rule->replacement,
						  groups_of(rule->pattern));
		free(pattern);
	}
	pcre2_match_data_free(data);
	return error;
}

static char *parse_rules(struct mapping *mapping, const char *rules)
{
	pcre2_match_data *data;
	pcre2_code *splitter, *parser;
	size_t from = 0, size = strlen(rules);
	char *error = NULL;

	splitter = compile("\\s*(" RULE ")\\s*(,|$)", PCRE2_NEWLINE_ANY,
			   &error);
	parser = compile(RULE, PCRE2_NEWLINE_ANY, &error);
	if (!splitter || !parser)
		abort();
	data = pcre2_match_data_create_from_pattern(splitter, NULL);
	while (data && !error && from <= size &&
	       match(mapping, splitter, rules, from, 0, data) >= 0) {
		const PCRE2_SIZE *at = pcre2_get_ovector_pointer(data);
		char *rule = group_text(rules, at, 1);

		error = parse_rule(mapping, parser, rule);
		free(rule);
		from = at[1] + (at[1] == at[0]);
	}
	pcre2_match_data_free(data);
	pcre2_code_free(splitter);
	pcre2_code_free(parser);
	if (!error && !mapping->count)
		error = xstrdup("there is no rule in it");
	return error;
}

static char *parse_regex(struct mapping *mapping, const char *regex)
{
	struct rule *rule = add_rule(mapping);
	char *error = NULL;

	mapping->capture = true;
	rule->pattern = compile(regex, PCRE2_NEWLINE_LF, &error);
	if (rule->pattern && groups_of(rule->pattern) != 1)
		error = xasprintf("'%s' must have one group in parentheses, it has %u",
				  regex, groups_of(rule->pattern));
	return error;
}

struct mapping *mapping_new(const char *rules, const char *regex, char **error)
{
	struct mapping *mapping = xcalloc(1, sizeof(*mapping));

	mapping->limits = pcre2_match_context_create(NULL);
	mapping->locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (!mapping->limits || !mapping->locale)
		abort();
	pcre2_set_match_limit(mapping->limits, MATCH_LIMIT);
	pcre2_set_depth_limit(mapping->limits, DEPTH_LIMIT);
	pcre2_set_heap_limit(mapping->limits, HEAP_LIMIT);
	*error = rules ? parse_rules(mapping, rules) :
		 parse_regex(mapping, regex);
	if (!*error)
		return mapping;
	mapping_free(mapping);
	return NULL;
}

void mapping_free(struct mapping *mapping)
{
	size_t i;

	if (!mapping)
		return;
	for (i = 0; i < mapping->count; i++) {
		pcre2_code_free(mapping->rules[i].pattern);
		free(mapping->rules[i].replacement);
	}
	free(mapping->rules);
	pcre2_match_context_free(mapping->limits);
	freelocale(mapping->locale);
	free(mapping);
}
