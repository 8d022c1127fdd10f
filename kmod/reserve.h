/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KTLSGATE_RESERVE_H
#define _KTLSGATE_RESERVE_H

#include <linux/types.h>

struct sock;

u32 ktlsgate_reserve_begin(struct sock *sk, u32 size);
void ktlsgate_reserve_end(struct sock *sk, u32 reserved);

#endif /* _KTLSGATE_RESERVE_H */
