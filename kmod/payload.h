/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KTLSGATE_PAYLOAD_H
#define _KTLSGATE_PAYLOAD_H

#include <linux/types.h>

struct msghdr;
struct page;
struct sock;

int ktlsgate_payload_send(struct sock *sk, struct msghdr *msg, size_t size);
int ktlsgate_payload_sendpage(struct sock *sk, struct page *page, int offset,
			      size_t size, int flags);

#endif /* _KTLSGATE_PAYLOAD_H */
