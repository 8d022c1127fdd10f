/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration file. A struct config is complete and consistent in
 * itself, and is not changed once it was loaded; whether certificates and
 * addresses are there is another matter (tlsctx.h, gate.h).
 */
#ifndef KTLSGATED_CONFIG_H
#define KTLSGATED_CONFIG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "report.h"

#define CONFIG_FILE		"/etc/ktlsgate/ktlsgated.yaml"
#define CONFIG_MAX_GATES	256
#define CONFIG_MAX_WORKERS	128
#define CONFIG_MAX_PAIRS	32

enum client_auth { CLIENT_AUTH_REQUIRED, CLIENT_AUTH_REQUESTED,
		   CLIENT_AUTH_NONE };
enum tls_version { TLS_1_2, TLS_1_3 };
enum crl_expired { CRL_EXPIRED_REFUSE, CRL_EXPIRED_ACCEPT };
enum ocsp_mode { OCSP_OFF, OCSP_SOFT, OCSP_HARD };

struct strings {
	char **text;
	size_t count;
};

enum pair_key { PAIR_CERTIFICATE, PAIR_PRIVATE_KEY, PAIR_PASSPHRASE_FILE,
		PAIR_KEYS };

/* A certificate and its key. */
struct pair_config {
	int line;
	int lines[PAIR_KEYS];
	char *certificate;
	char *private_key;		/* a path or a pkcs11: URI */
	char *passphrase_file;		/* NULL: not encrypted, no PIN */
};

/* The keys of a gate, in the order of the table in config.c. */
enum gate_key {
	GATE_NAME, GATE_PORT, GATE_ADDRESS, GATE_STEERING, GATE_LISTEN_PORT,
	GATE_NETWORK_NAMESPACE, GATE_CERTIFICATE, GATE_PRIVATE_KEY,
	GATE_PASSPHRASE_FILE, GATE_CERTIFICATES, GATE_CLIENT_AUTH, GATE_CLIENT_CA, GATE_TLS_PROFILE,
	GATE_TLS_MIN_VERSION, GATE_TLS_MAX_VERSION,
	GATE_RELAY, GATE_PRINCIPAL_MAPPING_RULES, GATE_PRINCIPAL_REGEX,
	GATE_SPIFFE, GATE_SPIFFE_TRUST_DOMAIN, GATE_SPIFFE_WORKLOAD_ID,
	GATE_SPIFFE_BUNDLES, GATE_ALLOW, GATE_DENY, GATE_CRL,
	GATE_CRL_EXPIRED, GATE_OCSP, GATE_OCSP_RESPONDER, GATE_OCSP_NONCE,
	GATE_OCSP_TIMEOUT, GATE_OCSP_STAPLING, GATE_CUT_REFUSED,
	GATE_CUT_EXPIRED, GATE_HYBRID_RESUMPTION,
	GATE_HANDSHAKE_TIMEOUT, GATE_MAX_HANDSHAKES,
	GATE_MAX_HANDSHAKES_PER_SOURCE, GATE_MAX_CONNECTION_RATE_PER_SOURCE,
	GATE_MAX_CONNECTION_BURST_PER_SOURCE, GATE_AGENT_WAIT,
	GATE_PLAINTEXT_FROM, GATE_KEYS
};

struct gate_config {
	int line;			/* where the gate begins */
	int lines[GATE_KEYS];		/* where each key is, 0: not given */
	char *name;
	unsigned int port;		/* of the agent */
	struct address address;		/* of the agent, family 0: any */
	bool steering;
	unsigned int listen_port;	/* 0 when steering */
	char *network_namespace;	/* name or path, NULL: the helper's */
	struct pair_config pairs[CONFIG_MAX_PAIRS];	/* the first: that of
						 * `certificate`
						 */
	size_t pair_count;
	int client_auth;		/* enum client_auth */
	char *client_ca;		/* a file or a folder, NULL: the
					 * system's trust store
					 */
	int tls_profile;		/* index of profiles, -1: not given */
	int tls_min_version;		/* enum tls_version */
	int tls_max_version;
	bool relay;			/* what kTLS cannot carry */
	char *principal_mapping_rules;	/* at most one of the two */
	char *principal_regex;
	bool spiffe;			/* clients must have an X.509-SVID */
	char *spiffe_trust_domain;	/* the only one, NULL: any trusted */
	char *spiffe_workload_id;	/* "/ns/x/sa/y", NULL: any */
	struct strings spiffe_bundles;	/* trust domain, file, ...: pairs */
	struct strings allow;		/* empty: everyone authenticated */
	struct strings deny;
	struct strings crl;		/* files and folders */
	int crl_expired;		/* enum crl_expired */
	int ocsp;			/* enum ocsp_mode */
	char *ocsp_responder;		/* URL, NULL: the certificate's AIA */
	bool ocsp_nonce;
	unsigned int ocsp_timeout;	/* milliseconds */
	bool ocsp_stapling;
	bool cut_refused;		/* live connections as well */
	bool cut_expired;
	bool hybrid_resumption;		/* of what began with such a group */
	unsigned int handshake_timeout;	/* milliseconds */
	unsigned int max_handshakes;
	unsigned int max_handshakes_per_source;	/* 0: no limit */
	unsigned int max_connection_rate_per_source;	/* as well */
	unsigned int max_connection_burst_per_source;
	unsigned int agent_wait;	/* milliseconds */
	struct prefix *plaintext_from;
	size_t plaintext_from_count;
};

struct config {
	atomic_int refs;
	unsigned int workers;		/* 0: one for each CPU */
	int log_level;			/* LOG_ERR .. LOG_DEBUG */
	struct gate_config *gates;
	size_t gate_count;
};

/*
 * NULL when the file is wrong; the report, whose file names it, then has at
 * least one error.
 */
struct config *config_load(struct report *report);
struct config *config_get(struct config *config);
void config_put(struct config *config);

/* Where a key of a gate stands, for findings made later. */
struct place config_place(const struct gate_config *gate, enum gate_key key);
struct place config_pair_place(const struct gate_config *gate,
			       const struct pair_config *pair,
			       enum pair_key key);

extern const char *const client_auth_names[];
extern const char *const tls_version_names[];
extern const char *const ocsp_names[];

#endif
