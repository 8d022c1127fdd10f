/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KTLSGATE_LAYER_H
#define _KTLSGATE_LAYER_H

#include <linux/list.h>
#include <linux/net.h>
#include <net/sock.h>

struct ktlsgate_conn;

/**
 * struct ktlsgate_layer - our operations over one of kTLS's or TCP's protos
 * @list: all layers
 * @base: kTLS's proto, or TCP's for relayed connections
 * @base_ops: the socket operations that belong to it
 * @ulp: kTLS's module, whose functions @proto and @ops copy, NULL over TCP
 * @proto: @base with ours in front
 * @ops: @base_ops with ours in front
 * @dead: the proto below kTLS with a close() that does nothing, see
 *	ktlsgate_close_work(); unused over TCP
 *
 * kTLS has one proto for each family and kind of offload, TCP one for each
 * family, so there are four of these. They live until the module goes.
 */
struct ktlsgate_layer {
	struct list_head	list;
	const struct proto	*base;
	const struct proto_ops	*base_ops;
	struct module		*ulp;
	struct proto		proto;
	struct proto_ops	ops;
	struct proto		dead;
};

const struct ktlsgate_layer *ktlsgate_layer_get(const struct sock *sk);
void ktlsgate_layer_install(struct sock *sk, struct ktlsgate_conn *conn);
void ktlsgate_layer_remove(struct sock *sk);
void ktlsgate_layer_exit(void);

#endif /* _KTLSGATE_LAYER_H */
