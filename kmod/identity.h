/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KTLSGATE_IDENTITY_H
#define _KTLSGATE_IDENTITY_H

#include <linux/types.h>

#include <linux/ktlsgate.h>

struct netlink_ext_ack;
struct nlattr;
struct sk_buff;

/**
 * struct ktlsgate_identity - what the handshake told about the client
 * @not_after: seconds since the epoch, 0 when not given
 * @tls_version: 0x0303 or 0x0304, 0 when not given
 * @cipher_suite: IANA number, 0 when not given
 * @group: IANA number, 0 when not given
 * @resumed: the session was resumed
 * @has_fingerprint: @fingerprint was given
 * @serial_len: bytes of @serial in use
 * @serial: big endian
 * @fingerprint: SHA-256
 * @strings_size: bytes of @strings
 * @principal: never NULL
 * @subject: or NULL, as the following
 * @issuer: RFC 2253
 * @spiffe_id: URI
 * @server_name: as the client sent it
 * @strings: where the pointers lead
 *
 * It never changes after it was made and belongs to one connection.
 */
struct ktlsgate_identity {
	u64		not_after;
	u16		tls_version;
	u16		cipher_suite;
	u16		group;
	bool		resumed;
	bool		has_fingerprint;
	u8		serial_len;
	u8		serial[20];
	u8		fingerprint[KTLSGATE_FINGERPRINT_LEN];
	u32		strings_size;
	const char	*principal;
	const char	*subject;
	const char	*issuer;
	const char	*spiffe_id;
	const char	*server_name;
	char		strings[];
};

struct ktlsgate_identity *
ktlsgate_identity_create(const struct nlattr *nest,
			 struct netlink_ext_ack *extack);
void ktlsgate_identity_free(struct ktlsgate_identity *identity);
int ktlsgate_identity_fill(struct sk_buff *skb, int attr,
			   const struct ktlsgate_identity *identity);

/* Whether the certificate ends in that second or before. */
static inline bool ktlsgate_identity_ends(const struct ktlsgate_identity *id,
					  u64 when)
{
	return id->not_after && id->not_after <= when;
}

/* Room for it in a message: the strings, and the rest with all headers. */
static inline size_t ktlsgate_identity_size(const struct ktlsgate_identity *id)
{
	return id->strings_size + 256;
}

/* Room for the largest one, for dumps. */
#define KTLSGATE_IDENTITY_SIZE	(3 * KTLSGATE_STRING_MAX + 2048 + 255 + 256)

#endif /* _KTLSGATE_IDENTITY_H */
