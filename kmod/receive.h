/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KTLSGATE_RECEIVE_H
#define _KTLSGATE_RECEIVE_H

#include <linux/poll.h>

struct msghdr;
struct pipe_inode_info;
struct sock;
struct socket;

int ktlsgate_recvmsg(struct sock *sk, struct msghdr *msg, size_t len,
		     int flags);
ssize_t ktlsgate_splice_read(struct socket *sock, loff_t *ppos,
			     struct pipe_inode_info *pipe, size_t len,
			     unsigned int flags);
__poll_t ktlsgate_poll(struct file *file, struct socket *sock,
		       poll_table *wait);
int ktlsgate_inq(struct sock *sk);
void ktlsgate_receive_drain(struct sock *sk);

#endif /* _KTLSGATE_RECEIVE_H */
