/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KTLSGATE_CONTROL_H
#define _KTLSGATE_CONTROL_H

struct sock;

int ktlsgate_control_process(struct sock *sk);
void ktlsgate_control_data(struct sock *sk);

#endif /* _KTLSGATE_CONTROL_H */
