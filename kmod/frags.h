/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KTLSGATE_FRAGS_H
#define _KTLSGATE_FRAGS_H

struct sock;

void ktlsgate_frags_join(struct sock *sk);

#endif /* _KTLSGATE_FRAGS_H */
