// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "schema.h"

int schema_line(const yaml_node_t *node)
{
	return (int)node->start_mark.line + 1;
}

const char *schema_scalar(const yaml_node_t *node)
{
	const char *text = (const char *)node->data.scalar.value;

	if (node->type != YAML_SCALAR_NODE ||
	    strlen(text) != node->data.scalar.length)
		return NULL;
	return text;
}

void schema_error(struct schema_reader *reader, const yaml_node_t *node,
		  const char *key, const char *format, ...)
{
	struct place place = {
		.gate = reader->gate, .key = key, .line = schema_line(node),
	};
	va_list args;
	char *text;

	va_start(args, format);
	text = xvasprintf(format, args);
	va_end(args);
	report_add(reader->report, SEVERITY_ERROR, &place, "%s", text);
	free(text);
}

static const char *kind(const yaml_node_t *node)
{
	switch (node->type) {
	case YAML_SEQUENCE_NODE:
		return "a list";
	case YAML_MAPPING_NODE:
		return "a mapping";
	default:
		return "binary text";
	}
}

static bool plain(const yaml_node_t *node)
{
	return node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

static char *choices_text(const char *const *choices)
{
	struct text text = {};

	for (; *choices; choices++)
		text_printf(&text, "%s%s", text.length ? ", " : "", *choices);
	return text.data;
}

static void read_number(struct schema_reader *reader, yaml_node_t *node,
			const struct schema_key *key, const char *text,
			unsigned int *out)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (!isdigit((unsigned char)*text) || *end) {
		schema_error(reader, node, key->name, "'%s' is not a number",
			     text);
	} else if (!plain(node)) {
		schema_error(reader, node, key->name,
			     "\"%s\" in quotes is text, not a number", text);
	} else if (errno || value < key->min || value > key->max) {
		schema_error(reader, node, key->name,
			     "%s is not within %u to %u", text, key->min,
			     key->max);
	} else {
		*out = value;
	}
}

static void read_duration(struct schema_reader *reader, yaml_node_t *node,
			  const struct schema_key *key, const char *text,
			  unsigned int *out)
{
	unsigned long value, scale = 0;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (!strcmp(end, "ms"))
		scale = 1;
	else if (!strcmp(end, "s"))
		scale = 1000;
	else if (!strcmp(end, "m"))
		scale = 60000;
	if (!isdigit((unsigned char)*text) || !scale)
		schema_error(reader, node, key->name,
			     "'%s' is not a duration such as 500ms, 10s or 2m",
			     text);
	else if (errno || value > key->max || value * scale < key->min ||
		 value * scale > key->max)
		schema_error(reader, node, key->name,
			     "%s is not within %ums to %us", text, key->min,
			     key->max / 1000);
	else
		*out = value * scale;
}

static void read_choice(struct schema_reader *reader, yaml_node_t *node,
			const struct schema_key *key, const char *text,
			int *out)
{
	char *all;
	int i;

	for (i = 0; key->choices[i]; i++) {
		if (!strcmp(text, key->choices[i])) {
			*out = i;
			return;
		}
	}
	all = choices_text(key->choices);
	schema_error(reader, node, key->name, "'%s' is not one of %s", text,
		     all);
	free(all);
}

static void read_scalar(struct schema_reader *reader, yaml_node_t *node,
			const struct schema_key *key, void *out)
{
	const char *text = schema_scalar(node);

	if (!text) {
		schema_error(reader, node, key->name,
			     "must be a single value, not %s", kind(node));
		return;
	}
	if (!*text) {
		schema_error(reader, node, key->name, "has no value");
		return;
	}
	switch (key->type) {
	case SCHEMA_STRING:
		free(*(char **)out);
		*(char **)out = xstrdup(text);
		break;
	case SCHEMA_NUMBER:
		read_number(reader, node, key, text, out);
		break;
	case SCHEMA_BOOL:
		if (plain(node) && !strcmp(text, "true"))
			*(bool *)out = true;
		else if (plain(node) && !strcmp(text, "false"))
			*(bool *)out = false;
		else
			schema_error(reader, node, key->name,
				     "'%s' is not one of true, false", text);
		break;
	case SCHEMA_CHOICE:
		read_choice(reader, node, key, text, out);
		break;
	case SCHEMA_DURATION:
		read_duration(reader, node, key, text, out);
		break;
	case SCHEMA_CUSTOM:
		break;
	}
}

static ssize_t find_key(const struct schema_key *keys, size_t count,
			const char *name)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!strcmp(keys[i].name, name))
			return i;
	return -1;
}

static void unknown_key(struct schema_reader *reader, yaml_node_t *node,
			const struct schema_key *keys, size_t count,
			const char *name)
{
	struct text all = {};
	size_t i;

	for (i = 0; i < count; i++)
		text_printf(&all, "%s%s", i ? ", " : "", keys[i].name);
	schema_error(reader, node, name, "unknown key, known here: %s",
		     all.data);
	text_free(&all);
}

static void missing_keys(struct schema_reader *reader, yaml_node_t *node,
			 const struct schema_key *keys, size_t count,
			 const int *seen, const char *what)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (keys[i].required && !seen[i])
			schema_error(reader, node, keys[i].name,
				     "missing in this %s", what);
}

bool schema_read(struct schema_reader *reader, yaml_node_t *node,
		 const struct schema_key *keys, size_t count, void *out,
		 int *lines, const char *what)
{
	size_t errors = reader->report->errors;
	yaml_node_pair_t *pair;
	int *seen;

	if (node->type != YAML_MAPPING_NODE) {
		schema_error(reader, node, NULL, "%s must be a mapping of keys",
			     what);
		return false;
	}
	seen = xcalloc(count, sizeof(*seen));
	for (pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top; pair++) {
		yaml_node_t *name_node, *value;
		const char *name;
		ssize_t i;

		name_node = yaml_document_get_node(reader->document, pair->key);
		value = yaml_document_get_node(reader->document, pair->value);
		name = schema_scalar(name_node);
		if (!name) {
			schema_error(reader, name_node, NULL,
				     "a key must be plain text");
			continue;
		}
		i = find_key(keys, count, name);
		if (i < 0) {
			unknown_key(reader, name_node, keys, count, name);
			continue;
		}
		if (seen[i]) {
			schema_error(reader, name_node, name,
				     "given twice, first in line %d", seen[i]);
			continue;
		}
		seen[i] = schema_line(name_node);
		if (keys[i].type == SCHEMA_CUSTOM)
			keys[i].read(reader, value, &keys[i],
				     (char *)out + keys[i].offset);
		else
			read_scalar(reader, value, &keys[i],
				    (char *)out + keys[i].offset);
	}
	missing_keys(reader, node, keys, count, seen, what);
	if (lines)
		memcpy(lines, seen, count * sizeof(*lines));
	free(seen);
	return reader->report->errors == errors;
}
