// SPDX-License-Identifier: GPL-2.0
/* Receiving: the agent reads data and sees nothing of TLS.
 *
 * kTLS is always asked without waiting, under the receive lock; who wants to
 * wait does so here, without it. So a reader that waits hinders nobody, and
 * there is one place that knows how to go on after a control record.
 */
#include <linux/fs.h>
#include <linux/splice.h>
#include <net/strparser.h>
#include <net/tcp.h>
#include <net/tls.h>

#include "alert.h"
#include "close.h"
#include "compat/compat.h"
#include "conn.h"
#include "control.h"
#include "gate.h"
#include "layer.h"
#include "receive.h"
#include "send.h"

/* The longest record that may hold nothing but an alert or a KeyUpdate:
 * header, explicit nonce, message, type, tag, and some padding.
 */
#define RECEIVE_CONTROL_MAX	64

static bool receive_ready(const struct tls_sw_context_rx *rx)
{
	return READ_ONCE(rx->strp.msg_ready) ||
	       !skb_queue_empty_lockless(&rx->rx_list);
}

/* Errors of kTLS about a record, turned into the alert of RFC 8446 6.2. */
static bool receive_error_alert(int err, u8 *alert)
{
	switch (err) {
	case -EBADMSG:
		*alert = KTLSGATE_ALERT_BAD_RECORD_MAC;
		return true;
	case -EMSGSIZE:
		*alert = KTLSGATE_ALERT_RECORD_OVERFLOW;
		return true;
	case -EINVAL:
		*alert = KTLSGATE_ALERT_DECODE_ERROR;
		return true;
	default:
		return false;
	}
}

/* kTLS gives up on the connection for any error of a record, and says EBADMSG
 * from then on.
 */
static int receive_failed(struct sock *sk, int err)
{
	u8 alert;

	if (err == -ENOMEM && READ_ONCE(sk->sk_err) == EBADMSG) {
		ktlsgate_fail(sk, KTLSGATE_CLOSE_REASON_NO_MEMORY,
			      KTLSGATE_ALERT_INTERNAL_ERROR);
		return err;
	}
	if (receive_error_alert(err, &alert))
		ktlsgate_fail(sk, alert == KTLSGATE_ALERT_BAD_RECORD_MAC ?
			      KTLSGATE_CLOSE_REASON_DECRYPT_FAILED :
			      KTLSGATE_CLOSE_REASON_ALERT_SENT, alert);
	return err;
}

/* kTLS gave up on a record behind data that it returns first. Our own records are
 * the writer's affair, see send_given_up().
 */
static void receive_look_behind(struct sock *sk, struct ktlsgate_conn *conn)
{
	if (likely(READ_ONCE(sk->sk_err) != EBADMSG) ||
	    !mutex_trylock(&conn->tx_lock))
		return;
	mutex_unlock(&conn->tx_lock);
	receive_failed(sk, -EBADMSG);
}

/* What a connection says that has ended: its error once, then end of file. */
static int receive_ended(struct sock *sk)
{
	return sk->sk_err ? sock_error(sk) : 0;
}

static bool receive_is_over(const struct ktlsgate_conn *conn)
{
	return conn->flags & (BIT(KTLSGATE_CONN_EOF) |
			      BIT(KTLSGATE_CONN_FAILED));
}

/* Reads what is there. @msg->msg_control is out of the way. */
static int receive_available(struct sock *sk, struct ktlsgate_conn *conn,
			     struct msghdr *msg, size_t len, int flags)
{
	size_t done = 0;
	int ret, control;

	lockdep_assert_held(&conn->rx_lock);
	for (;;) {
		if (unlikely(receive_is_over(conn)))
			return done ?: receive_ended(sk);
		ret = ktlsgate_base_recvmsg(conn->layer->base, sk, msg,
					    len - done, flags | MSG_DONTWAIT);
		if (ret > 0) {
			ktlsgate_control_data(sk);
			receive_look_behind(sk, conn);
			done += ret;
		}
		control = ktlsgate_control_process(sk);
		/* A short read that stopped at a control record must not look
		 * like an empty socket: an edge-triggered agent would wait for
		 * an event that has been.
		 */
		if (unlikely(control) &&
		    (ret <= 0 || (done < len && !(flags & MSG_PEEK))))
			continue;
		if (unlikely(ret < 0 && ret != -EAGAIN)) {
			receive_failed(sk, ret);
			if (receive_is_over(conn))
				continue;
		}
		return done ?: ret;
	}
}

static int receive_wait(struct sock *sk, long *timeo, bool for_record)
{
	struct tls_sw_context_rx *rx = tls_sw_ctx_rx(tls_get_ctx(sk));
	DEFINE_WAIT_FUNC(wait, woken_wake_function);

	lock_sock(sk);
	add_wait_queue(sk_sleep(sk), &wait);
	sk_set_bit(SOCKWQ_ASYNC_WAITDATA, sk);
	sk_wait_event(sk, timeo,
		      sk->sk_err || (sk->sk_shutdown & RCV_SHUTDOWN) ||
		      sock_flag(sk, SOCK_DONE) ||
		      (for_record ? READ_ONCE(rx->strp.msg_ready) :
				    receive_ready(rx)), &wait);
	sk_clear_bit(SOCKWQ_ASYNC_WAITDATA, sk);
	remove_wait_queue(sk_sleep(sk), &wait);
	release_sock(sk);
	if (signal_pending(current))
		return sock_intr_errno(*timeo);
	return *timeo ? 0 : -EAGAIN;
}

static int receive_once(struct sock *sk, struct ktlsgate_conn *conn,
			struct msghdr *msg, size_t len, int flags)
{
	int ret;

	ret = mutex_lock_interruptible(&conn->rx_lock);
	if (ret)
		return ret;
	ret = receive_available(sk, conn, msg, len, flags);
	if (ret > 0 && !(flags & MSG_PEEK))
		WRITE_ONCE(conn->rx_bytes, conn->rx_bytes + ret);
	mutex_unlock(&conn->rx_lock);
	ktlsgate_send_owed(sk);
	return ret;
}

static int receive_message(struct sock *sk, struct ktlsgate_conn *conn,
			   struct msghdr *msg, size_t len, int flags)
{
	long timeo = sock_rcvtimeo(sk, flags & MSG_DONTWAIT);
	int target = sock_rcvlowat(sk, flags & MSG_WAITALL, len);
	bool peek = flags & MSG_PEEK;
	int done = 0;
	int ret, err;

	flags &= ~MSG_WAITALL;
	for (;;) {
		ret = receive_once(sk, conn, msg, len - done, flags);
		if (ret > 0)
			done += ret;
		if (done >= target || (ret <= 0 && ret != -EAGAIN))
			break;
		if (!timeo) {
			ret = -EAGAIN;
			break;
		}
		err = receive_wait(sk, &timeo, peek && done);
		if (err && err != -EAGAIN) {
			ret = err;
			break;
		}
		/* A peek begins at the beginning each time. */
		if (peek && done) {
			iov_iter_revert(&msg->msg_iter, done);
			done = 0;
		}
	}
	if (done && !peek)
		this_cpu_add(conn->gate->traffic->rx_bytes, done);
	return done ?: ret;
}

/**
 * ktlsgate_recvmsg() - proto.recvmsg
 * @sk: the socket
 * @msg: where to
 * @len: bytes at most
 * @flags: MSG_*
 *
 * Return: as recvmsg() on a TCP socket.
 */
int ktlsgate_recvmsg(struct sock *sk, struct msghdr *msg, size_t len,
		     int flags)
{
	struct ktlsgate_conn *conn = ktlsgate_conn(sk);
	size_t control_len = msg->msg_controllen;
	unsigned int msg_flags = msg->msg_flags;
	void *control = msg->msg_control;
	int ret;

	if (unlikely((flags & MSG_ERRQUEUE) || !len))
		return ktlsgate_base_recvmsg(conn->layer->base, sk, msg, len,
					     flags);

	/* Without room for the type kTLS keeps control records to itself. The
	 * flags it sets are of TLS records, which the agent knows nothing of.
	 */
	msg->msg_control = NULL;
	msg->msg_controllen = 0;
	ret = receive_message(sk, conn, msg, len, flags);
	msg->msg_control = control;
	msg->msg_controllen = control_len;
	msg->msg_flags = msg_flags;
	return ret;
}

static ssize_t splice_available(struct socket *sock, struct ktlsgate_conn *conn,
				loff_t *ppos, struct pipe_inode_info *pipe,
				size_t len, unsigned int flags)
{
	struct sock *sk = sock->sk;
	ssize_t ret;

	lockdep_assert_held(&conn->rx_lock);
	for (;;) {
		if (unlikely(receive_is_over(conn)))
			return receive_ended(sk);
		ret = conn->layer->base_ops->splice_read(sock, ppos, pipe, len,
							 flags);
		if (ret > 0) {
			ktlsgate_control_data(sk);
			receive_look_behind(sk, conn);
		}
		/* kTLS says -EINVAL for a control record. */
		if (unlikely(ktlsgate_control_process(sk)) && ret <= 0)
			continue;
		if (unlikely(ret < 0 && ret != -EAGAIN)) {
			receive_failed(sk, ret);
			if (receive_is_over(conn))
				continue;
		}
		return ret;
	}
}

/**
 * ktlsgate_splice_read() - proto_ops.splice_read
 * @sock: the agent's socket
 * @ppos: unused
 * @pipe: where to
 * @len: bytes at most
 * @flags: SPLICE_F_*
 *
 * Return: as splice() from a TCP socket.
 */
ssize_t ktlsgate_splice_read(struct socket *sock, loff_t *ppos,
			     struct pipe_inode_info *pipe, size_t len,
			     unsigned int flags)
{
	struct ktlsgate_conn *conn = ktlsgate_conn(sock->sk);
	struct sock *sk = sock->sk;
	ssize_t ret;
	long timeo;
	int err;

	/* As tcp_splice_read() has it: the file's mode, not the flag, tells
	 * whether to wait for data.
	 */
	timeo = sock_rcvtimeo(sk, sock->file->f_flags & O_NONBLOCK);
	for (;;) {
		err = mutex_lock_interruptible(&conn->rx_lock);
		if (err)
			return err;
		ret = splice_available(sock, conn, ppos, pipe, len,
				       flags | SPLICE_F_NONBLOCK);
		if (ret > 0)
			WRITE_ONCE(conn->rx_bytes, conn->rx_bytes + ret);
		mutex_unlock(&conn->rx_lock);
		ktlsgate_send_owed(sk);
		if (ret != -EAGAIN || !timeo)
			break;
		err = receive_wait(sk, &timeo, false);
		if (err)
			return err;
	}
	if (ret > 0)
		this_cpu_add(conn->gate->traffic->rx_bytes, ret);
	return ret;
}

/* Handles control records at the head without taking data. */
static void receive_control_only(struct sock *sk, struct ktlsgate_conn *conn)
{
	struct tls_sw_context_rx *rx = tls_sw_ctx_rx(tls_get_ctx(sk));
	struct msghdr msg = {};
	struct kvec vec;
	u8 byte;

	lockdep_assert_held(&conn->rx_lock);
	vec.iov_base = &byte;
	vec.iov_len = 1;
	if (!skb_queue_empty(&rx->rx_list) || receive_is_over(conn))
		return;
	iov_iter_kvec(&msg.msg_iter, ITER_DEST, &vec, 1, 1);
	receive_available(sk, conn, &msg, 1, MSG_PEEK);
	memzero_explicit(&byte, sizeof(byte));
}

/**
 * ktlsgate_poll() - proto_ops.poll
 * @file: the agent's file
 * @sock: the agent's socket
 * @wait: where to wait
 *
 * A KeyUpdate alone makes kTLS readable, and a read would then find nothing,
 * or wait. So a record that is small enough to be one is looked at first.
 *
 * Return: the mask, as of a TCP socket.
 */
__poll_t ktlsgate_poll(struct file *file, struct socket *sock,
		       poll_table *wait)
{
	struct ktlsgate_conn *conn = ktlsgate_conn(sock->sk);
	struct tls_sw_context_rx *rx;
	struct sock *sk = sock->sk;
	__poll_t mask;

	mask = conn->layer->base_ops->poll(file, sock, wait);
	if (!(mask & EPOLLIN) || receive_is_over(conn))
		return mask;
	rx = tls_sw_ctx_rx(tls_get_ctx(sk));
	if (!skb_queue_empty_lockless(&rx->rx_list) ||
	    !READ_ONCE(rx->strp.msg_ready) ||
	    READ_ONCE(rx->strp.stm.full_len) > RECEIVE_CONTROL_MAX)
		return mask;
	/* A reader that is at it will find out by itself. */
	if (!mutex_trylock(&conn->rx_lock))
		return mask;
	receive_control_only(sk, conn);
	mutex_unlock(&conn->rx_lock);
	ktlsgate_send_owed(sk);
	return conn->layer->base_ops->poll(file, sock, NULL);
}

/**
 * ktlsgate_inq() - ioctl(SIOCINQ), also known as FIONREAD
 * @sk: the socket
 *
 * TCP's count is of ciphertext, without what kTLS has taken off it. A record
 * is decrypted to tell, because only its inside says how long it is and
 * whether it is data at all.
 *
 * Return: bytes that a read finds at once, those of the first record at least.
 */
int ktlsgate_inq(struct sock *sk)
{
	struct tls_sw_context_rx *rx = tls_sw_ctx_rx(tls_get_ctx(sk));
	struct ktlsgate_conn *conn = ktlsgate_conn(sk);
	struct sk_buff *skb;
	int len = 0;

	mutex_lock(&conn->rx_lock);
	receive_control_only(sk, conn);
	skb_queue_walk(&rx->rx_list, skb)
		len += strp_msg(skb)->full_len;
	mutex_unlock(&conn->rx_lock);
	ktlsgate_send_owed(sk);
	return len;
}

/**
 * ktlsgate_receive_drain() - take in control records that nobody read
 * @sk: a socket that is being closed
 */
void ktlsgate_receive_drain(struct sock *sk)
{
	struct tls_sw_context_rx *rx = tls_sw_ctx_rx(tls_get_ctx(sk));
	struct ktlsgate_conn *conn = ktlsgate_conn(sk);

	mutex_lock(&conn->rx_lock);
	if (tcp_inq(sk) > 0 || receive_ready(rx))
		receive_control_only(sk, conn);
	mutex_unlock(&conn->rx_lock);
}
