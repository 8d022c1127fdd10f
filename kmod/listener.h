/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KTLSGATE_LISTENER_H
#define _KTLSGATE_LISTENER_H

#include <linux/in6.h>
#include <linux/types.h>

struct ktlsgate_where;
struct net;
struct request_sock;
struct sock;

/**
 * struct ktlsgate_listeners - what an agent has on its port
 * @kinds: enum ktlsgate_listener flags, 0 when nothing listens
 * @queue_length: connections waiting in the fullest accept queue
 * @queue_max: the limit of that queue
 */
struct ktlsgate_listeners {
	u32	kinds;
	u32	queue_length;
	u32	queue_max;
};

struct sock *ktlsgate_listener_get(struct net *net,
				   const struct ktlsgate_where *where,
				   const struct in6_addr *local,
				   const struct sock *child);
void ktlsgate_listener_survey(struct net *net,
			      const struct ktlsgate_where *where,
			      struct ktlsgate_listeners *listeners);
struct request_sock *ktlsgate_listener_request(void);
void ktlsgate_listener_request_free(struct request_sock *req);
bool ktlsgate_listener_queue(struct sock *listener, struct request_sock *req,
			     struct sock *child);
int ktlsgate_listener_init(void);
void ktlsgate_listener_exit(void);

#endif /* _KTLSGATE_LISTENER_H */
