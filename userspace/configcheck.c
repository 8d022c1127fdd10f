// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/http.h>

#include <linux/ktlsgate.h>

#include "admission.h"
#include "configcheck.h"
#include "mapping.h"
#include "mem.h"
#include "profile.h"
#include "spiffe.h"
#include "token.h"

static void error(struct report *report, const struct gate_config *gate,
		  enum gate_key key, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static void error(struct report *report, const struct gate_config *gate,
		  enum gate_key key, const char *format, ...)
{
	struct place place = config_place(gate, key);
	va_list args;
	char *text;

	va_start(args, format);
	text = xvasprintf(format, args);
	va_end(args);
	report_add(report, SEVERITY_ERROR, &place, "%s", text);
	free(text);
}

static void warning(struct report *report, const struct gate_config *gate,
		    enum gate_key key, const char *text)
{
	struct place place = config_place(gate, key);

	report_add(report, SEVERITY_WARNING, &place, "%s", text);
}

static void check_name(const struct gate_config *gate, struct report *report)
{
	const char *c;

	if (strlen(gate->name) > KTLSGATE_NAME_MAX)
		error(report, gate, GATE_NAME,
		      "'%s' is longer than 31 bytes", gate->name);
	for (c = gate->name; *c; c++) {
		if (isspace((unsigned char)*c) || iscntrl((unsigned char)*c)) {
			error(report, gate, GATE_NAME,
			      "'%s' has white space in it", gate->name);
			return;
		}
	}
}

static void check_path(const struct gate_config *gate, enum gate_key key,
		       const char *path, struct report *report)
{
	if (path && *path != '/')
		error(report, gate, key,
		      "'%s' is not an absolute path", path);
}

static void check_pair_path(const struct gate_config *gate,
			    const struct pair_config *pair, enum pair_key key,
			    const char *path, struct report *report)
{
	struct place place = config_pair_place(gate, pair, key);

	if (path && *path != '/')
		report_add(report, SEVERITY_ERROR, &place,
			   key == PAIR_PRIVATE_KEY ?
			   "'%s' is neither an absolute path nor a pkcs11: URI" :
			   "'%s' is not an absolute path", path);
}

static void check_pairs(const struct gate_config *gate, struct report *report)
{
	size_t i;

	for (i = 0; i < gate->pair_count; i++) {
		const struct pair_config *pair = &gate->pairs[i];

		check_pair_path(gate, pair, PAIR_CERTIFICATE,
				pair->certificate, report);
		if (!token_is_uri(pair->private_key))
			check_pair_path(gate, pair, PAIR_PRIVATE_KEY,
					pair->private_key, report);
		check_pair_path(gate, pair, PAIR_PASSPHRASE_FILE,
				pair->passphrase_file, report);
	}
}

static void check_steering(const struct gate_config *gate,
			   struct report *report)
{
	if (gate->steering && gate->listen_port)
		error(report, gate, GATE_LISTEN_PORT,
		      "only without steering: clients dial the agent's own port; set steering: false to listen on another");
	if (!gate->steering && !gate->listen_port)
		error(report, gate, GATE_LISTEN_PORT,
		      "needed when steering is false: the port that clients dial");
	if (!gate->steering && gate->listen_port == gate->port)
		error(report, gate, GATE_LISTEN_PORT,
		      "is the agent's own port: take another, or use steering: true");
	if (!gate->steering && gate->plaintext_from_count)
		error(report, gate, GATE_PLAINTEXT_FROM,
		      "only with steering: the agent's port is open to everyone without it");
}

static void check_versions(const struct gate_config *gate,
			   struct report *report)
{
	if (gate->tls_min_version > gate->tls_max_version)
		error(report, gate, GATE_TLS_MIN_VERSION,
		      "%s is above tls-max-version",
		      tls_version_names[gate->tls_min_version]);
	if (gate->tls_profile >= 0 &&
	    (gate->lines[GATE_TLS_MIN_VERSION] ||
	     gate->lines[GATE_TLS_MAX_VERSION]))
		error(report, gate, GATE_TLS_PROFILE,
		      "%s sets the TLS versions: leave out tls-min-version and tls-max-version",
		      profile_names[gate->tls_profile]);
}

static void check_mapping(const struct gate_config *gate,
			  struct report *report)
{
	bool rules = gate->principal_mapping_rules;
	struct mapping *mapping;
	char *reason;

	if (rules && gate->principal_regex) {
		error(report, gate, GATE_PRINCIPAL_REGEX,
		      "not together with principal-mapping-rules");
		return;
	}
	if (!rules && !gate->principal_regex)
		return;
	mapping = mapping_new(gate->principal_mapping_rules,
			      gate->principal_regex, &reason);
	if (!mapping) {
		error(report, gate, rules ? GATE_PRINCIPAL_MAPPING_RULES :
		      GATE_PRINCIPAL_REGEX, "%s", reason);
		free(reason);
	}
	mapping_free(mapping);
}

/* Takes @reason, which may be NULL. */
static void not_valid(const struct gate_config *gate, enum gate_key key,
		      const char *value, char *reason, struct report *report)
{
	if (reason)
		error(report, gate, key, "'%s' is not valid: %s", value,
		      reason);
	free(reason);
}

static bool has_bundle(const struct gate_config *gate, const char *domain,
		       size_t before)
{
	size_t i;

	for (i = 0; i < before; i += 2)
		if (!strcmp(gate->spiffe_bundles.text[i], domain))
			return true;
	return false;
}

static void check_bundles(const struct gate_config *gate,
			  struct report *report)
{
	const struct strings *bundles = &gate->spiffe_bundles;
	const char *pinned = gate->spiffe_trust_domain;
	size_t i;

	for (i = 0; i < bundles->count; i += 2) {
		const char *domain = bundles->text[i];

		not_valid(gate, GATE_SPIFFE_BUNDLES, domain,
			  spiffe_check_domain(domain, strlen(domain)), report);
		if (has_bundle(gate, domain, i))
			error(report, gate, GATE_SPIFFE_BUNDLES,
			      "'%s' is given twice", domain);
		check_path(gate, GATE_SPIFFE_BUNDLES, bundles->text[i + 1],
			   report);
	}
	if (gate->lines[GATE_SPIFFE_BUNDLES] && !bundles->count)
		error(report, gate, GATE_SPIFFE_BUNDLES,
		      "names no trust domain");
	if (bundles->count && gate->client_ca)
		error(report, gate, GATE_CLIENT_CA,
		      "not together with spiffe-bundles: a client is trusted by the bundle of its own trust domain only");
	if (bundles->count && pinned &&
	    !has_bundle(gate, pinned, bundles->count))
		error(report, gate, GATE_SPIFFE_TRUST_DOMAIN,
		      "'%s' has no bundle in spiffe-bundles: nobody would pass",
		      pinned);
}

static void check_spiffe_id(const struct gate_config *gate,
			    struct report *report)
{
	const char *domain = gate->spiffe_trust_domain;
	const char *workload = gate->spiffe_workload_id;

	if (domain)
		not_valid(gate, GATE_SPIFFE_TRUST_DOMAIN, domain,
			  spiffe_check_domain(domain, strlen(domain)), report);
	if (workload)
		not_valid(gate, GATE_SPIFFE_WORKLOAD_ID, workload,
			  spiffe_check_path(workload, strlen(workload)),
			  report);
}

static void check_spiffe(const struct gate_config *gate, struct report *report)
{
	static const enum gate_key needing[] = {
		GATE_SPIFFE_TRUST_DOMAIN, GATE_SPIFFE_WORKLOAD_ID,
		GATE_SPIFFE_BUNDLES,
	};
	static const enum gate_key excluded[] = {
		GATE_PRINCIPAL_MAPPING_RULES, GATE_PRINCIPAL_REGEX,
	};
	size_t i;

	for (i = 0; i < 3; i++)
		if (!gate->spiffe && gate->lines[needing[i]])
			error(report, gate, needing[i],
			      "only with spiffe: true");
	if (!gate->spiffe)
		return;
	for (i = 0; i < 2; i++)
		if (gate->lines[excluded[i]])
			error(report, gate, excluded[i],
			      "not together with spiffe: the SPIFFE ID is the principal");
	if (gate->client_auth == CLIENT_AUTH_NONE)
		error(report, gate, GATE_SPIFFE,
		      "needs client-auth: required or requested");
	if (!gate->client_ca && !gate->lines[GATE_SPIFFE_BUNDLES])
		error(report, gate, GATE_SPIFFE,
		      "needs spiffe-bundles, or client-ca for all trust domains: the system's trust store vouches for no SPIFFE ID");
	check_spiffe_id(gate, report);
	check_bundles(gate, report);
}

static void check_entries(const struct gate_config *gate, enum gate_key key,
			  const struct strings *entries, struct report *report)
{
	size_t i;

	for (i = 0; i < entries->count; i++) {
		const char *reason = admission_check(entries->text[i]);

		if (reason)
			error(report, gate, key, "'%s' %s", entries->text[i],
			      reason);
	}
}

static void check_admission(const struct gate_config *gate,
			    struct report *report)
{
	check_entries(gate, GATE_ALLOW, &gate->allow, report);
	check_entries(gate, GATE_DENY, &gate->deny, report);
	if (gate->lines[GATE_ALLOW] && !gate->allow.count)
		error(report, gate, GATE_ALLOW,
		      "is empty: leave it out to allow everyone");
}

/* A key that would do nothing is a mistake where it is about who passes. */
static void check_needs(const struct gate_config *gate, enum gate_key key,
			bool fulfilled, const char *what,
			struct report *report)
{
	if (gate->lines[key] && !fulfilled)
		error(report, gate, key, "needs %s", what);
}

static void check_responder(const struct gate_config *gate,
			    struct report *report)
{
	static const char scheme[] = "http://";
	const char *url = gate->ocsp_responder;
	char *host = NULL;

	if (!url)
		return;
	if (strncmp(url, scheme, sizeof(scheme) - 1) ||
	    !OSSL_HTTP_parse_url(url, NULL, NULL, &host, NULL, NULL, NULL,
				 NULL, NULL) || !*host)
		error(report, gate, GATE_OCSP_RESPONDER,
		      "'%s' is not a URL such as http://ocsp.example.com/ (https is not supported: answers are signed)",
		      url);
	ERR_clear_error();
	OPENSSL_free(host);
}

static void check_revocation(const struct gate_config *gate,
			     struct report *report)
{
	bool clients = gate->client_auth != CLIENT_AUTH_NONE;
	bool ocsp = gate->ocsp != OCSP_OFF;
	size_t i;

	for (i = 0; i < gate->crl.count; i++)
		check_path(gate, GATE_CRL, gate->crl.text[i], report);
	check_needs(gate, GATE_CRL, clients,
		    "client-auth: required or requested", report);
	check_needs(gate, GATE_CRL_EXPIRED, gate->crl.count, "crl", report);
	check_needs(gate, GATE_OCSP, clients || !ocsp,
		    "client-auth: required or requested", report);
	check_needs(gate, GATE_OCSP_RESPONDER, ocsp, "ocsp: soft or hard",
		    report);
	check_needs(gate, GATE_OCSP_NONCE, ocsp, "ocsp: soft or hard", report);
	check_needs(gate, GATE_OCSP_TIMEOUT, ocsp || gate->ocsp_stapling,
		    "ocsp: soft or hard, or ocsp-stapling", report);
	check_responder(gate, report);
}

static void check_limits(const struct gate_config *gate,
			 struct report *report)
{
	check_needs(gate, GATE_MAX_CONNECTION_BURST_PER_SOURCE,
		    gate->max_connection_rate_per_source,
		    "max-connection-rate-per-source above 0", report);
}

static bool covers_all(const struct gate_config *gate)
{
	size_t i;

	for (i = 0; i < gate->plaintext_from_count; i++)
		if (!gate->plaintext_from[i].length)
			return true;
	return false;
}

void config_check_gate(const struct gate_config *gate, struct report *report)
{
	check_name(gate, report);
	check_pairs(gate, report);
	check_path(gate, GATE_CLIENT_CA, gate->client_ca, report);
	check_steering(gate, report);
	check_versions(gate, report);
	check_mapping(gate, report);
	check_spiffe(gate, report);
	check_admission(gate, report);
	check_revocation(gate, report);
	check_limits(gate, report);
	if (gate->client_auth == CLIENT_AUTH_NONE && gate->client_ca)
		warning(report, gate, GATE_CLIENT_CA,
			"not used, because client-auth is none");
	if (gate->client_auth != CLIENT_AUTH_NONE && !gate->client_ca &&
	    !gate->spiffe)
		warning(report, gate, GATE_CLIENT_CA,
			"not given: any certificate that the system's trust store vouches for would pass");
	if (covers_all(gate))
		warning(report, gate, GATE_PLAINTEXT_FROM,
			"a prefix of length 0: everyone may speak plaintext to the agent");
}

static bool same_namespace(const struct gate_config *a,
			   const struct gate_config *b)
{
	if (!a->network_namespace || !b->network_namespace)
		return a->network_namespace == b->network_namespace;
	return !strcmp(a->network_namespace, b->network_namespace);
}

/* The port that clients dial. */
static unsigned int dialled(const struct gate_config *gate)
{
	return gate->steering ? gate->port : gate->listen_port;
}

static void check_two(const struct gate_config *first,
		      const struct gate_config *second, struct report *report)
{
	struct place place;

	if (!same_namespace(first, second))
		return;
	if (!strcmp(first->name, second->name))
		error(report, second, GATE_NAME,
		      "'%s' is the name of another gate, too", second->name);
	if (!address_equal(&first->address, &second->address))
		return;
	if (first->port == second->port) {
		place = config_place(second, GATE_PORT);
		report_add(report, SEVERITY_ERROR, &place,
			   "%u is the port of gate %s, too", second->port,
			   first->name);
	} else if (dialled(first) == dialled(second)) {
		place = config_place(second, second->steering ?
				     GATE_PORT : GATE_LISTEN_PORT);
		report_add(report, SEVERITY_ERROR, &place,
			   "clients of gate %s dial %u, too", first->name,
			   dialled(first));
	}
}

void config_check_all(const struct config *config, struct report *report)
{
	size_t i, j;

	for (i = 0; i < config->gate_count; i++)
		for (j = 0; j < i; j++)
			check_two(&config->gates[j], &config->gates[i],
				  report);
	if (!config->gate_count)
		report_add(report, SEVERITY_WARNING, NULL,
			   "has no gate: nothing is protected");
}
