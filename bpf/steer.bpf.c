// SPDX-License-Identifier: GPL-2.0
/*
 * Steering: connections to an agent's port go to the helper's sockets.
 *
 * Runs for each SYN that reaches the namespace, for the last ACK of a handshake
 * under SYN cookies (so the choice must depend on the addresses alone), and for
 * packets of connections that are gone. They cannot be told apart here: each is
 * a new connection to the limits. What is no gate's business passes untouched.
 * For a gate's port there are three ends: exempt source, a socket of the helper,
 * or the packet is dropped, which TCP answers with a reset. A failure is never a
 * pass: the agent behind speaks plaintext.
 */
#include <linux/bpf.h>
#include <linux/in.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#include "steer.h"

#define AF_INET 2

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, STEER_MAX_GATES);
	__type(key, struct steer_key);
	__type(value, struct steer_gate);
} gates SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, STEER_MAX_EXEMPT);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct steer_source);
	__type(value, __u8);
} exempt SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SOCKMAP);
	__uint(max_entries, STEER_MAX_GATES * STEER_SLOTS);
	__type(key, __u32);
	__type(value, __u64);
} sockets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, STEER_MAX_GATES);
	__type(key, __u32);
	__type(value, struct steer_stats);
} stats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, STEER_MAX_SOURCES);
	__type(key, struct steer_client);
	__type(value, __u64);
} buckets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, STEER_MAX_CROWDED);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct steer_client);
	__type(value, __u8);
} crowded SEC(".maps");

static __always_inline void map_ipv4(__u8 *out, __u32 address)
{
	__u32 *words = (__u32 *)out;

	words[0] = 0;
	words[1] = 0;
	words[2] = bpf_htonl(0xffff);
	words[3] = address;
}

/*
 * Reads a word of the context at a constant offset: the verifier refuses what
 * the compiler makes of two branches that end in the same store.
 */
#define CONTEXT_WORD(value) ({ \
	__u32 word = (value); \
	barrier_var(word); \
	word; })

static __always_inline void local_address(struct bpf_sk_lookup *ctx, __u8 *out)
{
	__u32 *words = (__u32 *)out;

	if (ctx->family == AF_INET) {
		map_ipv4(out, CONTEXT_WORD(ctx->local_ip4));
		return;
	}
	words[0] = CONTEXT_WORD(ctx->local_ip6[0]);
	words[1] = CONTEXT_WORD(ctx->local_ip6[1]);
	words[2] = CONTEXT_WORD(ctx->local_ip6[2]);
	words[3] = CONTEXT_WORD(ctx->local_ip6[3]);
}

static __always_inline void remote_address(struct bpf_sk_lookup *ctx,
					   __u8 *out)
{
	__u32 *words = (__u32 *)out;

	if (ctx->family == AF_INET) {
		map_ipv4(out, CONTEXT_WORD(ctx->remote_ip4));
		return;
	}
	words[0] = CONTEXT_WORD(ctx->remote_ip6[0]);
	words[1] = CONTEXT_WORD(ctx->remote_ip6[1]);
	words[2] = CONTEXT_WORD(ctx->remote_ip6[2]);
	words[3] = CONTEXT_WORD(ctx->remote_ip6[3]);
}

/* Spreads clients over workers; equal for all packets of one connection. */
static __always_inline __u32 mix(const __u8 *address, __u32 port)
{
	const __u32 *words = (const __u32 *)address;
	__u32 hash = port * 0x9e3779b1;

	hash = (hash ^ words[0]) * 0x85ebca6b;
	hash = (hash ^ words[1]) * 0xc2b2ae35;
	hash = (hash ^ words[2]) * 0x27d4eb2f;
	hash = (hash ^ words[3]) * 0x165667b1;
	return hash ^ hash >> 15;
}

/* What one try of a worker's socket needs. */
struct attempt {
	struct bpf_sk_lookup *ctx;
	__u32 base;		/* slot of the gate's first worker */
	__u32 first;		/* worker that the hash chose */
	__u32 workers;
	bool assigned;
};

/*
 * A callback and not a loop in steer(): the verifier walks it once, not for
 * every worker, which is more than it takes where speculation is walked too.
 */
static long try_worker(__u32 i, struct attempt *attempt)
{
	__u32 slot = attempt->base + (attempt->first + i) % attempt->workers;
	struct bpf_sock *sk;
	long err;

	sk = bpf_map_lookup_elem(&sockets, &slot);
	if (!sk)
		return 0;
	err = bpf_sk_assign(attempt->ctx, sk, BPF_SK_LOOKUP_F_NO_REUSEPORT);
	bpf_sk_release(sk);
	attempt->assigned = !err;
	return !err;
}

/* As often as another CPU may be faster before its connection is let go. */
#define BUCKET_TRIES 4

static __always_inline bool over_rate(const struct bucket_rate *rate,
				      const struct steer_client *client,
				      __u64 now)
{
	__u64 *full_at, full = 0;
	int i;

	if (!rate->interval)
		return false;
	full_at = bpf_map_lookup_elem(&buckets, client);
	if (!full_at) {
		bpf_map_update_elem(&buckets, client, &full, BPF_NOEXIST);
		full_at = bpf_map_lookup_elem(&buckets, client);
		if (!full_at)
			return false;
	}
	for (i = 0; i < BUCKET_TRIES; i++) {
		__u64 old = *full_at, new;

		/* Read once: another CPU may write it meanwhile. */
		barrier_var(old);
		new = bucket_take(old, now, rate);
		if (!new)
			return true;
		if (__sync_val_compare_and_swap(full_at, old, new) == old)
			return false;
	}
	return false;
}

/* Whether a new connection is more than its client may have. Counts it. */
static __always_inline bool over_limit(const struct steer_gate *gate,
				       struct steer_client *client,
				       struct steer_stats *count)
{
	struct steer_client all = { .id = client->id, .everybody = 1 };
	__u64 now = bpf_ktime_get_ns();

	if (bpf_map_lookup_elem(&crowded, &all)) {
		count->gate_handshakes++;
		return true;
	}
	if (bpf_map_lookup_elem(&crowded, client))
		count->source_handshakes++;
	else if (over_rate(&gate->rate, client, now))
		count->source_rate++;
	else
		return false;
	count->last_at = now;
	__builtin_memcpy(count->last, client->address, sizeof(count->last));
	return true;
}

SEC("sk_lookup")
int steer(struct bpf_sk_lookup *ctx)
{
	struct steer_source source = {};
	struct steer_client client = {};
	struct attempt attempt = {};
	struct steer_key key = {};
	struct steer_stats *count;
	struct steer_gate *gate;
	__u32 id, workers;

	if (ctx->protocol != IPPROTO_TCP)
		return SK_PASS;

	key.port = ctx->local_port;
	local_address(ctx, key.address);
	gate = bpf_map_lookup_elem(&gates, &key);
	if (!gate) {
		__builtin_memset(key.address, 0, sizeof(key.address));
		gate = bpf_map_lookup_elem(&gates, &key);
	}
	if (!gate)
		return SK_PASS;

	id = gate->id;
	workers = gate->workers;
	count = bpf_map_lookup_elem(&stats, &id);
	if (!count)
		return SK_DROP;

	source.prefixlen = 32 + 128;
	source.id = id;
	remote_address(ctx, source.address);
	if (bpf_map_lookup_elem(&exempt, &source)) {
		count->exempt++;
		return SK_PASS;
	}

	client.id = id;
	__builtin_memcpy(client.address, source.address, 8);
	if (ctx->family == AF_INET)
		__builtin_memcpy(client.address + 8, source.address + 8, 8);
	if (over_limit(gate, &client, count))
		return SK_DROP;

	if (workers == 0 || workers > STEER_MAX_WORKERS)
		goto drop;
	attempt.ctx = ctx;
	attempt.workers = workers;
	attempt.base = id * STEER_SLOTS;
	if (ctx->family != AF_INET || gate->ipv4_by_ipv6)
		attempt.base += STEER_MAX_WORKERS;
	attempt.first = mix(source.address, ctx->remote_port) % workers;
	bpf_loop(workers, try_worker, &attempt, 0);
	if (attempt.assigned) {
		count->steered++;
		return SK_PASS;
	}
drop:
	count->no_helper++;
	return SK_DROP;
}

char _license[] SEC("license") = "GPL";
