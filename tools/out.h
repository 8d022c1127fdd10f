/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one way to print. A command names each value once; here it becomes a
 * cell of an aligned table, a line below it, or a member of a JSON object.
 *
 *	out_table(o, NULL);
 *	for each gate:
 *		out_record(o);
 *		out_string(o, OUT_COLUMN, "name", "GATE", name);
 *		out_size(o, OUT_COLUMN, "rx_bytes", "RX", bytes);
 *		out_record_end(o);
 *	out_finish(o);
 *
 * Values are copied, so they may live as long as the call.
 */
#ifndef KTLSGATE_OUT_H
#define KTLSGATE_OUT_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

enum out_as {
	OUT_COLUMN,	/* text: a cell below the heading label, or in a line */
	OUT_DETAIL,	/* text: "label value" on its own line below the row */
	OUT_HIDDEN,	/* JSON only */
};

struct out;

struct out *out_new(FILE *file, bool json, bool pretty);

/*
 * Records become rows. In JSON they go to an array: the document itself, or
 * the member list_key of a document that is an object.
 */
void out_table(struct out *o, const char *list_key);

/*
 * Records are printed at once, one a line: JSON lines, or the values of
 * OUT_COLUMN with a space between, each after its label if it has one.
 */
void out_lines(struct out *o);

void out_record(struct out *o);
void out_record_end(struct out *o);

/* JSON: the fields up to the close go to an object named key; no text. */
void out_object(struct out *o, const char *key);
void out_object_end(struct out *o);

/*
 * Outside a record the fields belong to the document. Without a key a field
 * is in the text only.
 *
 * out_string's value may come from anybody: it is escaped (format.h).
 */
void out_string(struct out *o, enum out_as as, const char *key,
		const char *label, const char *value);
/* shown in text, exact in JSON */
void out_both(struct out *o, enum out_as as, const char *key,
	      const char *label, const char *shown, const char *exact);
void out_number(struct out *o, enum out_as as, const char *key,
		const char *label, uint64_t value);
/* bytes: 1.2M in text */
void out_size(struct out *o, enum out_as as, const char *key,
	      const char *label, uint64_t value);
/* milliseconds: 2h10m in text */
void out_age(struct out *o, enum out_as as, const char *key,
	     const char *label, uint64_t ms);
/* nanoseconds: 1.9ms in text */
void out_duration(struct out *o, enum out_as as, const char *key,
		  const char *label, uint64_t ns);
/* seconds since the epoch: ISO 8601 in both */
void out_time(struct out *o, enum out_as as, const char *key,
	      const char *label, int64_t seconds);
void out_bool(struct out *o, enum out_as as, const char *key,
	      const char *label, bool value);
/* an element of the array named key; the text is up to another call */
void out_element(struct out *o, const char *key, const char *value);

/* JSON: the value as it is, which is put; no text. */
void out_json(struct out *o, const char *key, struct json_object *value);

/* Print what is buffered and free o. False if stdout did not take it. */
bool out_finish(struct out *o);

bool out_is_json(const struct out *o);

#endif
