/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KTLSGATE_COMPAT_H
#define _KTLSGATE_COMPAT_H

/* The one place that knows kernel versions. 6.1 to 7.3. */

#include <linux/socket.h>
#include <linux/uio.h>
#include <linux/version.h>
#include <net/genetlink.h>
#include <net/sock.h>
#include <net/tls.h>

/* 6.12 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

/* 6.5: sendfile arrives in sendmsg() with MSG_SPLICE_PAGES; before in
 * sendpage(). Stable 6.1 has got the flag, but not the change.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#define KTLSGATE_HAVE_SENDPAGE
#endif
#ifndef MSG_SPLICE_PAGES
#define MSG_SPLICE_PAGES	0
#endif

/* 6.2 */
#ifndef ITER_SOURCE
#define ITER_SOURCE		WRITE
#define ITER_DEST		READ
#endif

/* 7.0: proto.recvmsg lost its address length, which TCP never used. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
static inline int ktlsgate_base_recvmsg(const struct proto *base,
					struct sock *sk, struct msghdr *msg,
					size_t len, int flags)
{
	return base->recvmsg(sk, msg, len, flags);
}
#else
static inline int ktlsgate_base_recvmsg(const struct proto *base,
					struct sock *sk, struct msghdr *msg,
					size_t len, int flags)
{
	int addr_len = 0;

	return base->recvmsg(sk, msg, len, flags, &addr_len);
}
#endif

/* 6.14: kTLS refuses to decrypt after a KeyUpdate until it has the new key,
 * and says -EKEYEXPIRED.
 */
static inline void ktlsgate_rekeyed(struct tls_sw_context_rx *rx)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 14, 0)
	WRITE_ONCE(rx->key_update_pending, false);
#endif
}

/* 6.7: the attributes of a dump moved into its genl_info. */
static inline struct nlattr **ktlsgate_dump_attrs(struct netlink_callback *cb)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	return genl_dumpit_info(cb)->info.attrs;
#else
	return genl_dumpit_info(cb)->attrs;
#endif
}

#endif /* _KTLSGATE_COMPAT_H */
