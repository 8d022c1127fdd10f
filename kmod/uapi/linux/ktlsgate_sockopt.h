/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
#ifndef _UAPI_LINUX_KTLSGATE_SOCKOPT_H
#define _UAPI_LINUX_KTLSGATE_SOCKOPT_H

#include <linux/types.h>

/*
 * What an agent can ask about the client of a connection that a gate let in:
 *
 *	getsockopt(fd, SOL_KTLSGATE, option, value, &length)
 *
 * Any process that holds the socket may ask. A socket that came through no
 * gate answers as for any level that it does not know: EOPNOTSUPP, or
 * ENOPROTOOPT (IPv6 before 6.12). An option that is none of these answers
 * ENOPROTOOPT. There is nothing to set: setsockopt() answers ENOPROTOOPT.
 *
 * The string options return the string with its terminating NUL and set
 * length to strlen + 1. ENODATA: the client has no such property (no
 * certificate, say). ERANGE: the buffer is too short, length is set to what is
 * needed, nothing is written.
 */
#define SOL_KTLSGATE			27764	/* 0x6c74, above all of the kernel's levels */

#define KTLSGATE_PEER_INFO		1	/* struct ktlsgate_peer_info */
#define KTLSGATE_PEER_PRINCIPAL		2	/* string, ANONYMOUS without a certificate */
#define KTLSGATE_PEER_SUBJECT		3	/* string, RFC 2253 */
#define KTLSGATE_PEER_ISSUER		4	/* string, RFC 2253 */
#define KTLSGATE_PEER_SPIFFE_ID		5	/* string */
#define KTLSGATE_PEER_SERVER_NAME	6	/* string, RFC 6066 3 */
#define KTLSGATE_PEER_GATE		7	/* string, name of the gate */

/**
 * struct ktlsgate_peer_info - the fixed-size part of the identity
 * @id: the connection's id, as ktlsgate conn show prints it
 * @tls_version: 0x0303 or 0x0304
 * @cipher_suite: IANA TLS Cipher Suites value
 * @group: IANA TLS Supported Groups value, 0 when not known
 * @resumed: 1 when the session was resumed
 * @serial_len: bytes of @serial in use, 0 without a certificate
 * @not_after: end of the certificate's validity in seconds since the epoch, 0
 *	when not known
 * @serial: serial number, big endian
 * @reserved: 0
 * @fingerprint: SHA-256 of the DER certificate, all zero without one
 *
 * The structure may grow at its end. A shorter buffer gets the members that
 * fit, a longer one gets what there is; length tells how much that was.
 */
struct ktlsgate_peer_info {
	__u32	id;
	__u16	tls_version;
	__u16	cipher_suite;
	__u16	group;
	__u8	resumed;
	__u8	serial_len;
	__u8	reserved[4];
	__u64	not_after;
	__u8	serial[24];
	__u8	fingerprint[32];
};

#endif /* _UAPI_LINUX_KTLSGATE_SOCKOPT_H */
