/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel and the operator are told about a client. */
#ifndef KTLSGATED_IDENTITY_H
#define KTLSGATED_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/ssl.h>

#define IDENTITY_ANONYMOUS "ANONYMOUS"

/* From a client's certificate, the first, to its trust anchor, the last. */
#define IDENTITY_CHAIN_MAX 12
#define SERIAL_MAX 20

struct chain_link {
	uint8_t fingerprint[32];	/* SHA-256 of the certificate */
	uint8_t issuer[32];		/* SHA-256 of the issuer's name as
					 * X509_NAME_digest() has it, by which a
					 * CRL is found
					 */
	uint8_t name_and_key[32];	/* see anchors.h */
	uint8_t serial[SERIAL_MAX];
	unsigned int serial_size;
	uint64_t not_after;		/* seconds since the epoch */
};

struct identity {
	char *principal;
	char *subject;		/* NULL without a client certificate, as are */
	char *issuer;		/* all below up to the chain */
	char *spiffe_id;	/* NULL where the gate does not ask for one */
	uint64_t not_after;	/* that of the chain that ends first */
	struct chain_link chain[IDENTITY_CHAIN_MAX];
	unsigned int chain_count;
	uint16_t tls_version;
	uint16_t cipher_suite;
	uint16_t group;		/* 0: none */
	char *server_name;	/* NULL: none */
	bool resumed;
};

/*
 * Fills @out from a finished handshake. NULL, or why this client has no
 * identity that could be handed on (to be freed).
 */
char *identity_from(SSL *ssl, struct identity *out);
/*
 * The same of a resumed session, principal and all, as they were when it
 * began; false when the session was not resumed.
 */
bool identity_resume(SSL *ssl, struct identity *out);

/* All but what belongs to the one handshake. */
void identity_copy(const struct identity *from, struct identity *to);
void identity_free(struct identity *identity);

/* Once, before the first certificate is read. */
void identity_open(void);

/* False when it has no digest. */
bool chain_link_of(const X509 *certificate, struct chain_link *out);

/* Takes the digests of a CA now, and no more when chain_link_of() is asked. */
void chain_link_keep(X509 *ca);

/* Its last bytes, and how many. */
unsigned int serial_take(const ASN1_INTEGER *serial, uint8_t out[SERIAL_MAX]);

/* The names that IANA and the CLI use: "AES-256-GCM", "X25519MLKEM768". */
const char *identity_group_name(SSL *ssl);

#endif
