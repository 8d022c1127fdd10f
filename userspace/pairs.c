// SPDX-License-Identifier: GPL-2.0-or-later
#include <stddef.h>
#include <stdlib.h>

#include "mem.h"
#include "pairs.h"
#include "token.h"

#define PAIR_AT(member) offsetof(struct pair_config, member)

static const struct schema_key pair_keys[PAIR_KEYS] = {
	[PAIR_CERTIFICATE] = {
		.name = "certificate", .type = SCHEMA_STRING, .required = true,
		.offset = PAIR_AT(certificate),
	},
	[PAIR_PRIVATE_KEY] = {
		.name = "private-key", .type = SCHEMA_STRING, .required = true,
		.offset = PAIR_AT(private_key),
	},
	[PAIR_PASSPHRASE_FILE] = {
		.name = "passphrase-file", .type = SCHEMA_STRING,
		.offset = PAIR_AT(passphrase_file),
	},
};

/* Those after the first, which has keys of its own in the gate. */
void pairs_read(struct schema_reader *reader, yaml_node_t *node,
		const struct schema_key *key, void *out)
{
	struct gate_config *gate = out;
	yaml_node_item_t *item;

	if (node->type != YAML_SEQUENCE_NODE) {
		schema_error(reader, node, key->name,
			     "must be a list of mappings, each with certificate and private-key");
		return;
	}
	for (item = node->data.sequence.items.start;
	     item < node->data.sequence.items.top; item++) {
		struct pair_config *pair;
		yaml_node_t *entry;

		entry = yaml_document_get_node(reader->document, *item);
		if (gate->pair_count == CONFIG_MAX_PAIRS) {
			schema_error(reader, entry, key->name,
				     "more than %d with that of the gate itself",
				     CONFIG_MAX_PAIRS);
			return;
		}
		pair = &gate->pairs[gate->pair_count++];
		pair->line = schema_line(entry);
		schema_read(reader, entry, pair_keys, PAIR_KEYS, pair,
			    pair->lines, "pair of certificate and key");
	}
}

struct place config_pair_place(const struct gate_config *gate,
			       const struct pair_config *pair,
			       enum pair_key key)
{
	struct place place = {
		.gate = gate->name, .key = pair_keys[key].name,
		.line = pair->lines[key] ? pair->lines[key] : pair->line,
	};

	return place;
}

/* The PIN of a token may be named in its URI as well (RFC 7512). */
static void find_pins(struct gate_config *gate, struct report *report)
{
	size_t i;

	for (i = 0; i < gate->pair_count; i++) {
		struct pair_config *pair = &gate->pairs[i];
		struct place place = config_pair_place(gate, pair,
						       PAIR_PRIVATE_KEY);
		char *path, *error;

		if (!token_is_uri(pair->private_key))
			continue;
		error = token_check(pair->private_key, &path);
		if (!error && path && pair->passphrase_file)
			error = xstrdup("pin-source in the URI and passphrase-file name the PIN twice: leave one of them out");
		if (error)
			report_add(report, SEVERITY_ERROR, &place, "%s",
				   error);
		else if (path)
			pair->passphrase_file = xstrdup(path);
		free(path);
		free(error);
	}
}

void pairs_complete(struct gate_config *gate, struct report *report)
{
	struct pair_config *first = &gate->pairs[0];

	first->line = gate->line;
	first->lines[PAIR_CERTIFICATE] = gate->lines[GATE_CERTIFICATE];
	first->lines[PAIR_PRIVATE_KEY] = gate->lines[GATE_PRIVATE_KEY];
	first->lines[PAIR_PASSPHRASE_FILE] = gate->lines[GATE_PASSPHRASE_FILE];
	find_pins(gate, report);
}

void pairs_free(struct gate_config *gate)
{
	size_t i;

	for (i = 0; i < gate->pair_count; i++) {
		free(gate->pairs[i].certificate);
		free(gate->pairs[i].private_key);
		free(gate->pairs[i].passphrase_file);
	}
}
