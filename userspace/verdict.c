// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <linux/ktlsgate.h>

#include "certs.h"
#include "dn.h"
#include "mem.h"
#include "verdict.h"

static int ex_index = -1;

static const char *const names[] = {
	[KTLSGATE_REFUSAL_OTHER] = "other",
	[KTLSGATE_REFUSAL_NOT_TLS] = "not-tls",
	[KTLSGATE_REFUSAL_NO_CERTIFICATE] = "no-certificate",
	[KTLSGATE_REFUSAL_BAD_CERTIFICATE] = "bad-certificate",
	[KTLSGATE_REFUSAL_NO_COMMON_PARAMETERS] = "no-common-parameters",
	[KTLSGATE_REFUSAL_PROTOCOL_ERROR] = "protocol-error",
	[KTLSGATE_REFUSAL_CLIENT_ALERT] = "client-alert",
	[KTLSGATE_REFUSAL_CLIENT_GONE] = "client-gone",
	[KTLSGATE_REFUSAL_TIMEOUT] = "timeout",
	[KTLSGATE_REFUSAL_OVERLOAD] = "overload",
	[KTLSGATE_REFUSAL_AGENT_UNAVAILABLE] = "agent-unavailable",
	[KTLSGATE_REFUSAL_HANDOFF_FAILED] = "handoff-failed",
	[KTLSGATE_REFUSAL_NOT_ADMITTED] = "not-admitted",
};

const char *verdict_name(unsigned int code)
{
	if (code >= sizeof(names) / sizeof(*names) || !names[code])
		return "other";
	return names[code];
}

/* Spelled like this in the RFCs and by the client libraries of Kafka. */
static const struct {
	uint8_t number;
	const char *name;
} alerts[] = {
	{ 0, "close_notify" },
	{ 10, "unexpected_message" },
	{ 20, "bad_record_mac" },
	{ 22, "record_overflow" },
	{ 40, "handshake_failure" },
	{ 42, "bad_certificate" },
	{ 43, "unsupported_certificate" },
	{ 44, "certificate_revoked" },
	{ 45, "certificate_expired" },
	{ 46, "certificate_unknown" },
	{ 47, "illegal_parameter" },
	{ 48, "unknown_ca" },
	{ 49, "access_denied" },
	{ 50, "decode_error" },
	{ 51, "decrypt_error" },
	{ 70, "protocol_version" },
	{ 71, "insufficient_security" },
	{ 80, "internal_error" },
	{ 86, "inappropriate_fallback" },
	{ 90, "user_canceled" },
	{ 100, "no_renegotiation" },
	{ 109, "missing_extension" },
	{ 110, "unsupported_extension" },
	{ 112, "unrecognized_name" },
	{ 113, "bad_certificate_status_response" },
	{ 115, "unknown_psk_identity" },
	{ 116, "certificate_required" },
	{ 120, "no_application_protocol" },
};

const char *verdict_alert_name(int alert)
{
	size_t i;

	for (i = 0; i < sizeof(alerts) / sizeof(*alerts); i++)
		if (alerts[i].number == alert)
			return alerts[i].name;
	return "of unknown number";
}

void verdict_open(void)
{
	ex_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}

void verdict_init(struct verdict *verdict)
{
	memset(verdict, 0, sizeof(*verdict));
	verdict->alert_sent = -1;
}

void verdict_free(struct verdict *verdict)
{
	free(verdict->reason);
	free(verdict->certificate);
	free(verdict->principal);
	verdict_init(verdict);
}

void verdict_attach(SSL *ssl, struct verdict *verdict)
{
	SSL_set_ex_data(ssl, ex_index, verdict);
}

void verdict_set(struct verdict *verdict, unsigned int code,
		 const char *format, ...)
{
	va_list args;

	free(verdict->reason);
	va_start(args, format);
	verdict->reason = xvasprintf(format, args);
	va_end(args);
	verdict->code = code;
}

static void on_info(const SSL *ssl, int where, int value)
{
	struct verdict *verdict = SSL_get_ex_data(ssl, ex_index);

	if (verdict && (where & SSL_CB_WRITE_ALERT) == SSL_CB_WRITE_ALERT)
		verdict->alert_sent = value & 0xff;
}

/* Which certificate of the client failed, and why. */
static char *describe(X509_STORE_CTX *store)
{
	X509 *certificate = X509_STORE_CTX_get_current_cert(store);
	int error = X509_STORE_CTX_get_error(store);
	char *subject, *issuer, *text;
	char when[CERT_TIME_TEXT];

	if (!certificate)
		return xstrdup(X509_verify_cert_error_string(error));
	subject = dn_print(X509_get_subject_name(certificate));
	issuer = dn_print(X509_get_issuer_name(certificate));
	switch (error) {
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_CERT_UNTRUSTED:
		text = xasprintf("issuer %s is not trusted (certificate %s)",
				 issuer, subject);
		break;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		text = xasprintf("certificate %s is self-signed and not trusted",
				 subject);
		break;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		cert_time_print(X509_get0_notAfter(certificate), when);
		text = xasprintf("certificate %s expired on %s", subject, when);
		break;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		cert_time_print(X509_get0_notBefore(certificate), when);
		text = xasprintf("certificate %s is not valid before %s",
				 subject, when);
		break;
	case X509_V_ERR_INVALID_PURPOSE:
		text = xasprintf("certificate %s is not meant for clients (extendedKeyUsage or keyUsage)",
				 subject);
		break;
	default:
		text = xasprintf("certificate %s: %s", subject,
				 X509_verify_cert_error_string(error));
	}
	free(subject);
	free(issuer);
	return text;
}

void verdict_note(X509_STORE_CTX *store, char *text)
{
	X509 *leaf = X509_STORE_CTX_get0_cert(store);
	struct verdict *verdict;
	SSL *ssl;

	ssl = X509_STORE_CTX_get_ex_data(store,
					 SSL_get_ex_data_X509_STORE_CTX_idx());
	verdict = ssl ? SSL_get_ex_data(ssl, ex_index) : NULL;
	if (!verdict || verdict->certificate) {
		free(text);
		return;
	}
	verdict->certificate = text;
	if (leaf && !verdict->principal)
		verdict->principal = dn_print(X509_get_subject_name(leaf));
}

static int on_verify(int good, X509_STORE_CTX *store)
{
	if (!good)
		verdict_note(store, describe(store));
	return good;
}

void verdict_watch(SSL_CTX *ctx)
{
	SSL_CTX_set_info_callback(ctx, on_info);
	SSL_CTX_set_verify(ctx, SSL_CTX_get_verify_mode(ctx), on_verify);
}

/* Alerts from the client are reasons above this, by their number. */
static bool is_alert(int reason)
{
	return reason >= SSL_AD_REASON_OFFSET &&
	       reason < SSL_AD_REASON_OFFSET + 256;
}

static void from_reason(struct verdict *verdict, unsigned long code)
{
	const char *text = ERR_reason_error_string(code);
	int reason = ERR_GET_REASON(code);

	switch (reason) {
	case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
		verdict_set(verdict, KTLSGATE_REFUSAL_NO_CERTIFICATE,
			    "no client certificate");
		return;
	case SSL_R_CERTIFICATE_VERIFY_FAILED:
		verdict_set(verdict, KTLSGATE_REFUSAL_BAD_CERTIFICATE, "%s",
			    verdict->certificate ? verdict->certificate :
			    "the client certificate does not verify");
		return;
	case SSL_R_NO_SHARED_CIPHER:
		verdict_set(verdict, KTLSGATE_REFUSAL_NO_COMMON_PARAMETERS,
			    "no cipher suite in common with the client");
		return;
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_VERSION_TOO_LOW:
	case SSL_R_UNKNOWN_PROTOCOL:
	case SSL_R_UNKNOWN_SSL_VERSION:
		verdict_set(verdict, KTLSGATE_REFUSAL_NO_COMMON_PARAMETERS,
			    "no TLS version in common with the client");
		return;
	case SSL_R_NO_SUITABLE_KEY_SHARE:
	case SSL_R_NO_SUITABLE_GROUPS:
		verdict_set(verdict, KTLSGATE_REFUSAL_NO_COMMON_PARAMETERS,
			    "no group in common with the client");
		return;
	case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
	case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
		verdict_set(verdict, KTLSGATE_REFUSAL_NO_COMMON_PARAMETERS,
			    "no signature algorithm in common with the client");
		return;
	case SSL_R_UNEXPECTED_EOF_WHILE_READING:
		verdict_set(verdict, KTLSGATE_REFUSAL_CLIENT_GONE,
			    "the client closed the connection during the handshake");
		return;
	}
	if (is_alert(reason)) {
		verdict_set(verdict, KTLSGATE_REFUSAL_CLIENT_ALERT,
			    "the client sent alert %s",
			    verdict_alert_name(reason - SSL_AD_REASON_OFFSET));
		return;
	}
	verdict_set(verdict, verdict->certificate ?
		    KTLSGATE_REFUSAL_BAD_CERTIFICATE :
		    KTLSGATE_REFUSAL_PROTOCOL_ERROR, "%s%s%s",
		    verdict->certificate ? verdict->certificate : "",
		    verdict->certificate ? ": " : "TLS protocol: ",
		    text ? text : "unknown error");
}

void verdict_from_ssl(struct verdict *verdict, int error)
{
	unsigned long code = ERR_peek_error();
	int saved = errno;

	if (code)
		from_reason(verdict, code);
	else if (error == SSL_ERROR_SYSCALL && saved)
		verdict_set(verdict, KTLSGATE_REFUSAL_CLIENT_GONE,
			    "the connection broke during the handshake: %s",
			    strerror(saved));
	else
		verdict_set(verdict, KTLSGATE_REFUSAL_CLIENT_GONE,
			    "the client closed the connection during the handshake");
	ERR_clear_error();
}
