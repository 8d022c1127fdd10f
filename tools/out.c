// SPDX-License-Identifier: GPL-2.0-or-later
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "out.h"
#include "util.h"

#define OUT_DEPTH	4
#define OUT_GAP		2	/* spaces between columns */
#define OUT_LABEL	20	/* width of the labels of details */

struct out_row {
	char **cells;		/* one for each column, NULL: none */
	size_t cell_count;
	char *details;		/* lines, ready to print */
};

struct out {
	FILE *file;
	bool json;
	bool pretty;
	bool lines;
	bool in_record;

	/* text */
	char **columns;
	size_t column_count;
	struct out_row *rows;
	size_t row_count;
	bool line_started;

	/* JSON: where fields go is object[depth] */
	struct json_object *document;
	struct json_object *list;
	struct json_object *object[OUT_DEPTH];
	int depth;
};

struct out *out_new(FILE *file, bool json, bool pretty)
{
	struct out *o = xcalloc(1, sizeof(*o));

	o->file = file;
	o->json = json;
	o->pretty = pretty;
	return o;
}

bool out_is_json(const struct out *o)
{
	return o->json;
}

static struct json_object *must_json(struct json_object *j)
{
	if (!j) {
		complain("out of memory");
		exit(EXIT_KERNEL);
	}
	return j;
}

static struct json_object *new_object(void)
{
	return must_json(json_object_new_object());
}

static struct json_object *new_array(void)
{
	return must_json(json_object_new_array());
}

static void row_free(struct out_row *row)
{
	size_t i;

	for (i = 0; i < row->cell_count; i++)
		free(row->cells[i]);
	free(row->cells);
	free(row->details);
}

static void print_cell(struct out *o, const char *text, size_t width, bool last)
{
	fputs(text, o->file);
	if (!last)
		fprintf(o->file, "%*s",
			(int)(width + OUT_GAP - text_width(text)), "");
}

static const char *row_cell(const struct out_row *row, size_t column)
{
	if (column < row->cell_count && row->cells[column])
		return row->cells[column];
	return "-";
}

/* Print the rows that wait, headings first, and forget them. */
static void flush_table(struct out *o)
{
	size_t *width = xcalloc(o->column_count + 1, sizeof(*width));
	size_t c, r, w;

	for (c = 0; c < o->column_count; c++) {
		width[c] = strlen(o->columns[c]);
		for (r = 0; r < o->row_count; r++) {
			w = text_width(row_cell(&o->rows[r], c));
			if (w > width[c])
				width[c] = w;
		}
	}
	for (c = 0; c < o->column_count; c++)
		print_cell(o, o->columns[c], width[c],
			   c + 1 == o->column_count);
	if (o->column_count)
		fputc('\n', o->file);
	for (r = 0; r < o->row_count; r++) {
		for (c = 0; c < o->column_count; c++)
			print_cell(o, row_cell(&o->rows[r], c), width[c],
				   c + 1 == o->column_count);
		if (o->column_count)
			fputc('\n', o->file);
		if (o->rows[r].details)
			fputs(o->rows[r].details, o->file);
		row_free(&o->rows[r]);
	}
	for (c = 0; c < o->column_count; c++)
		free(o->columns[c]);
	free(o->columns);
	free(o->rows);
	free(width);
	o->columns = NULL;
	o->rows = NULL;
	o->column_count = 0;
	o->row_count = 0;
}

void out_table(struct out *o, const char *list_key)
{
	if (!o->json) {
		flush_table(o);
		return;
	}
	o->list = new_array();
	if (list_key) {
		if (!o->document)
			o->document = new_object();
		json_object_object_add(o->document, list_key, o->list);
		o->object[0] = o->document;
	} else {
		o->document = o->list;
	}
}

void out_lines(struct out *o)
{
	o->lines = true;
}

void out_record(struct out *o)
{
	o->in_record = true;
	if (o->json) {
		o->object[++o->depth] = new_object();
		if (!o->lines)
			json_object_array_add(o->list, o->object[o->depth]);
		return;
	}
	o->line_started = false;
	if (o->lines)
		return;
	o->rows = xrealloc(o->rows, (o->row_count + 1) * sizeof(*o->rows));
	memset(&o->rows[o->row_count++], 0, sizeof(*o->rows));
}

static void print_json(struct out *o, struct json_object *j)
{
	int flags = JSON_C_TO_STRING_NOSLASHESCAPE;

	flags |= o->pretty ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED :
			     JSON_C_TO_STRING_PLAIN;
	fprintf(o->file, "%s\n", json_object_to_json_string_ext(j, flags));
}

void out_record_end(struct out *o)
{
	o->in_record = false;
	if (o->json) {
		if (o->lines) {
			print_json(o, o->object[o->depth]);
			json_object_put(o->object[o->depth]);
		}
		o->depth--;
	} else if (o->lines) {
		fputc('\n', o->file);
	}
	if (o->lines)
		fflush(o->file);
}

/* The JSON object that takes the next field. */
static struct json_object *current(struct out *o)
{
	if (!o->object[o->depth]) {
		o->document = new_object();
		o->object[o->depth] = o->document;
	}
	return o->object[o->depth];
}

void out_object(struct out *o, const char *key)
{
	struct json_object *j;

	if (!o->json)
		return;
	j = new_object();
	json_object_object_add(current(o), key, j);
	o->object[++o->depth] = j;
}

void out_object_end(struct out *o)
{
	if (o->json)
		o->depth--;
}

static void put_column(struct out *o, const char *label, const char *text)
{
	struct out_row *row = &o->rows[o->row_count - 1];
	size_t c;

	for (c = 0; c < o->column_count; c++)
		if (!strcmp(o->columns[c], label))
			break;
	if (c == o->column_count) {
		o->columns = xrealloc(o->columns,
				      (c + 1) * sizeof(*o->columns));
		o->columns[o->column_count++] = xstrdup(label);
	}
	if (c >= row->cell_count) {
		row->cells = xrealloc(row->cells,
				      (c + 1) * sizeof(*row->cells));
		while (row->cell_count <= c)
			row->cells[row->cell_count++] = NULL;
	}
	free(row->cells[c]);
	row->cells[c] = xstrdup(text);
}

static void put_detail(struct out *o, const char *label, const char *text)
{
	struct out_row *row;
	char *more;

	if (!o->in_record || o->lines) {
		fprintf(o->file, "%-*s  %s\n", OUT_LABEL, label, text);
		return;
	}
	row = &o->rows[o->row_count - 1];
	more = xasprintf("%s    %-*s  %s\n", row->details ?: "", OUT_LABEL,
			 label, text);
	free(row->details);
	row->details = more;
}

static void put_text(struct out *o, enum out_as as, const char *label,
		     const char *text)
{
	if (as == OUT_HIDDEN)
		return;
	if (as == OUT_DETAIL) {
		put_detail(o, label, text);
	} else if (o->lines || !o->in_record) {
		if (o->line_started)
			fputc(' ', o->file);
		if (label)
			fprintf(o->file, "%s ", label);
		fputs(text, o->file);
		o->line_started = true;
	} else {
		put_column(o, label, text);
	}
}

static struct json_object *json_text(const char *value)
{
	char *utf8 = valid_utf8(value);
	struct json_object *j = must_json(json_object_new_string(utf8));

	free(utf8);
	return j;
}

static void put_json(struct out *o, const char *key, struct json_object *j)
{
	json_object_object_add(current(o), key, j);
}

void out_both(struct out *o, enum out_as as, const char *key,
	      const char *label, const char *shown, const char *exact)
{
	char *escaped;

	if (o->json) {
		if (key)
			put_json(o, key, json_text(exact));
		return;
	}
	escaped = escape_text(shown);
	put_text(o, as, label, escaped);
	free(escaped);
}

void out_string(struct out *o, enum out_as as, const char *key,
		const char *label, const char *value)
{
	out_both(o, as, key, label, value, value);
}

static void out_u64(struct out *o, enum out_as as, const char *key,
		    const char *label, uint64_t value, const char *shown)
{
	if (!o->json)
		put_text(o, as, label, shown);
	else if (key)
		put_json(o, key, must_json(json_object_new_uint64(value)));
}

void out_number(struct out *o, enum out_as as, const char *key,
		const char *label, uint64_t value)
{
	char shown[FORMAT_SIZE_LEN];

	snprintf(shown, sizeof(shown), "%llu", (unsigned long long)value);
	out_u64(o, as, key, label, value, shown);
}

void out_size(struct out *o, enum out_as as, const char *key,
	      const char *label, uint64_t value)
{
	char shown[FORMAT_SIZE_LEN];

	format_size(value, shown);
	out_u64(o, as, key, label, value, shown);
}

void out_age(struct out *o, enum out_as as, const char *key,
	     const char *label, uint64_t ms)
{
	char shown[FORMAT_AGE_LEN];

	format_age(ms, shown);
	out_u64(o, as, key, label, ms, shown);
}

void out_duration(struct out *o, enum out_as as, const char *key,
		  const char *label, uint64_t ns)
{
	char shown[FORMAT_AGE_LEN];

	format_duration(ns, shown);
	out_u64(o, as, key, label, ns, shown);
}

void out_time(struct out *o, enum out_as as, const char *key,
	      const char *label, int64_t seconds)
{
	const struct timespec ts = { .tv_sec = seconds };
	char shown[FORMAT_TIME_LEN];

	format_time(&ts, false, shown);
	out_string(o, as, key, label, shown);
}

void out_bool(struct out *o, enum out_as as, const char *key,
	      const char *label, bool value)
{
	if (!o->json)
		put_text(o, as, label, value ? "yes" : "no");
	else if (key)
		put_json(o, key, must_json(json_object_new_boolean(value)));
}

void out_element(struct out *o, const char *key, const char *value)
{
	struct json_object *array;

	if (!o->json)
		return;
	if (!json_object_object_get_ex(current(o), key, &array)) {
		array = new_array();
		put_json(o, key, array);
	}
	if (value)
		json_object_array_add(array, json_text(value));
}

void out_json(struct out *o, const char *key, struct json_object *value)
{
	if (o->json)
		put_json(o, key, value);
	else
		json_object_put(value);
}

bool out_finish(struct out *o)
{
	bool ok;

	if (o->json && o->document) {
		print_json(o, o->document);
		json_object_put(o->document);
	} else if (!o->json) {
		flush_table(o);
	}
	ok = !fflush(o->file) && !ferror(o->file);
	free(o);
	return ok;
}
