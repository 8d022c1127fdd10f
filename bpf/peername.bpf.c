// SPDX-License-Identifier: GPL-2.0
/*
 * The client's name for a relayed connection.
 *
 * From 6.5 on accept() asks the listener's operations, and not the accepted
 * socket's, for the peer's address: that of the helper's end, on loopback. The
 * kernel lets a program of the socket's cgroup, which is the helper's, replace
 * it. Who asks later gets the same answer from the module.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "peername.h"

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct peername);
} names SEC(".maps");

static __always_inline struct peername *name_of(struct bpf_sock_addr *ctx)
{
	struct bpf_sock *sk = ctx->sk;

	return sk ? bpf_sk_storage_get(&names, sk, NULL, 0) : NULL;
}

SEC("cgroup/getpeername4")
int peername4(struct bpf_sock_addr *ctx)
{
	struct peername *name = name_of(ctx);

	if (name) {
		ctx->user_ip4 = name->address[3];
		ctx->user_port = name->port;
	}
	return 1;
}

SEC("cgroup/getpeername6")
int peername6(struct bpf_sock_addr *ctx)
{
	struct peername *name = name_of(ctx);

	if (name) {
		ctx->user_ip6[0] = name->address[0];
		ctx->user_ip6[1] = name->address[1];
		ctx->user_ip6[2] = name->address[2];
		ctx->user_ip6[3] = name->address[3];
		ctx->user_port = name->port;
	}
	return 1;
}

char _license[] SEC("license") = "GPL";
