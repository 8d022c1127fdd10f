// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>

#include "address.h"
#include "configread.h"
#include "mem.h"

void config_read_address(struct schema_reader *reader, yaml_node_t *node,
			 const struct schema_key *key, void *out)
{
	const char *text = schema_scalar(node);
	struct address *address = out;

	if (!text || !address_parse(text, address))
		schema_error(reader, node, key->name,
			     "'%s' is not an IPv4 or IPv6 address",
			     text ? text : "");
	/* So an agent's configuration calls any. No packet has this address. */
	else if (address_is_any(address))
		memset(address, 0, sizeof(*address));
}

void config_read_sources(struct schema_reader *reader, yaml_node_t *node,
			 const struct schema_key *key, void *out)
{
	struct gate_config *gate = out;
	yaml_node_item_t *item;

	if (node->type != YAML_SEQUENCE_NODE) {
		schema_error(reader, node, key->name,
			     "must be a list, such as [10.0.0.0/8, ::1]");
		return;
	}
	for (item = node->data.sequence.items.start;
	     item < node->data.sequence.items.top; item++) {
		yaml_node_t *entry;
		struct prefix prefix;
		const char *text;

		entry = yaml_document_get_node(reader->document, *item);
		text = schema_scalar(entry);
		if (!text || !prefix_parse(text, &prefix)) {
			schema_error(reader, entry, key->name,
				     "'%s' is not an address or a prefix such as 10.0.0.0/8 (no bits beyond its length)",
				     text ? text : "");
			continue;
		}
		gate->plaintext_from = xrealloc(gate->plaintext_from,
						gate->plaintext_from_count + 1,
						sizeof(prefix));
		gate->plaintext_from[gate->plaintext_from_count++] = prefix;
	}
}

static void strings_add(struct strings *strings, const char *text)
{
	strings->text = xrealloc(strings->text, strings->count + 1,
				 sizeof(*strings->text));
	strings->text[strings->count++] = xstrdup(text);
}

void strings_free(struct strings *strings)
{
	size_t i;

	for (i = 0; i < strings->count; i++)
		free(strings->text[i]);
	free(strings->text);
}

static void read_string(struct schema_reader *reader, yaml_node_t *node,
			const char *key, struct strings *out)
{
	const char *text = schema_scalar(node);

	if (text && *text)
		strings_add(out, text);
	else
		schema_error(reader, node, key, "must be text, not empty");
}

void config_read_strings(struct schema_reader *reader, yaml_node_t *node,
			 const struct schema_key *key, void *out)
{
	yaml_node_item_t *item;

	if (node->type == YAML_SCALAR_NODE) {
		read_string(reader, node, key->name, out);
		return;
	}
	if (node->type != YAML_SEQUENCE_NODE) {
		schema_error(reader, node, key->name, "must be a list of texts");
		return;
	}
	for (item = node->data.sequence.items.start;
	     item < node->data.sequence.items.top; item++)
		read_string(reader, yaml_document_get_node(reader->document,
							   *item),
			    key->name, out);
}

void config_read_bundles(struct schema_reader *reader, yaml_node_t *node,
			 const struct schema_key *key, void *out)
{
	yaml_node_pair_t *pair;

	if (node->type != YAML_MAPPING_NODE) {
		schema_error(reader, node, key->name,
			     "must be a mapping of trust domains to files");
		return;
	}
	for (pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top; pair++) {
		read_string(reader, yaml_document_get_node(reader->document,
							   pair->key),
			    key->name, out);
		read_string(reader, yaml_document_get_node(reader->document,
							   pair->value),
			    key->name, out);
	}
}
