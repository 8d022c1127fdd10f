/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libktlsgate: an agent behind a gate asks who its client is. Works on the
 * descriptor that accept() returned, needs no privilege, and costs one system
 * call. A connection that came through no gate is told apart by errno
 * ENOPROTOOPT.
 *
 * All functions are thread-safe.
 */
#ifndef KTLSGATE_H
#define KTLSGATE_H

#include <linux/ktlsgate_sockopt.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * 0, or -1 and errno: ENOPROTOOPT no gated connection, EBADF, ENOTSOCK.
 * Members that the kernel does not know are 0.
 */
int ktlsgate_peer_info(int fd, struct ktlsgate_peer_info *info);

/*
 * A string to be freed, or NULL and errno: ENODATA the client has none (no
 * certificate, no server name), ENOPROTOOPT no gated connection, ENOMEM.
 */
char *ktlsgate_peer_principal(int fd);	/* ANONYMOUS without a certificate */
char *ktlsgate_peer_subject(int fd);	/* RFC 2253, as Java prints it */
char *ktlsgate_peer_issuer(int fd);	/* the same form */
char *ktlsgate_peer_spiffe_id(int fd);
char *ktlsgate_peer_server_name(int fd);	/* RFC 6066 3 */
char *ktlsgate_peer_gate(int fd);	/* the gate it came through */

#ifdef __cplusplus
}
#endif

#endif
