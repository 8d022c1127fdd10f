/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KTLSGATE_EVENT_H
#define _KTLSGATE_EVENT_H

#include <linux/types.h>

struct genl_info;
struct ktlsgate_conn;
struct ktlsgate_gate;
struct ktlsgate_net;

void ktlsgate_event_conn(struct ktlsgate_conn *conn, u8 command);
void ktlsgate_event_gate(struct ktlsgate_net *kn, struct ktlsgate_gate *gate,
			 u8 command);
void ktlsgate_event_refused(struct ktlsgate_net *kn, struct genl_info *info);

#endif /* _KTLSGATE_EVENT_H */
