// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "alert.h"

/* Spelled like this in the RFCs and by the client libraries of Kafka. */
static const struct {
	uint8_t number;
	const char *word;
} alerts[] = {
	{ 0,	"close_notify" },
	{ 10,	"unexpected_message" },
	{ 20,	"bad_record_mac" },
	{ 21,	"decryption_failed" },
	{ 22,	"record_overflow" },
	{ 30,	"decompression_failure" },
	{ 40,	"handshake_failure" },
	{ 41,	"no_certificate" },
	{ 42,	"bad_certificate" },
	{ 43,	"unsupported_certificate" },
	{ 44,	"certificate_revoked" },
	{ 45,	"certificate_expired" },
	{ 46,	"certificate_unknown" },
	{ 47,	"illegal_parameter" },
	{ 48,	"unknown_ca" },
	{ 49,	"access_denied" },
	{ 50,	"decode_error" },
	{ 51,	"decrypt_error" },
	{ 60,	"export_restriction" },
	{ 70,	"protocol_version" },
	{ 71,	"insufficient_security" },
	{ 80,	"internal_error" },
	{ 86,	"inappropriate_fallback" },
	{ 90,	"user_canceled" },
	{ 100,	"no_renegotiation" },
	{ 109,	"missing_extension" },
	{ 110,	"unsupported_extension" },
	{ 111,	"certificate_unobtainable" },
	{ 112,	"unrecognized_name" },
	{ 113,	"bad_certificate_status_response" },
	{ 114,	"bad_certificate_hash_value" },
	{ 115,	"unknown_psk_identity" },
	{ 116,	"certificate_required" },
	{ 120,	"no_application_protocol" },
	{ 121,	"ech_required" },
};

#define ALERTS (sizeof(alerts) / sizeof(*alerts))

const char *alert_word(uint8_t alert)
{
	size_t i;

	for (i = 0; i < ALERTS; i++)
		if (alerts[i].number == alert)
			return alerts[i].word;
	return NULL;
}

bool alert_parse(const char *word, uint8_t *alert)
{
	size_t i;

	for (i = 0; i < ALERTS; i++) {
		if (!strcmp(alerts[i].word, word)) {
			*alert = alerts[i].number;
			return true;
		}
	}
	return false;
}
