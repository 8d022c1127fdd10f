// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include <linux/ktlsgate.h>

#include "../userspace/alert.h"

#include "names.h"
#include "util.h"

static const char *const gate_state_word[] = {
	[KTLSGATE_GATE_STATE_UP]	= "up",
	[KTLSGATE_GATE_STATE_DOWN]	= "down",
};

static const char *const path_word[] = {
	[KTLSGATE_PATH_KERNEL]		= "kernel",
	[KTLSGATE_PATH_RELAY]		= "relay",
};

static const char *const conn_state_word[] = {
	[KTLSGATE_CONN_STATE_QUEUED]	= "queued",
	[KTLSGATE_CONN_STATE_ACCEPTED]	= "accepted",
	[KTLSGATE_CONN_STATE_CLOSED]	= "closed",
	[KTLSGATE_CONN_STATE_ENDED]	= "ended",
};

static const char *const close_reason_word[] = {
	[KTLSGATE_CLOSE_REASON_NONE]			= "none",
	[KTLSGATE_CLOSE_REASON_AGENT_CLOSE]		= "agent-close",
	[KTLSGATE_CLOSE_REASON_PEER_CLOSE_NOTIFY]	= "peer-close-notify",
	[KTLSGATE_CLOSE_REASON_PEER_FIN]		= "peer-fin",
	[KTLSGATE_CLOSE_REASON_PEER_RESET]		= "peer-reset",
	[KTLSGATE_CLOSE_REASON_ALERT_RECEIVED]		= "alert-received",
	[KTLSGATE_CLOSE_REASON_ALERT_SENT]		= "alert-sent",
	[KTLSGATE_CLOSE_REASON_DECRYPT_FAILED]		= "decrypt-failed",
	[KTLSGATE_CLOSE_REASON_KILLED]			= "killed",
	[KTLSGATE_CLOSE_REASON_LISTENER_CLOSED]		= "listener-closed",
	[KTLSGATE_CLOSE_REASON_KEY_LIMIT]		= "key-limit",
	[KTLSGATE_CLOSE_REASON_NO_MEMORY]		= "no-memory",
	[KTLSGATE_CLOSE_REASON_REFUSED]			= "refused",
	[KTLSGATE_CLOSE_REASON_CERTIFICATE_EXPIRED]	= "certificate-expired",
};

static const char *const refusal_word[] = {
	[KTLSGATE_REFUSAL_OTHER]		= "other",
	[KTLSGATE_REFUSAL_NOT_TLS]		= "not-tls",
	[KTLSGATE_REFUSAL_NO_CERTIFICATE]	= "no-certificate",
	[KTLSGATE_REFUSAL_BAD_CERTIFICATE]	= "bad-certificate",
	[KTLSGATE_REFUSAL_NO_COMMON_PARAMETERS]	= "no-common-parameters",
	[KTLSGATE_REFUSAL_PROTOCOL_ERROR]	= "protocol-error",
	[KTLSGATE_REFUSAL_CLIENT_ALERT]		= "client-alert",
	[KTLSGATE_REFUSAL_CLIENT_GONE]		= "client-gone",
	[KTLSGATE_REFUSAL_TIMEOUT]		= "timeout",
	[KTLSGATE_REFUSAL_OVERLOAD]		= "overload",
	[KTLSGATE_REFUSAL_AGENT_UNAVAILABLE]	= "agent-unavailable",
	[KTLSGATE_REFUSAL_HANDOFF_FAILED]	= "handoff-failed",
	[KTLSGATE_REFUSAL_NOT_ADMITTED]		= "not-admitted",
	[KTLSGATE_REFUSAL_SOURCE_LIMIT]		= "source-limit",
};

#define NAMES(words) { .word = words, .count = ARRAY_SIZE(words) }

const struct names gate_states = NAMES(gate_state_word);
const struct names paths = NAMES(path_word);
const struct names conn_states = NAMES(conn_state_word);
const struct names close_reasons = NAMES(close_reason_word);
const struct names refusals = NAMES(refusal_word);

const char *names_show(const struct names *names, uint32_t value,
		       char buf[NAMES_LEN])
{
	if (value < names->count && names->word[value])
		return names->word[value];
	snprintf(buf, NAMES_LEN, "number %u", value);
	return buf;
}

bool names_parse(const struct names *names, const char *word, uint32_t *value)
{
	uint32_t i;

	for (i = 0; i < names->count; i++) {
		if (names->word[i] && !strcmp(names->word[i], word)) {
			*value = i;
			return true;
		}
	}
	return false;
}

struct number_name {
	uint16_t number;
	const char *name;
};

static const char *number_find(const struct number_name *table, size_t count,
			       uint16_t number)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (table[i].number == number)
			return table[i].name;
	return NULL;
}

static const char *number_show(const struct number_name *table, size_t count,
			       uint16_t number, char buf[NAMES_LEN])
{
	const char *name = number_find(table, count, number);

	if (name)
		return name;
	snprintf(buf, NAMES_LEN, "0x%04x", number);
	return buf;
}

const char *alert_name(uint8_t alert, char buf[NAMES_LEN])
{
	const char *name = alert_word(alert);

	if (name)
		return name;
	snprintf(buf, NAMES_LEN, "number %u", alert);
	return buf;
}

/*
 * IANA TLS Cipher Suites: those that kTLS can carry, TLS 1.3's rest, and what
 * else a profile has, which is relayed
 */
static const struct number_name cipher_suites[] = {
	{ 0x1301, "TLS_AES_128_GCM_SHA256" },
	{ 0x1302, "TLS_AES_256_GCM_SHA384" },
	{ 0x1303, "TLS_CHACHA20_POLY1305_SHA256" },
	{ 0x1304, "TLS_AES_128_CCM_SHA256" },
	{ 0x1305, "TLS_AES_128_CCM_8_SHA256" },
	{ 0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" },
	{ 0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384" },
	{ 0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" },
	{ 0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384" },
	{ 0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256" },
	{ 0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256" },
	{ 0xccaa, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256" },
	{ 0xc0ac, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM" },
	{ 0xc0ad, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM" },
	{ 0xc0ae, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8" },
	{ 0xc0af, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8" },
	{ 0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256" },
	{ 0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384" },
	{ 0x009e, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256" },
	{ 0x009f, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384" },
	{ 0xc09c, "TLS_RSA_WITH_AES_128_CCM" },
	{ 0xc09d, "TLS_RSA_WITH_AES_256_CCM" },
	{ 0xc09e, "TLS_DHE_RSA_WITH_AES_128_CCM" },
	{ 0xc09f, "TLS_DHE_RSA_WITH_AES_256_CCM" },
	{ 0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA" },
	{ 0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA" },
	{ 0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA" },
	{ 0x003c, "TLS_RSA_WITH_AES_128_CBC_SHA256" },
	{ 0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA" },
	{ 0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA" },
	{ 0xc012, "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA" },
	{ 0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA" },
	{ 0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA" },
	{ 0xc023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256" },
	{ 0xc027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256" },
};

const char *cipher_full_name(uint16_t suite, char buf[NAMES_LEN])
{
	return number_show(cipher_suites, ARRAY_SIZE(cipher_suites), suite,
			   buf);
}

/* The cipher is in the suite's name: after _WITH_ or TLS_, up to the hash. */
const char *cipher_short_name(uint16_t suite, char buf[NAMES_LEN])
{
	const char *name = number_find(cipher_suites,
				       ARRAY_SIZE(cipher_suites), suite);
	const char *with;
	char *hash, *p;

	if (!name) {
		snprintf(buf, NAMES_LEN, "0x%04x", suite);
		return buf;
	}
	with = strstr(name, "_WITH_");
	snprintf(buf, NAMES_LEN, "%s",
		 with ? with + strlen("_WITH_") : name + strlen("TLS_"));
	hash = strstr(buf, "_SHA");
	if (hash)
		*hash = '\0';
	for (p = buf; *p; p++)
		if (*p == '_')
			*p = '-';
	return buf;
}

static const struct number_name groups[] = {
	{ 0x0017, "P-256" },
	{ 0x0018, "P-384" },
	{ 0x0019, "P-521" },
	{ 0x001a, "brainpoolP256r1" },
	{ 0x001b, "brainpoolP384r1" },
	{ 0x001c, "brainpoolP512r1" },
	{ 0x001d, "X25519" },
	{ 0x001e, "X448" },
	{ 0x001f, "brainpoolP256r1tls13" },
	{ 0x0020, "brainpoolP384r1tls13" },
	{ 0x0021, "brainpoolP512r1tls13" },
	{ 0x0100, "ffdhe2048" },
	{ 0x0101, "ffdhe3072" },
	{ 0x0102, "ffdhe4096" },
	{ 0x0103, "ffdhe6144" },
	{ 0x0104, "ffdhe8192" },
	{ 0x0200, "MLKEM512" },
	{ 0x0201, "MLKEM768" },
	{ 0x0202, "MLKEM1024" },
	{ 0x11eb, "SecP256r1MLKEM768" },
	{ 0x11ec, "X25519MLKEM768" },
	{ 0x11ed, "SecP384r1MLKEM1024" },
};

const char *group_name(uint16_t group, char buf[NAMES_LEN])
{
	return number_show(groups, ARRAY_SIZE(groups), group, buf);
}

static const struct number_name tls_versions[] = {
	{ 0x0301, "1.0" },
	{ 0x0302, "1.1" },
	{ 0x0303, "1.2" },
	{ 0x0304, "1.3" },
};

const char *tls_version_name(uint16_t version, char buf[NAMES_LEN])
{
	return number_show(tls_versions, ARRAY_SIZE(tls_versions), version,
			   buf);
}
