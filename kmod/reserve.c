// SPDX-License-Identifier: GPL-2.0
/* Socket memory while records are made: what one gives back the next one takes. */
#include <net/tcp.h>
#include <net/tls.h>

#include "reserve.h"

/* While it is made, a record is charged for its plaintext, for itself and for what
 * TCP has of it.
 */
#define RESERVE_RECORD	(2 * TLS_MAX_PAYLOAD_SIZE)

/**
 * ktlsgate_reserve_begin() - charge once for a write
 * @sk: the socket, not locked
 * @size: bytes that are to be written
 *
 * Record by record kTLS and TCP ask for memory, and page by page kTLS gives it back,
 * to TCP's count and to the memory cgroup. So what all records need is asked for at
 * once, and TCP keeps what is reserved (SO_RESERVE_MEM) until the write ends.
 *
 * Where memory is short all is given back as ever, and TCP would take what is
 * reserved for the size of the send buffer.
 *
 * Return: for ktlsgate_reserve_end()
 */
u32 ktlsgate_reserve_begin(struct sock *sk, u32 size)
{
	u32 reserved = 0;

	lock_sock(sk);
	/* What the agent reserved does the same. */
	if (!sk->sk_reserved_mem && sk_stream_memory_free(sk) &&
	    !tcp_under_memory_pressure(sk)) {
		sk_wmem_schedule(sk, size + RESERVE_RECORD);
		reserved = sk->sk_wmem_queued +
			   atomic_read(&sk->sk_rmem_alloc) + size +
			   2 * RESERVE_RECORD;
		WRITE_ONCE(sk->sk_reserved_mem, reserved);
	}
	release_sock(sk);
	return reserved;
}

/**
 * ktlsgate_reserve_end() - give back what is left
 * @sk: the socket, not locked
 * @reserved: what ktlsgate_reserve_begin() said
 */
void ktlsgate_reserve_end(struct sock *sk, u32 reserved)
{
	if (!reserved)
		return;
	lock_sock(sk);
	/* Unless the agent has reserved some itself meanwhile. */
	if (sk->sk_reserved_mem == reserved) {
		WRITE_ONCE(sk->sk_reserved_mem, 0);
		sk_mem_reclaim(sk);
	}
	release_sock(sk);
}
