// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <linux/ktlsgate.h>

#include "anchors.h"
#include "digest.h"
#include "dn.h"
#include "exdata.h"
#include "identity.h"
#include "mem.h"
#include "sessions.h"

static int ex_index = -1;

/* IANA TLS Supported Groups, for those that OpenSSL has a NID for. */
static uint16_t group_of(SSL *ssl)
{
	int nid = SSL_get_negotiated_group(ssl);

	if (nid & TLSEXT_nid_unknown)
		return nid & 0xffff;
	switch (nid) {
	case NID_X9_62_prime256v1:
		return 23;
	case NID_secp384r1:
		return 24;
	case NID_secp521r1:
		return 25;
	case NID_X25519:
		return 29;
	case NID_X448:
		return 30;
	default:
		return 0;
	}
}

const char *identity_group_name(SSL *ssl)
{
	const char *name = SSL_get0_group_name(ssl);

	return name ? name : "";
}

static uint64_t seconds_of(const ASN1_TIME *when)
{
	time_t seconds;
	struct tm tm;

	if (!ASN1_TIME_to_tm(when, &tm))
		return 0;
	seconds = timegm(&tm);
	return seconds < 0 ? 0 : seconds;
}

unsigned int serial_take(const ASN1_INTEGER *serial, uint8_t out[SERIAL_MAX])
{
	int size = ASN1_STRING_length(serial);

	/* Longer ones break RFC 5280; the last 20 bytes still tell them apart. */
	if (size > SERIAL_MAX)
		size = SERIAL_MAX;
	memcpy(out, ASN1_STRING_get0_data(serial) +
	       ASN1_STRING_length(serial) - size, size);
	return size;
}

void identity_open(void)
{
	ex_index = X509_get_ex_new_index(0, NULL, NULL, NULL, exdata_free);
}

void chain_link_keep(X509 *ca)
{
	struct chain_link link, *kept;

	if (ex_index < 0 || X509_get_ex_data(ca, ex_index) ||
	    !chain_link_of(ca, &link))
		return;
	kept = xcalloc(1, sizeof(*kept));
	*kept = link;
	if (!X509_set_ex_data(ca, ex_index, kept))
		free(kept);
}

bool chain_link_of(const X509 *certificate, struct chain_link *out)
{
	const struct chain_link *kept;
	unsigned int size = sizeof(out->fingerprint);
	const EVP_MD *sha256 = digest_sha256();

	kept = ex_index < 0 ? NULL : X509_get_ex_data(certificate, ex_index);
	if (kept) {
		*out = *kept;
		return true;
	}
	memset(out, 0, sizeof(*out));
	if (!X509_digest(certificate, sha256, out->fingerprint, &size) ||
	    !X509_NAME_digest(X509_get_issuer_name(certificate), sha256,
			      out->issuer, &size) ||
	    !anchor_digest(certificate, out->name_and_key))
		return false;
	out->serial_size = serial_take(X509_get0_serialNumber(certificate),
				       out->serial);
	out->not_after = seconds_of(X509_get0_notAfter(certificate));
	return true;
}

static bool take_link(X509 *certificate, struct identity *out)
{
	struct chain_link *link = &out->chain[out->chain_count];

	if (out->chain_count == IDENTITY_CHAIN_MAX ||
	    !chain_link_of(certificate, link))
		return false;
	if (!out->not_after || link->not_after < out->not_after)
		out->not_after = link->not_after;
	out->chain_count++;
	return true;
}

static char *take_certificate(SSL *ssl, X509 *leaf, struct identity *out)
{
	STACK_OF(X509) *chain = SSL_get0_verified_chain(ssl);
	bool good;
	int i;

	out->subject = dn_print(X509_get_subject_name(leaf));
	out->issuer = dn_print(X509_get_issuer_name(leaf));
	if (strlen(out->subject) > KTLSGATE_STRING_MAX ||
	    strlen(out->issuer) > KTLSGATE_STRING_MAX)
		return xasprintf("the client certificate's subject or issuer is longer than %d bytes",
				 KTLSGATE_STRING_MAX);
	good = take_link(leaf, out);
	for (i = 1; good && i < sk_X509_num(chain); i++)
		good = take_link(sk_X509_value(chain, i), out);
	if (!good)
		return xstrdup("the client's certificate chain is too long, or has no digest");
	out->principal = xstrdup(out->subject);
	return NULL;
}

static void take_parameters(SSL *ssl, struct identity *out)
{
	const SSL_CIPHER *cipher = SSL_get_current_cipher(ssl);
	const char *name;

	out->tls_version = SSL_version(ssl);
	out->cipher_suite = cipher ? SSL_CIPHER_get_protocol_id(cipher) : 0;
	out->group = group_of(ssl);
	out->resumed = SSL_session_reused(ssl);
	name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	if (name && strlen(name) <= 255)
		out->server_name = xstrdup(name);
}

char *identity_from(SSL *ssl, struct identity *out)
{
	X509 *certificate = SSL_get0_peer_certificate(ssl);

	memset(out, 0, sizeof(*out));
	take_parameters(ssl, out);
	if (certificate)
		return take_certificate(ssl, certificate, out);
	out->principal = xstrdup(IDENTITY_ANONYMOUS);
	return NULL;
}

bool identity_resume(SSL *ssl, struct identity *out)
{
	memset(out, 0, sizeof(*out));
	if (!SSL_session_reused(ssl) || !sessions_identity(ssl, out))
		return false;
	take_parameters(ssl, out);
	return true;
}

void identity_copy(const struct identity *from, struct identity *to)
{
	*to = *from;
	to->principal = xstrdup(from->principal);
	to->subject = xstrdup(from->subject);
	to->issuer = xstrdup(from->issuer);
	to->spiffe_id = xstrdup(from->spiffe_id);
	to->server_name = NULL;	/* each handshake has its own */
}

void identity_free(struct identity *identity)
{
	free(identity->principal);
	free(identity->subject);
	free(identity->issuer);
	free(identity->spiffe_id);
	free(identity->server_name);
	memset(identity, 0, sizeof(*identity));
}
