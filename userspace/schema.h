/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads YAML mappings into structs by a table of keys. Whatever is not in the
 * table, is there twice, has the wrong type or is out of range is an error
 * with its line, and reading goes on to find the next one.
 */
#ifndef KTLSGATED_SCHEMA_H
#define KTLSGATED_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

#include "report.h"

enum schema_type {
	SCHEMA_STRING,		/* char *, not empty */
	SCHEMA_NUMBER,		/* unsigned int, min..max */
	SCHEMA_BOOL,		/* bool: true or false */
	SCHEMA_CHOICE,		/* int: index into choices */
	SCHEMA_DURATION,	/* unsigned int milliseconds, min..max: 500ms,
				 * 10s, 2m; a unit is required
				 */
	SCHEMA_CUSTOM,		/* read by the function */
};

struct schema_reader {
	yaml_document_t *document;
	struct report *report;
	const char *gate;	/* name of the gate being read, for findings */
};

struct schema_key {
	const char *name;
	enum schema_type type;
	size_t offset;		/* in the struct that is filled */
	bool required;
	unsigned int min, max;
	const char *const *choices;	/* ends with NULL */
	void (*read)(struct schema_reader *reader, yaml_node_t *node,
		     const struct schema_key *key, void *out);
};

/*
 * Fills the struct at @out from @node. lines[i] becomes the line of keys[i],
 * or 0 when it is not given; it may be NULL. @what names the mapping in
 * errors. False when anything was wrong.
 */
bool schema_read(struct schema_reader *reader, yaml_node_t *node,
		 const struct schema_key *keys, size_t count, void *out,
		 int *lines, const char *what);

int schema_line(const yaml_node_t *node);
const char *schema_scalar(const yaml_node_t *node);	/* NULL: no scalar */
void schema_error(struct schema_reader *reader, const yaml_node_t *node,
		  const char *key, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
