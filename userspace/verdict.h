/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why a handshake failed: gathered from OpenSSL while it happens, told as one
 * code of the kernel's interface and one sentence.
 */
#ifndef KTLSGATED_VERDICT_H
#define KTLSGATED_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/ssl.h>

struct verdict {
	unsigned int code;	/* KTLSGATE_REFUSAL_... */
	char *reason;		/* a sentence, NULL: not failed yet */
	int alert_sent;		/* AlertDescription, -1: none */
	char *certificate;	/* what is wrong with the client's chain */
	char *principal;	/* NULL: not known */
};

void verdict_open(void);	/* once, before the first context */
void verdict_watch(SSL_CTX *ctx);
void verdict_attach(SSL *ssl, struct verdict *verdict);
void verdict_init(struct verdict *verdict);
void verdict_free(struct verdict *verdict);

void verdict_set(struct verdict *verdict, unsigned int code,
		 const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Why the chain is refused, from a check of our own; takes @text. */
void verdict_note(X509_STORE_CTX *store, char *text);

/* After SSL_accept() failed with @error of SSL_get_error(). */
void verdict_from_ssl(struct verdict *verdict, int error);

/* "not-tls" and so on, as in the netlink specification. */
const char *verdict_name(unsigned int code);

/* "certificate_required" and so on, as RFC 8446 6 spells them. */
const char *verdict_alert_name(int alert);

#endif
