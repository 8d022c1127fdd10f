/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KTLSGATE_COMPAT_PROTO_H
#define _KTLSGATE_COMPAT_PROTO_H

/* Operations of struct proto whose shape depends on the kernel's version. */

#include <linux/sockios.h>
#include <linux/uaccess.h>
#include <linux/version.h>
#include <net/sock.h>

#include <asm/ioctls.h>

#include "../conn.h"
#include "../layer.h"
#include "../receive.h"
#include "../relay.h"
#include "../send.h"
#include "compat.h"

/* 7.0: recvmsg lost its address length, which TCP never used. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
#define ktlsgate_proto_recvmsg		ktlsgate_recvmsg
#define ktlsgate_proto_relay_recvmsg	ktlsgate_relay_recvmsg
#else
static int ktlsgate_proto_recvmsg(struct sock *sk, struct msghdr *msg,
				  size_t len, int flags, int *addr_len)
{
	return ktlsgate_recvmsg(sk, msg, len, flags);
}

static int ktlsgate_proto_relay_recvmsg(struct sock *sk, struct msghdr *msg,
					size_t len, int flags, int *addr_len)
{
	return ktlsgate_relay_recvmsg(sk, msg, len, flags);
}
#endif

/* 6.5: ioctl takes and gives an int in kernel memory. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
static int ktlsgate_proto_ioctl(struct sock *sk, int cmd, int *arg)
{
	if (cmd != SIOCINQ)
		return ktlsgate_conn(sk)->layer->base->ioctl(sk, cmd, arg);
	*arg = ktlsgate_inq(sk);
	return 0;
}
#else
static int ktlsgate_proto_ioctl(struct sock *sk, int cmd, unsigned long arg)
{
	if (cmd != SIOCINQ)
		return ktlsgate_conn(sk)->layer->base->ioctl(sk, cmd, arg);
	return put_user(ktlsgate_inq(sk), (int __user *)arg);
}
#endif

static inline void ktlsgate_proto_fill(struct proto *proto)
{
	proto->recvmsg = ktlsgate_proto_recvmsg;
	proto->ioctl = ktlsgate_proto_ioctl;
#ifdef KTLSGATE_HAVE_SENDPAGE
	proto->sendpage = ktlsgate_sendpage;
#endif
}

static inline void ktlsgate_proto_fill_relay(struct proto *proto)
{
	proto->recvmsg = ktlsgate_proto_relay_recvmsg;
#ifdef KTLSGATE_HAVE_SENDPAGE
	proto->sendpage = ktlsgate_relay_sendpage;
#endif
}

#endif /* _KTLSGATE_COMPAT_PROTO_H */
