// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "certs.h"
#include "check.h"
#include "config.h"
#include "dn.h"
#include "ktls.h"
#include "mem.h"
#include "profile.h"
#include "tlsctx.h"
#include "verdict.h"

typedef struct json_object json;

static void put(json *object, const char *key, json *value)
{
	json_object_object_add(object, key, value);
}

static void put_text(json *object, const char *key, const char *value)
{
	put(object, key, value ? json_object_new_string(value) : NULL);
}

static void put_number(json *object, const char *key, int64_t value)
{
	put(object, key, json_object_new_int64(value));
}

static void put_bool(json *object, const char *key, bool value)
{
	put(object, key, json_object_new_boolean(value));
}

static void put_time(json *object, const char *key, const ASN1_TIME *when)
{
	char text[CERT_TIME_TEXT];

	cert_time_print(when, text);
	put_text(object, key, text);
}

static void put_name(json *object, const char *key, const X509_NAME *name)
{
	char *text = dn_print(name);

	put_text(object, key, text);
	free(text);
}

static json *certificate_json(X509 *certificate)
{
	json *object = json_object_new_object();
	int days = 0, seconds = 0;

	put_name(object, "subject", X509_get_subject_name(certificate));
	put_name(object, "issuer", X509_get_issuer_name(certificate));
	put_time(object, "not-before", X509_get0_notBefore(certificate));
	put_time(object, "not-after", X509_get0_notAfter(certificate));
	ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(certificate));
	put_number(object, "seconds-left", (int64_t)days * 86400 + seconds);
	return object;
}

static json *certificates_json(STACK_OF(X509) *certificates)
{
	json *list = json_object_new_array();
	int i;

	for (i = 0; i < sk_X509_num(certificates); i++)
		json_object_array_add(list, certificate_json(
				sk_X509_value(certificates, i)));
	return list;
}

/* The DNS names that a client may ask for. */
static json *names_json(X509 *certificate)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate,
						NID_subject_alt_name, NULL,
						NULL);
	json *list = json_object_new_array();
	int i;

	for (i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *one = sk_GENERAL_NAME_value(names, i);

		if (one->type == GEN_DNS)
			json_object_array_add(list, json_object_new_string_len(
				(const char *)ASN1_STRING_get0_data(
						one->d.dNSName),
				ASN1_STRING_length(one->d.dNSName)));
	}
	GENERAL_NAMES_free(names);
	return list;
}

static json *prefixes_json(const struct gate_config *gate)
{
	json *list = json_object_new_array();
	size_t i;

	for (i = 0; i < gate->plaintext_from_count; i++) {
		char *text = prefix_text(&gate->plaintext_from[i]);

		json_object_array_add(list, json_object_new_string(text));
		free(text);
	}
	return list;
}

static void add_tls(const struct gate_config *gate, json *object)
{
	struct profile_lists lists;
	char *all;

	profile_lists(gate, &lists);
	put_text(object, "tls-profile", gate->tls_profile < 0 ? NULL :
		 profile_names[gate->tls_profile]);
	put_text(object, "tls-min-version",
		 lists.min_version == TLS1_3_VERSION ? "1.3" : "1.2");
	put_text(object, "tls-max-version",
		 lists.max_version == TLS1_3_VERSION ? "1.3" : "1.2");
	all = xasprintf("%s%s%s", lists.suites,
			lists.min_version == TLS1_3_VERSION ? "" : ":",
			lists.min_version == TLS1_3_VERSION ? "" :
			lists.ciphers);
	put_text(object, "cipher-suites", all);
	free(all);
}

static json *pair_json(const struct pair_config *config,
		       const struct pair *pair)
{
	json *object = certificate_json(pair->leaf);

	put_text(object, "file", config->certificate);
	put_text(object, "private-key", config->private_key);
	put_text(object, "key-type", pair_key_type(pair));
	put_number(object, "key-bits",
		   EVP_PKEY_get_bits(X509_get0_pubkey(pair->leaf)));
	put_bool(object, "key-matches", true);
	put(object, "names", names_json(pair->leaf));
	put(object, "chain", certificates_json(pair->chain));
	return object;
}

/* All are equals; "certificate" is the first of them, shown without SNI. */
static void add_pairs(const struct gate_config *gate,
		      const struct certs *certs, json *object)
{
	json *list = json_object_new_array();
	size_t i;

	for (i = 0; i < certs->count; i++)
		json_object_array_add(list, pair_json(&gate->pairs[i],
						      &certs->pairs[i]));
	put(object, "certificate", json_object_get(
			json_object_array_get_idx(list, 0)));
	put(object, "certificates", list);
}

static void add_clients(const struct gate_config *gate,
			const struct certs *certs, json *object)
{
	json *clients;

	if (!certs->ca)
		return;
	clients = json_object_new_object();
	put_text(clients, "file", gate->client_ca);
	put(clients, "certificates", certificates_json(certs->ca));
	put(object, "client-ca", clients);
}

static void add_files(const struct gate_config *gate, json *object,
		      struct report *report)
{
	struct cert_files files;
	struct certs certs;
	SSL_CTX *ctx;

	if (!cert_files_read(gate, &files, report))
		return;
	if (certs_parse(gate, &files, NULL, &certs, report)) {
		certs_check(gate, &files, &certs, SEVERITY_ERROR, report);
		add_pairs(gate, &certs, object);
		add_clients(gate, &certs, object);
		certs_free(&certs);
		ctx = tlsctx_new(gate, &files, KTLS_ALL, NULL, report);
		SSL_CTX_free(ctx);
	}
	cert_files_free(&files);
}

static json *gate_json(const struct gate_config *gate, struct report *report)
{
	json *object = json_object_new_object();
	char address[ADDRESS_TEXT] = "*";

	address_print(&gate->address, gate->port, address);
	if (strrchr(address, ':'))
		*strrchr(address, ':') = '\0';
	put_text(object, "name", gate->name);
	put_number(object, "port", gate->port);
	put_text(object, "address", address);
	put_bool(object, "steering", gate->steering);
	put_number(object, "dialled-port", gate->steering ? gate->port :
		   gate->listen_port);
	put_text(object, "network-namespace", gate->network_namespace);
	put_text(object, "client-auth", client_auth_names[gate->client_auth]);
	add_tls(gate, object);
	put_number(object, "handshake-timeout-ms", gate->handshake_timeout);
	put_number(object, "max-handshakes", gate->max_handshakes);
	put_number(object, "agent-wait-ms", gate->agent_wait);
	put(object, "plaintext-from", prefixes_json(gate));
	put(object, "certificate", NULL);
	put(object, "certificates", json_object_new_array());
	put(object, "client-ca", NULL);
	add_files(gate, object, report);
	return object;
}

static void profile_warning(const struct gate_config *gate,
			    struct report *report)
{
	struct place place = config_place(gate, GATE_TLS_PROFILE);
	struct profile_lists lists;

	profile_lists(gate, &lists);
	if (lists.lacks)
		report_add(report, SEVERITY_WARNING, &place,
			   "%s promises what kTLS cannot carry, and clients do not get it here: %s",
			   profile_names[gate->tls_profile], lists.lacks);
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

		put_text(object, "severity",
			 finding->severity == SEVERITY_ERROR ? "error" :
			 "warning");
		put(object, "line", finding->line ?
		    json_object_new_int(finding->line) : NULL);
		put_text(object, "gate", finding->gate);
		put_text(object, "key", finding->key);
		put_text(object, "text", finding->text);
		json_object_array_add(list, object);
	}
	return list;
}

static void print_json(const struct report *report, json *gates)
{
	json *all = json_object_new_object();

	put_text(all, "file", report->file);
	put_text(all, "result", result_name(report));
	put_number(all, "errors", report->errors);
	put_number(all, "warnings", report->warnings);
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

static void print_clients(const struct gate_config *config, json *gate)
{
	json *clients, *list;
	size_t i;

	printf("  client certificate %s", text_of(gate, "client-auth"));
	if (!strcmp(text_of(gate, "client-auth"), "none")) {
		puts("");
		return;
	}
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
	if (report->count)
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
		profile_warning(&config->gates[i], &report);
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
