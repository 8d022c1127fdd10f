/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KTLSGATE_KEY_H
#define _KTLSGATE_KEY_H

#include <linux/types.h>

#include <linux/ktlsgate.h>

struct sock;

/**
 * struct ktlsgate_secret - an application traffic secret of TLS 1.3
 * @len: 32 (SHA-256) or 48 (SHA-384), 0 in TLS 1.2, which has no updates
 * @bytes: the secret; wiped when it is replaced and when the connection ends
 */
struct ktlsgate_secret {
	u8	len;
	u8	bytes[KTLSGATE_SECRET_MAX];
};

int ktlsgate_key_update_receive(struct sock *sk,
				struct ktlsgate_secret *secret);
int ktlsgate_key_update_send(struct sock *sk, struct ktlsgate_secret *secret,
			     int (*send_message)(struct sock *sk, int flags),
			     int flags, bool *sent);
u64 ktlsgate_key_records_max(const struct sock *sk);
u64 ktlsgate_key_records_sent(const struct sock *sk);
u64 ktlsgate_key_records_received(const struct sock *sk);
int ktlsgate_key_init(void);
void ktlsgate_key_exit(void);

#endif /* _KTLSGATE_KEY_H */
