/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KTLSGATE_SOCKOPT_H
#define _KTLSGATE_SOCKOPT_H

#include <linux/sockptr.h>

struct sock;

int ktlsgate_getsockopt(struct sock *sk, int level, int optname,
			char __user *optval, int __user *optlen);
int ktlsgate_setsockopt(struct sock *sk, int level, int optname,
			sockptr_t optval, unsigned int optlen);

#endif /* _KTLSGATE_SOCKOPT_H */
