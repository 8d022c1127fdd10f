/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words for the numbers of the netlink contract, those of its YAML spec, the
 * same in text and JSON. A number from a newer module has no word here:
 * names_show() gives it as "number 17", so nothing is lost.
 */
#ifndef KTLSGATE_NAMES_H
#define KTLSGATE_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#define NAMES_LEN 48

struct names {
	const char *const *word;
	uint32_t count;
};

extern const struct names gate_states;
extern const struct names paths;
extern const struct names conn_states;
extern const struct names close_reasons;
extern const struct names refusals;

/* buf is used only when there is no word */
const char *names_show(const struct names *names, uint32_t value,
		       char buf[NAMES_LEN]);
bool names_parse(const struct names *names, const char *word, uint32_t *value);

/* RFC 8446 6, RFC 5246 7.2: "certificate_required" */
const char *alert_name(uint8_t alert, char buf[NAMES_LEN]);

/* "AES-256-GCM" for people, "TLS_AES_256_GCM_SHA384" for programs */
const char *cipher_short_name(uint16_t suite, char buf[NAMES_LEN]);
const char *cipher_full_name(uint16_t suite, char buf[NAMES_LEN]);

/* IANA TLS Supported Groups: "X25519", "P-256", "X25519MLKEM768" */
const char *group_name(uint16_t group, char buf[NAMES_LEN]);

/* "1.3" */
const char *tls_version_name(uint16_t version, char buf[NAMES_LEN]);

#endif
