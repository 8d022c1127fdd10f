/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KTLSGATE_KTLS_H
#define _KTLSGATE_KTLS_H

struct genl_info;
struct ktlsgate_conn;
struct ktlsgate_identity;
struct netlink_ext_ack;
struct sock;

int ktlsgate_ktls_check(const struct sock *sk, struct genl_info *info);
int ktlsgate_ktls_take(struct ktlsgate_conn *conn, struct sock *sk,
		       struct genl_info *info);
bool ktlsgate_ktls_written(const struct sock *sk);
void ktlsgate_ktls_flush(struct sock *sk);
int ktlsgate_ktls_check_identity(const struct ktlsgate_identity *identity,
				 const struct sock *sk,
				 struct netlink_ext_ack *extack);

#endif /* _KTLSGATE_KTLS_H */
