/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KTLSGATE_SEND_H
#define _KTLSGATE_SEND_H

#include <linux/types.h>

struct ktlsgate_conn;
struct msghdr;
struct page;
struct sock;
struct socket;

int ktlsgate_sendmsg(struct sock *sk, struct msghdr *msg, size_t size);
int ktlsgate_sendpage(struct sock *sk, struct page *page, int offset,
		      size_t size, int flags);
void ktlsgate_splice_eof(struct socket *sock);
void ktlsgate_send_alert(struct sock *sk, u8 level, u8 alert);
void ktlsgate_send_alert_unowned(struct ktlsgate_conn *conn, struct sock *sk,
				 u8 level, u8 alert);
void ktlsgate_send_close_notify(struct sock *sk);
void ktlsgate_send_last_words(struct sock *sk);
void ktlsgate_send_owed(struct sock *sk);

#endif /* _KTLSGATE_SEND_H */
