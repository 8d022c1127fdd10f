/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KTLSGATE_RELAY_H
#define _KTLSGATE_RELAY_H

#include <linux/types.h>

struct genl_info;
struct ktlsgate_conn;
struct msghdr;
struct page;
struct pipe_inode_info;
struct sock;
struct sockaddr;
struct socket;

int ktlsgate_relay_check(const struct sock *sk, struct genl_info *info);
int ktlsgate_relay_take(struct ktlsgate_conn *conn, const struct sock *sk,
			struct genl_info *info);
int ktlsgate_relay_recvmsg(struct sock *sk, struct msghdr *msg, size_t len,
			   int flags);
int ktlsgate_relay_sendmsg(struct sock *sk, struct msghdr *msg, size_t size);
int ktlsgate_relay_sendpage(struct sock *sk, struct page *page, int offset,
			    size_t size, int flags);
ssize_t ktlsgate_relay_splice_read(struct socket *sock, loff_t *ppos,
				   struct pipe_inode_info *pipe, size_t len,
				   unsigned int flags);
int ktlsgate_relay_getname(struct socket *sock, struct sockaddr *addr,
			   int peer);

#endif /* _KTLSGATE_RELAY_H */
