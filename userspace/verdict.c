// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include <linux/ktlsgate.h>

#include "alert.h"
#include "dn.h"
#include "flaw.h"
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
	[KTLSGATE_REFUSAL_SOURCE_LIMIT] = "source-limit",
};

const char *verdict_name(unsigned int code)
{
	if (code >= sizeof(names) / sizeof(*names) || !names[code])
		return "other";
	return names[code];
}

const char *verdict_alert_name(int alert)
{
	const char *word = alert_word(alert);

	return word ? word : "of unknown number";
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
	struct verdict *verdict;

	/* It is called for each step of a handshake. */
	if ((where & SSL_CB_WRITE_ALERT) != SSL_CB_WRITE_ALERT)
		return;
	verdict = SSL_get_ex_data(ssl, ex_index);
	if (verdict)
		verdict->alert_sent = value & 0xff;
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
	if (good && !flaw_find(store))
		return good;
	verdict_note(store, flaw_text(store));
	flaw_choose_alert(store);
	return 0;
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
		verdict_set(verdict, KTLSGATE_REFUSAL_BAD_CERTIFICATE,
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
	verdict_set(verdict, KTLSGATE_REFUSAL_PROTOCOL_ERROR, "TLS protocol: %s",
		    text ? text : "unknown error");
}

void verdict_from_ssl(struct verdict *verdict, int error)
{
	unsigned long code = ERR_peek_error();
	int saved = errno;

	if (verdict->certificate)
		verdict_set(verdict, KTLSGATE_REFUSAL_BAD_CERTIFICATE, "%s",
			    verdict->certificate);
	else if (code)
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
