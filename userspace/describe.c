// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "describe.h"
#include "dn.h"
#include "ktls.h"
#include "mem.h"
#include "profile.h"

typedef struct json_object json;

static void put(json *object, const char *key, json *value)
{
	json_object_object_add(object, key, value);
}

void describe_text(json *object, const char *key, const char *value)
{
	put(object, key, value ? json_object_new_string(value) : NULL);
}

void describe_number(json *object, const char *key, int64_t value)
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
	describe_text(object, key, text);
}

static void put_name(json *object, const char *key, const X509_NAME *name)
{
	char *text = dn_print(name);

	describe_text(object, key, text);
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
	describe_number(object, "seconds-left",
			(int64_t)days * 86400 + seconds);
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

static json *pair_json(const struct pair_config *config,
		       const struct pair *pair)
{
	json *object = certificate_json(pair->leaf);

	describe_text(object, "file", config->certificate);
	describe_text(object, "private-key", config->private_key);
	describe_text(object, "key-type", pair_key_type(pair));
	describe_number(object, "key-bits",
			EVP_PKEY_get_bits(X509_get0_pubkey(pair->leaf)));
	put_bool(object, "key-matches", true);
	put(object, "names", names_json(pair->leaf));
	put(object, "chain", certificates_json(pair->chain));
	return object;
}

/* All are equals; "certificate" is the first of them, shown without SNI. */
static void put_pairs(const struct gate_config *gate,
		      const struct certs *certs, json *object)
{
	json *list = json_object_new_array();
	size_t i;

	for (i = 0; certs && i < certs->count; i++)
		json_object_array_add(list, pair_json(&gate->pairs[i],
						      &certs->pairs[i]));
	put(object, "certificate", json_object_get(
			json_object_array_get_idx(list, 0)));
	put(object, "certificates", list);
}

static json *clients_json(const struct gate_config *gate,
			  const struct certs *certs)
{
	json *clients;

	if (!certs || !certs->ca)
		return NULL;
	clients = json_object_new_object();
	describe_text(clients, "file", gate->client_ca);
	put(clients, "certificates", certificates_json(certs->ca));
	return clients;
}

static void put_seconds(json *object, const char *key, int64_t seconds)
{
	ASN1_TIME *when = seconds ? ASN1_TIME_set(NULL, seconds) : NULL;

	if (when)
		put_time(object, key, when);
	else
		describe_text(object, key, NULL);
	ASN1_TIME_free(when);
}

static json *crls_json(const struct crls *crls)
{
	json *list = json_object_new_array();
	size_t i;

	for (i = 0; i < crls->count; i++) {
		const struct crl *crl = &crls->crl[i];
		json *object = json_object_new_object();

		describe_text(object, "issuer", crl->issuer_name);
		describe_text(object, "file", crl->file);
		put_seconds(object, "this-update", crl->this_update);
		put_seconds(object, "next-update", crl->next_update);
		describe_number(object, "revoked", crl->count);
		json_object_array_add(list, object);
	}
	return list;
}

/* NULL when clients need no SPIFFE ID. */
static json *spiffe_json(const struct gate_config *gate)
{
	const struct strings *bundles = &gate->spiffe_bundles;
	json *object, *files;
	size_t i;

	if (!gate->spiffe)
		return NULL;
	object = json_object_new_object();
	describe_text(object, "trust-domain", gate->spiffe_trust_domain);
	describe_text(object, "workload-id", gate->spiffe_workload_id);
	files = json_object_new_object();
	for (i = 0; i + 1 < bundles->count; i += 2)
		describe_text(files, bundles->text[i], bundles->text[i + 1]);
	put(object, "bundles", files);
	return object;
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

static json *lacks_json(const struct gate_config *gate, unsigned int ciphers)
{
	json *list = json_object_new_array();
	struct lacks lacks;
	size_t i;

	profile_lacks(gate, ciphers, &lacks);
	for (i = 0; i < lacks.count; i++) {
		json *one = json_object_new_object();

		describe_text(one, "name", lacks.lack[i].name);
		describe_text(one, "reason", lacks.lack[i].reason);
		json_object_array_add(list, one);
	}
	lacks_free(&lacks);
	return list;
}

static void put_versions(json *object, const struct profile_offer *offer)
{
	/* "1.2" of "TLS 1.2" */
	describe_text(object, "tls-min-version",
		      ktls_version_name(offer->min_version) + 4);
	describe_text(object, "tls-max-version",
		      ktls_version_name(offer->max_version) + 4);
}

static void put_tls(const struct gate_config *gate, unsigned int ciphers,
		    json *object)
{
	struct profile_offer offer;

	describe_text(object, "tls-profile", gate->tls_profile < 0 ? NULL :
		      profile_names[gate->tls_profile]);
	profile_offer(gate, ciphers, &offer);
	put_versions(object, &offer);
	describe_text(object, "cipher-suites", offer.suites);
	describe_text(object, "groups", offer.groups);
	profile_offer_free(&offer);
	put_bool(object, "relay", gate->relay);
	put(object, "lacks", lacks_json(gate, ciphers));
}

json *describe_gate(const struct gate_config *gate, const struct certs *certs,
		    const struct crls *crls, unsigned int ciphers)
{
	json *object = json_object_new_object();
	char address[ADDRESS_TEXT] = "*";

	address_print(&gate->address, gate->port, address);
	if (strrchr(address, ':'))
		*strrchr(address, ':') = '\0';
	describe_text(object, "name", gate->name);
	describe_number(object, "port", gate->port);
	describe_text(object, "address", address);
	put_bool(object, "steering", gate->steering);
	describe_number(object, "dialled-port", gate->steering ? gate->port :
			gate->listen_port);
	describe_text(object, "network-namespace", gate->network_namespace);
	describe_text(object, "client-auth",
		      client_auth_names[gate->client_auth]);
	put_tls(gate, ciphers, object);
	describe_number(object, "handshake-timeout-ms",
			gate->handshake_timeout);
	describe_number(object, "max-handshakes", gate->max_handshakes);
	describe_number(object, "max-handshakes-per-source",
			gate->max_handshakes_per_source);
	describe_number(object, "max-connection-rate-per-source",
			gate->max_connection_rate_per_source);
	describe_number(object, "max-connection-burst-per-source",
			gate->max_connection_burst_per_source);
	describe_number(object, "agent-wait-ms", gate->agent_wait);
	describe_text(object, "ocsp", ocsp_names[gate->ocsp]);
	describe_text(object, "ocsp-responder", gate->ocsp_responder);
	put_bool(object, "ocsp-stapling", gate->ocsp_stapling);
	put_bool(object, "hybrid-resumption", gate->hybrid_resumption);
	put(object, "plaintext-from", prefixes_json(gate));
	put_pairs(gate, certs, object);
	put(object, "client-ca", clients_json(gate, certs));
	put(object, "crl", crls ? crls_json(crls) : NULL);
	put(object, "spiffe", spiffe_json(gate));
	return object;
}
