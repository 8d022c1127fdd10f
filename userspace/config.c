// SPDX-License-Identifier: GPL-2.0-or-later
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "config.h"
#include "configcheck.h"
#include "configread.h"
#include "files.h"
#include "mem.h"
#include "pairs.h"
#include "profile.h"
#include "schema.h"

const char *const client_auth_names[] = {
	"required", "requested", "none", NULL
};

const char *const tls_version_names[] = { "1.2", "1.3", NULL };

static const char *const crl_expired_names[] = { "refuse", "accept", NULL };
const char *const ocsp_names[] = { "off", "soft", "hard", NULL };

/* In the order of LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG. */
static const char *const level_names[] = {
	"error", "warning", "notice", "info", "debug", NULL
};

static void read_gates(struct schema_reader *reader, yaml_node_t *node,
		       const struct schema_key *key, void *out);

#define GATE_AT(member) offsetof(struct gate_config, member)

static const struct schema_key gate_keys[GATE_KEYS] = {
	[GATE_NAME] = {
		.name = "name", .type = SCHEMA_STRING, .required = true,
		.offset = GATE_AT(name),
	},
	[GATE_PORT] = {
		.name = "port", .type = SCHEMA_NUMBER, .required = true,
		.min = 1, .max = 65535, .offset = GATE_AT(port),
	},
	[GATE_ADDRESS] = {
		.name = "address", .type = SCHEMA_CUSTOM,
		.read = config_read_address, .offset = GATE_AT(address),
	},
	[GATE_STEERING] = {
		.name = "steering", .type = SCHEMA_BOOL,
		.offset = GATE_AT(steering),
	},
	[GATE_LISTEN_PORT] = {
		.name = "listen-port", .type = SCHEMA_NUMBER,
		.min = 1, .max = 65535, .offset = GATE_AT(listen_port),
	},
	[GATE_NETWORK_NAMESPACE] = {
		.name = "network-namespace", .type = SCHEMA_STRING,
		.offset = GATE_AT(network_namespace),
	},
	[GATE_CERTIFICATE] = {
		.name = "certificate", .type = SCHEMA_STRING, .required = true,
		.offset = GATE_AT(pairs[0].certificate),
	},
	[GATE_PRIVATE_KEY] = {
		.name = "private-key", .type = SCHEMA_STRING, .required = true,
		.offset = GATE_AT(pairs[0].private_key),
	},
	[GATE_PASSPHRASE_FILE] = {
		.name = "passphrase-file", .type = SCHEMA_STRING,
		.offset = GATE_AT(pairs[0].passphrase_file),
	},
	[GATE_CERTIFICATES] = {
		.name = "certificates", .type = SCHEMA_CUSTOM,
		.read = pairs_read, .offset = 0,
	},
	[GATE_CLIENT_AUTH] = {
		.name = "client-auth", .type = SCHEMA_CHOICE,
		.choices = client_auth_names, .offset = GATE_AT(client_auth),
	},
	[GATE_CLIENT_CA] = {
		.name = "client-ca", .type = SCHEMA_STRING,
		.offset = GATE_AT(client_ca),
	},
	[GATE_TLS_PROFILE] = {
		.name = "tls-profile", .type = SCHEMA_CHOICE,
		.choices = profile_names, .offset = GATE_AT(tls_profile),
	},
	[GATE_TLS_MIN_VERSION] = {
		.name = "tls-min-version", .type = SCHEMA_CHOICE,
		.choices = tls_version_names,
		.offset = GATE_AT(tls_min_version),
	},
	[GATE_TLS_MAX_VERSION] = {
		.name = "tls-max-version", .type = SCHEMA_CHOICE,
		.choices = tls_version_names,
		.offset = GATE_AT(tls_max_version),
	},
	[GATE_RELAY] = {
		.name = "relay", .type = SCHEMA_BOOL,
		.offset = GATE_AT(relay),
	},
	[GATE_PRINCIPAL_MAPPING_RULES] = {
		.name = "principal-mapping-rules", .type = SCHEMA_STRING,
		.offset = GATE_AT(principal_mapping_rules),
	},
	[GATE_PRINCIPAL_REGEX] = {
		.name = "principal-regex", .type = SCHEMA_STRING,
		.offset = GATE_AT(principal_regex),
	},
	[GATE_SPIFFE] = {
		.name = "spiffe", .type = SCHEMA_BOOL,
		.offset = GATE_AT(spiffe),
	},
	[GATE_SPIFFE_TRUST_DOMAIN] = {
		.name = "spiffe-trust-domain", .type = SCHEMA_STRING,
		.offset = GATE_AT(spiffe_trust_domain),
	},
	[GATE_SPIFFE_WORKLOAD_ID] = {
		.name = "spiffe-workload-id", .type = SCHEMA_STRING,
		.offset = GATE_AT(spiffe_workload_id),
	},
	[GATE_SPIFFE_BUNDLES] = {
		.name = "spiffe-bundles", .type = SCHEMA_CUSTOM,
		.read = config_read_bundles,
		.offset = GATE_AT(spiffe_bundles),
	},
	[GATE_ALLOW] = {
		.name = "allow", .type = SCHEMA_CUSTOM,
		.read = config_read_strings,
		.offset = GATE_AT(allow),
	},
	[GATE_DENY] = {
		.name = "deny", .type = SCHEMA_CUSTOM,
		.read = config_read_strings,
		.offset = GATE_AT(deny),
	},
	[GATE_CRL] = {
		.name = "crl", .type = SCHEMA_CUSTOM,
		.read = config_read_strings,
		.offset = GATE_AT(crl),
	},
	[GATE_CRL_EXPIRED] = {
		.name = "crl-expired", .type = SCHEMA_CHOICE,
		.choices = crl_expired_names,
		.offset = GATE_AT(crl_expired),
	},
	[GATE_OCSP] = {
		.name = "ocsp", .type = SCHEMA_CHOICE,
		.choices = ocsp_names,
		.offset = GATE_AT(ocsp),
	},
	[GATE_OCSP_RESPONDER] = {
		.name = "ocsp-responder", .type = SCHEMA_STRING,
		.offset = GATE_AT(ocsp_responder),
	},
	[GATE_OCSP_NONCE] = {
		.name = "ocsp-nonce", .type = SCHEMA_BOOL,
		.offset = GATE_AT(ocsp_nonce),
	},
	[GATE_OCSP_TIMEOUT] = {
		.name = "ocsp-timeout", .type = SCHEMA_DURATION,
		.min = 100, .max = 60000,
		.offset = GATE_AT(ocsp_timeout),
	},
	[GATE_OCSP_STAPLING] = {
		.name = "ocsp-stapling", .type = SCHEMA_BOOL,
		.offset = GATE_AT(ocsp_stapling),
	},
	[GATE_CUT_REFUSED] = {
		.name = "cut-refused", .type = SCHEMA_BOOL,
		.offset = GATE_AT(cut_refused),
	},
	[GATE_CUT_EXPIRED] = {
		.name = "cut-expired", .type = SCHEMA_BOOL,
		.offset = GATE_AT(cut_expired),
	},
	[GATE_HYBRID_RESUMPTION] = {
		.name = "hybrid-resumption", .type = SCHEMA_BOOL,
		.offset = GATE_AT(hybrid_resumption),
	},
	[GATE_HANDSHAKE_TIMEOUT] = {
		.name = "handshake-timeout", .type = SCHEMA_DURATION,
		.min = 100, .max = 300000,
		.offset = GATE_AT(handshake_timeout),
	},
	[GATE_MAX_HANDSHAKES] = {
		.name = "max-handshakes", .type = SCHEMA_NUMBER,
		.min = 1, .max = 1000000, .offset = GATE_AT(max_handshakes),
	},
	[GATE_MAX_HANDSHAKES_PER_SOURCE] = {
		.name = "max-handshakes-per-source", .type = SCHEMA_NUMBER,
		.min = 0, .max = 1000000,
		.offset = GATE_AT(max_handshakes_per_source),
	},
	[GATE_MAX_CONNECTION_RATE_PER_SOURCE] = {
		.name = "max-connection-rate-per-source",
		.type = SCHEMA_NUMBER, .min = 0, .max = 1000000,
		.offset = GATE_AT(max_connection_rate_per_source),
	},
	[GATE_MAX_CONNECTION_BURST_PER_SOURCE] = {
		.name = "max-connection-burst-per-source",
		.type = SCHEMA_NUMBER, .min = 1, .max = 10000000,
		.offset = GATE_AT(max_connection_burst_per_source),
	},
	[GATE_AGENT_WAIT] = {
		.name = "agent-wait", .type = SCHEMA_DURATION,
		.min = 0, .max = 300000, .offset = GATE_AT(agent_wait),
	},
	[GATE_PLAINTEXT_FROM] = {
		.name = "plaintext-from", .type = SCHEMA_CUSTOM,
		.read = config_read_sources, .offset = 0,
	},
};

static const struct schema_key top_keys[] = {
	{
		.name = "workers", .type = SCHEMA_NUMBER,
		.min = 1, .max = CONFIG_MAX_WORKERS,
		.offset = offsetof(struct config, workers),
	}, {
		.name = "log-level", .type = SCHEMA_CHOICE,
		.choices = level_names,
		.offset = offsetof(struct config, log_level),
	}, {
		.name = "gates", .type = SCHEMA_CUSTOM, .required = true,
		.read = read_gates, .offset = 0,
	},
};

static void gate_defaults(struct gate_config *gate)
{
	gate->steering = true;
	gate->pair_count = 1;
	gate->client_auth = CLIENT_AUTH_REQUIRED;
	gate->tls_profile = -1;
	gate->tls_min_version = TLS_1_2;
	gate->tls_max_version = TLS_1_3;
	gate->ocsp_timeout = 2000;
	gate->cut_refused = true;
	gate->cut_expired = true;
	gate->handshake_timeout = 10000;
	gate->max_handshakes = 4096;
	gate->max_connection_rate_per_source = 1000;
	gate->agent_wait = 5000;
}

/* The gate's name, to be told with the errors of its other keys. */
static const char *peek_name(struct schema_reader *reader, yaml_node_t *node)
{
	yaml_node_pair_t *pair;

	if (node->type != YAML_MAPPING_NODE)
		return NULL;
	for (pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top; pair++) {
		const char *key;

		key = schema_scalar(yaml_document_get_node(reader->document,
							   pair->key));
		if (key && !strcmp(key, "name"))
			return schema_scalar(yaml_document_get_node(
					reader->document, pair->value));
	}
	return NULL;
}

static void gate_complete(struct gate_config *gate, struct report *report)
{
	pairs_complete(gate, report);
	if (!gate->lines[GATE_RELAY])
		gate->relay = gate->tls_profile == PROFILE_OLD;
	if (!gate->lines[GATE_MAX_HANDSHAKES_PER_SOURCE])
		gate->max_handshakes_per_source = (gate->max_handshakes + 1) /
						  2;
	if (!gate->lines[GATE_MAX_CONNECTION_BURST_PER_SOURCE])
		gate->max_connection_burst_per_source =
			10 * gate->max_connection_rate_per_source;
	config_check_gate(gate, report);
}

static void read_gates(struct schema_reader *reader, yaml_node_t *node,
		       const struct schema_key *key, void *out)
{
	struct config *config = out;
	yaml_node_item_t *item;

	if (node->type != YAML_SEQUENCE_NODE) {
		schema_error(reader, node, key->name,
			     "must be a list of gates, each beginning with '-'");
		return;
	}
	for (item = node->data.sequence.items.start;
	     item < node->data.sequence.items.top; item++) {
		struct gate_config *gate;
		yaml_node_t *entry;

		entry = yaml_document_get_node(reader->document, *item);
		if (config->gate_count == CONFIG_MAX_GATES) {
			schema_error(reader, entry, key->name,
				     "more than %d gates", CONFIG_MAX_GATES);
			return;
		}
		config->gates = xrealloc(config->gates, config->gate_count + 1,
					 sizeof(*gate));
		gate = &config->gates[config->gate_count++];
		memset(gate, 0, sizeof(*gate));
		gate_defaults(gate);
		gate->line = schema_line(entry);
		reader->gate = peek_name(reader, entry);
		if (schema_read(reader, entry, gate_keys, GATE_KEYS, gate,
				gate->lines, "gate"))
			gate_complete(gate, reader->report);
		reader->gate = NULL;
	}
}

struct place config_place(const struct gate_config *gate, enum gate_key key)
{
	struct place place = {
		.gate = gate->name, .key = gate_keys[key].name,
		.line = gate->lines[key] ? gate->lines[key] : gate->line,
	};

	return place;
}

static void syntax_error(const yaml_parser_t *parser, struct report *report)
{
	struct place place = { .line = (int)parser->problem_mark.line + 1 };

	if (parser->error == YAML_READER_ERROR)
		place.line = 0;
	report_add(report, SEVERITY_ERROR, &place, "not YAML: %s",
		   parser->problem ? parser->problem : "unreadable");
}

static void read_document(struct config *config, yaml_document_t *document,
			  struct report *report)
{
	struct schema_reader reader = {
		.document = document, .report = report,
	};
	yaml_node_t *root = yaml_document_get_root_node(document);

	if (!root) {
		report_add(report, SEVERITY_ERROR, NULL,
			   "is empty: at least 'gates:' is needed");
		return;
	}
	config->log_level = LOG_INFO - LOG_ERR;
	schema_read(&reader, root, top_keys,
		    sizeof(top_keys) / sizeof(*top_keys), config, NULL,
		    "configuration");
	config->log_level += LOG_ERR;
	if (!report->errors)
		config_check_all(config, report);
}

/* A second document would be ignored, and so would what it was meant for. */
static void refuse_second(yaml_parser_t *parser, struct report *report)
{
	yaml_document_t document;
	yaml_node_t *root;

	if (!yaml_parser_load(parser, &document)) {
		syntax_error(parser, report);
		return;
	}
	root = yaml_document_get_root_node(&document);
	if (root) {
		struct place place = { .line = schema_line(root) };

		report_add(report, SEVERITY_ERROR, &place,
			   "a second YAML document begins here: one is allowed");
	}
	yaml_document_delete(&document);
}

struct config *config_load(struct report *report)
{
	yaml_document_t document;
	struct config *config;
	yaml_parser_t parser;
	struct blob blob;
	char *error;

	error = file_read(report->file, &blob);
	if (error) {
		report_add(report, SEVERITY_ERROR, NULL, "%s", error);
		free(error);
		return NULL;
	}
	config = xcalloc(1, sizeof(*config));
	atomic_init(&config->refs, 1);
	if (!yaml_parser_initialize(&parser))
		abort();
	yaml_parser_set_input_string(&parser, blob.data, blob.size);
	if (yaml_parser_load(&parser, &document)) {
		read_document(config, &document, report);
		yaml_document_delete(&document);
		refuse_second(&parser, report);
	} else {
		syntax_error(&parser, report);
	}
	yaml_parser_delete(&parser);
	blob_free(&blob);
	if (!report->errors)
		return config;
	config_put(config);
	return NULL;
}

struct config *config_get(struct config *config)
{
	atomic_fetch_add_explicit(&config->refs, 1, memory_order_relaxed);
	return config;
}

void config_put(struct config *config)
{
	size_t i;

	if (!config || atomic_fetch_sub(&config->refs, 1) > 1)
		return;
	for (i = 0; i < config->gate_count; i++) {
		struct gate_config *gate = &config->gates[i];

		free(gate->name);
		free(gate->network_namespace);
		pairs_free(gate);
		free(gate->client_ca);
		free(gate->principal_mapping_rules);
		free(gate->principal_regex);
		free(gate->spiffe_trust_domain);
		free(gate->spiffe_workload_id);
		strings_free(&gate->spiffe_bundles);
		strings_free(&gate->allow);
		strings_free(&gate->deny);
		strings_free(&gate->crl);
		free(gate->ocsp_responder);
		free(gate->plaintext_from);
	}
	free(config->gates);
	free(config);
}
