/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KTLSGATE_CLOSE_H
#define _KTLSGATE_CLOSE_H

#include <linux/types.h>

#include <linux/ktlsgate.h>

struct ktlsgate_conn;
struct sock;
struct socket;
struct work_struct;

void ktlsgate_close(struct sock *sk, long timeout);
void ktlsgate_close_nothing(struct sock *sk, long timeout);
void ktlsgate_close_work(struct work_struct *work);
void ktlsgate_destroy(struct sock *sk);
int ktlsgate_shutdown(struct socket *sock, int how);
void ktlsgate_fail(struct sock *sk, enum ktlsgate_close_reason reason,
		   u8 alert);
void ktlsgate_fail_rekey(struct sock *sk, int err);
void ktlsgate_kill(struct ktlsgate_conn *conn,
		   enum ktlsgate_close_reason reason, int alert,
		   const char *text);
int ktlsgate_close_init(void);
void ktlsgate_close_exit(void);

#endif /* _KTLSGATE_CLOSE_H */
