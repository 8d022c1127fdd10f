/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KTLSGATE_INHERIT_H
#define _KTLSGATE_INHERIT_H

struct sock;

void ktlsgate_inherit_congestion(struct sock *sk, const struct sock *listener);
void ktlsgate_inherit(struct sock *sk, const struct sock *listener);

#endif /* _KTLSGATE_INHERIT_H */
