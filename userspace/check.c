// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "certs.h"
#include "check.h"
#include "config.h"
#include "crlset.h"
#include "describe.h"
#include "ktls.h"
#include "profile.h"
#include "staple.h"
#include "tlsctx.h"

typedef struct json_object json;

static void put(json *object, const char *key, json *value)
{
	json_object_object_add(object, key, value);
}

static json *gate_json(const struct gate_config *gate, struct report *report)
{
	struct cert_files files;
	struct certs certs;
	struct crls *crls = NULL;
	bool good = false;
	json *object;

	if (cert_files_read(gate, &files, report)) {
		good = certs_parse(gate, &files, NULL, &certs, report);
		if (good) {
			certs_check(gate, &files, &certs, SEVERITY_ERROR,
				    report);
			crls = crls_read(gate, &certs, NULL, SEVERITY_ERROR,
					 report);
			staples_put(staples_get(gate, &certs, report));
			SSL_CTX_free(tlsctx_new(gate, &files, crls, KTLS_ALL,
						NULL, report));
		}
		cert_files_free(&files);
	}
	object = describe_gate(gate, good ? &certs : NULL, crls, KTLS_ALL);
	crls_free(crls);
	if (good)
		certs_free(&certs);
	return object;
}

static const char *result_name(const struct report *report)
{
	return report->errors ? "errors" : report->warnings ? "warnings" : "ok";
}

static json *findings_json(const struct report *report)
{
	json *list = json_object_new_array();
	size_t i;

	for (i = 0; i < report->count; i++) {
		const struct finding *finding = &report->findings[i];
		json *object = json_object_new_object();

		describe_text(object, "severity", severity_name(finding->severity));
		put(object, "line", finding->line ?
		    json_object_new_int(finding->line) : NULL);
		describe_text(object, "gate", finding->gate);
		describe_text(object, "key", finding->key);
		describe_text(object, "text", finding->text);
		json_object_array_add(list, object);
	}
	return list;
}

static void print_json(const struct report *report, json *gates)
{
	json *all = json_object_new_object();

	describe_text(all, "file", report->file);
	describe_text(all, "result", result_name(report));
	describe_number(all, "errors", report->errors);
	describe_number(all, "warnings", report->warnings);
	put(all, "findings", findings_json(report));
	put(all, "gates", gates);
	puts(json_object_to_json_string_ext(all, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(all);
}

static const char *text_of(json *object, const char *key)
{
	json *value;

	if (!json_object_object_get_ex(object, key, &value) || !value)
		return "-";
	return json_object_get_string(value);
}

static void print_chain(json *chain)
{
	size_t i;

	for (i = 0; i < json_object_array_length(chain); i++) {
		json *one = json_object_array_get_idx(chain, i);

		printf("    with %s of %s, %s to %s\n",
		       text_of(one, "subject"), text_of(one, "issuer"),
		       text_of(one, "not-before"), text_of(one, "not-after"));
	}
}

static void print_certificates(json *gate)
{
	json *list, *chain;
	size_t i;

	json_object_object_get_ex(gate, "certificates", &list);
	for (i = 0; i < json_object_array_length(list); i++) {
		json *one = json_object_array_get_idx(list, i);

		printf("  certificate %s of %s, %s to %s, key %s %s bits\n",
		       text_of(one, "subject"), text_of(one, "issuer"),
		       text_of(one, "not-before"), text_of(one, "not-after"),
		       text_of(one, "key-type"), text_of(one, "key-bits"));
		json_object_object_get_ex(one, "chain", &chain);
		print_chain(chain);
	}
}

/* False when there is none. */
static bool print_bundles(const struct gate_config *config)
{
	const struct strings *bundles = &config->spiffe_bundles;
	size_t i;

	for (i = 0; i + 1 < bundles->count; i += 2)
		printf("%s %s by %s", i ? ";" : ", trusted:", bundles->text[i],
		       bundles->text[i + 1]);
	if (i)
		puts("");
	return i > 0;
}

static void print_clients(const struct gate_config *config, json *gate)
{
	json *clients, *list;
	size_t i;

	printf("  client certificate %s", text_of(gate, "client-auth"));
	if (!strcmp(text_of(gate, "client-auth"), "none")) {
		puts("");
		return;
	}
	if (config->spiffe)
		printf(", SPIFFE ID of %s%s",
		       config->spiffe_trust_domain ?
		       config->spiffe_trust_domain : "any trust domain",
		       config->spiffe_workload_id ?
		       config->spiffe_workload_id : "");
	if (print_bundles(config))
		return;
	if (!json_object_object_get_ex(gate, "client-ca", &clients) ||
	    !clients) {
		puts(config->client_ca ? "" : ", trusted: the system's store");
		return;
	}
	printf(", trusted:");
	json_object_object_get_ex(clients, "certificates", &list);
	for (i = 0; i < json_object_array_length(list); i++)
		printf("%s %s", i ? ";" : "",
		       text_of(json_object_array_get_idx(list, i), "subject"));
	puts("");
}

static void print_crls(json *gate)
{
	json *list;
	size_t i;

	if (!json_object_object_get_ex(gate, "crl", &list) || !list)
		return;
	for (i = 0; i < json_object_array_length(list); i++) {
		json *crl = json_object_array_get_idx(list, i);

		printf("  CRL of %s, %s to %s, %s revoked\n",
		       text_of(crl, "issuer"), text_of(crl, "this-update"),
		       text_of(crl, "next-update"), text_of(crl, "revoked"));
	}
}

static void print_ocsp(const struct gate_config *gate)
{
	if (gate->ocsp != OCSP_OFF)
		printf("  OCSP %s, asked: %s\n", ocsp_names[gate->ocsp],
		       gate->ocsp_responder ? gate->ocsp_responder :
		       "whom the client's certificate names");
	if (gate->ocsp_stapling)
		puts("  OCSP responses are stapled");
}

static void print_gate(const struct gate_config *config, json *gate)
{
	size_t i;

	printf("gate %s%s%s: clients dial port %s, the agent listens on port %u%s\n",
	       config->name, config->network_namespace ? " in " : "",
	       config->network_namespace ? config->network_namespace : "",
	       text_of(gate, "dialled-port"), config->port,
	       config->steering ? " (steered)" : "");
	print_certificates(gate);
	print_clients(config, gate);
	print_crls(gate);
	print_ocsp(config);
	printf("  TLS %s to %s: %s\n", text_of(gate, "tls-min-version"),
	       text_of(gate, "tls-max-version"),
	       text_of(gate, "cipher-suites"));
	if (!config->steering)
		return;
	printf("  plaintext from:");
	for (i = 0; i < config->plaintext_from_count; i++) {
		char *text = prefix_text(&config->plaintext_from[i]);

		printf(" %s", text);
		free(text);
	}
	puts(i ? "" : " nobody");
}

static void print_findings(const struct report *report)
{
	size_t i;

	for (i = 0; i < report->count; i++) {
		char *line = report_line(report, &report->findings[i]);

		printf("%s\n", line);
		free(line);
	}
	if (report->errors || report->warnings)
		printf("%zu errors, %zu warnings\n", report->errors,
		       report->warnings);
}

int check_file(const char *file, bool as_json)
{
	json *gates = json_object_new_array();
	struct report report = { .file = file };
	struct config *config;
	size_t i;
	int code;

	config = config_load(&report);
	for (i = 0; config && i < config->gate_count; i++) {
		profile_check(&config->gates[i], KTLS_ALL, &report);
		json_object_array_add(gates, gate_json(&config->gates[i],
						       &report));
	}
	code = report.errors ? 2 : report.warnings ? 1 : 0;
	if (as_json) {
		print_json(&report, gates);
	} else {
		for (i = 0; config && i < config->gate_count; i++)
			print_gate(&config->gates[i],
				   json_object_array_get_idx(gates, i));
		json_object_put(gates);
		print_findings(&report);
	}
	report_free(&report);
	config_put(config);
	return code;
}
