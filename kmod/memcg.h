/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KTLSGATE_MEMCG_H
#define _KTLSGATE_MEMCG_H

#include <linux/types.h>

struct sock;

bool ktlsgate_memcg_movable(const struct sock *sk);
void ktlsgate_memcg_release(struct sock *sk);

#endif /* _KTLSGATE_MEMCG_H */
