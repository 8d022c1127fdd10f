/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of the configuration that are no single text, number or choice. */
#ifndef KTLSGATED_CONFIGREAD_H
#define KTLSGATED_CONFIGREAD_H

#include "config.h"
#include "schema.h"

/* An IPv4 or IPv6 address, into a struct address. */
void config_read_address(struct schema_reader *reader, yaml_node_t *node,
			 const struct schema_key *key, void *out);

/* The list of plaintext-from, into its struct gate_config. */
void config_read_sources(struct schema_reader *reader, yaml_node_t *node,
			 const struct schema_key *key, void *out);

/*
 * A list, or a single value that stands for a list of one, into a struct
 * strings.
 */
void config_read_strings(struct schema_reader *reader, yaml_node_t *node,
			 const struct schema_key *key, void *out);

/*
 * "acme.com: /etc/ktlsgate/acme.pem", one for each trust domain, into a struct
 * strings: domain, file, domain, ...
 */
void config_read_bundles(struct schema_reader *reader, yaml_node_t *node,
			 const struct schema_key *key, void *out);

void strings_free(struct strings *strings);

#endif
