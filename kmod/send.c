// SPDX-License-Identifier: GPL-2.0
/* Sending: the agent's data, and the records that the agent knows nothing of. */
#include <linux/net.h>
#include <net/tcp.h>
#include <net/tls.h>

#include "alert.h"
#include "close.h"
#include "compat/compat.h"
#include "conn.h"
#include "gate.h"
#include "key.h"
#include "layer.h"
#include "payload.h"
#include "send.h"

/* TCP takes them and they change nothing on the wire, kTLS refuses the whole
 * call (on some kernels). sendmmsg() sets MSG_BATCH by itself.
 */
#define SEND_FLAGS_IDLE	(MSG_BATCH | MSG_CONFIRM | MSG_DONTROUTE | MSG_EOR)

static int send_record(struct sock *sk, const struct proto *base, u8 type,
		       const u8 *data, size_t len, int flags)
{
	u8 control[CMSG_SPACE(sizeof(type))] __aligned(sizeof(long)) = {};
	struct cmsghdr *cmsg = (struct cmsghdr *)control;
	struct kvec vec = {
		.iov_base = (void *)data,
		.iov_len = len,
	};
	struct msghdr msg = {
		.msg_flags = flags | MSG_NOSIGNAL,
		.msg_control = control,
		.msg_controllen = sizeof(control),
		.msg_control_is_user = false,
	};
	int sent;

	cmsg->cmsg_level = SOL_TLS;
	cmsg->cmsg_type = TLS_SET_RECORD_TYPE;
	cmsg->cmsg_len = CMSG_LEN(sizeof(type));
	*(u8 *)CMSG_DATA(cmsg) = type;
	iov_iter_kvec(&msg.msg_iter, ITER_SOURCE, &vec, 1, len);

	sent = base->sendmsg(sk, &msg, len);
	if (sent < 0)
		return sent;
	return sent == len ? 0 : -EAGAIN;
}

/* Sends without waiting, however full the buffer is: kTLS drops what does not
 * fit when the socket is closed, and nothing may follow this record anyway.
 */
static int send_record_last(struct sock *sk, const struct proto *base, u8 type,
			    const u8 *data, size_t len)
{
	const int plenty = INT_MAX / 2;
	int sndbuf, err;

	lock_sock(sk);
	sndbuf = sk->sk_sndbuf;
	WRITE_ONCE(sk->sk_sndbuf, plenty);
	release_sock(sk);

	err = send_record(sk, base, type, data, len, MSG_DONTWAIT);

	lock_sock(sk);
	if (sk->sk_sndbuf == plenty)
		WRITE_ONCE(sk->sk_sndbuf, sndbuf);
	release_sock(sk);
	return err;
}

static bool send_possible(const struct sock *sk)
{
	return !READ_ONCE(sk->sk_err) &&
	       !(READ_ONCE(sk->sk_shutdown) & SEND_SHUTDOWN) &&
	       ((1 << inet_sk_state_load(sk)) &
		(TCPF_ESTABLISHED | TCPF_CLOSE_WAIT));
}

static void send_alert_locked(struct ktlsgate_conn *conn, struct sock *sk,
			      u8 level, u8 alert)
{
	const u8 message[] = { level, alert };
	bool last = level == KTLSGATE_ALERT_FATAL ||
		    alert == KTLSGATE_ALERT_CLOSE_NOTIFY;

	lockdep_assert_held(&conn->tx_lock);
	/* Nothing follows an alert that ends the connection. */
	if (test_bit(KTLSGATE_CONN_NOTIFIED, &conn->flags) ||
	    !send_possible(sk))
		return;
	if (!last) {
		send_record(sk, conn->layer->base, KTLSGATE_RECORD_ALERT,
			    message, sizeof(message), MSG_DONTWAIT);
		return;
	}
	set_bit(KTLSGATE_CONN_NOTIFIED, &conn->flags);
	send_record_last(sk, conn->layer->base, KTLSGATE_RECORD_ALERT, message,
			 sizeof(message));
}

/**
 * ktlsgate_send_alert() - tell the client, if that needs no waiting
 * @sk: the socket, not locked, the send lock not held
 * @level: KTLSGATE_ALERT_WARNING or KTLSGATE_ALERT_FATAL
 * @alert: AlertDescription
 *
 * When the agent is in the middle of a write the alert is left out: its record
 * could only follow what is stuck.
 */
void ktlsgate_send_alert(struct sock *sk, u8 level, u8 alert)
{
	struct ktlsgate_conn *conn = ktlsgate_conn(sk);

	if (!mutex_trylock(&conn->tx_lock))
		return;
	send_alert_locked(conn, sk, level, alert);
	mutex_unlock(&conn->tx_lock);
}

/* Takes the send lock, within @ticks, but not from a writer that waits for a client
 * that does not read.
 *
 * sk_write_pending tells of a writer that waits for room, in TCP or in kTLS, having let
 * go the socket lock alone. A write that goes on is waited for.
 */
static bool send_lock_unless_stuck(struct ktlsgate_conn *conn,
				   const struct sock *sk, unsigned long ticks)
{
	while (!mutex_trylock(&conn->tx_lock)) {
		if (READ_ONCE(sk->sk_write_pending) || !ticks--)
			return false;
		schedule_timeout_uninterruptible(1);
	}
	return true;
}

/**
 * ktlsgate_send_alert_unowned() - the last words before a reset
 * @conn: a connection that the caller holds
 * @sk: its socket, which the caller holds
 * @level: as above
 * @alert: as above
 *
 * The agent may be in a write just now. That is waited for, but not long: who writes on
 * and on has so much in front of the alert that the reset discards it. Nagle would keep
 * it back for the same end, behind whatever is not acknowledged yet.
 *
 * A close() that goes on at the same time takes the socket out of the table
 * first and the send lock after that, and only then takes kTLS away.
 */
void ktlsgate_send_alert_unowned(struct ktlsgate_conn *conn, struct sock *sk,
				 u8 level, u8 alert)
{
	if (!send_lock_unless_stuck(conn, sk, HZ / 10))
		return;
	if (READ_ONCE(conn->sk)) {
		send_alert_locked(conn, sk, level, alert);
		tcp_sock_set_nodelay(sk);
	}
	mutex_unlock(&conn->tx_lock);
}

/**
 * ktlsgate_send_close_notify() - RFC 8446 6.1, before the FIN
 * @sk: the socket, not locked
 */
void ktlsgate_send_close_notify(struct sock *sk)
{
	struct ktlsgate_conn *conn = ktlsgate_conn(sk);

	mutex_lock(&conn->tx_lock);
	send_alert_locked(conn, sk, KTLSGATE_ALERT_WARNING,
			  KTLSGATE_ALERT_CLOSE_NOTIFY);
	mutex_unlock(&conn->tx_lock);
}

/**
 * ktlsgate_send_last_words() - close_notify before a shutdown()
 * @sk: the socket, not locked
 *
 * Another thread of the agent may be in the middle of a write and wait for a client
 * that does not read. Who waited for it here would wait as long, and not to be
 * interrupted, but shutdown() is there to end that wait: TCP's does. What is written is
 * cut then, so there must be no close_notify, which would say that it was all. The
 * writer is woken by TCP's shutdown, and finds out as well if it woke just before.
 */
void ktlsgate_send_last_words(struct sock *sk)
{
	struct ktlsgate_conn *conn = ktlsgate_conn(sk);

	if (!send_lock_unless_stuck(conn, sk, ULONG_MAX))
		return;
	send_alert_locked(conn, sk, KTLSGATE_ALERT_WARNING,
			  KTLSGATE_ALERT_CLOSE_NOTIFY);
	mutex_unlock(&conn->tx_lock);
}

static int send_key_update_message(struct sock *sk, int flags)
{
	struct ktlsgate_conn *conn = ktlsgate_conn(sk);
	/* KeyUpdate, 1 byte, request_update (RFC 8446 4.6.3) */
	u8 message[] = { KTLSGATE_MESSAGE_KEY_UPDATE, 0, 0, 1, 0 };
	int err;

	message[4] = test_and_clear_bit(KTLSGATE_CONN_KEY_UPDATE_REQUEST,
					&conn->flags);
	err = send_record(sk, conn->layer->base, KTLSGATE_RECORD_HANDSHAKE,
			  message, sizeof(message), flags);
	if (err && message[4])
		set_bit(KTLSGATE_CONN_KEY_UPDATE_REQUEST, &conn->flags);
	return err;
}

/* The client changes its key on a message that is out: without ours it could
 * not even read an alert.
 */
static int send_key_lost(struct ktlsgate_conn *conn, int err)
{
	ktlsgate_conn_end(conn, err == -ENOMEM ?
			  KTLSGATE_CLOSE_REASON_NO_MEMORY :
			  KTLSGATE_CLOSE_REASON_KEY_LIMIT, -1);
	set_bit(KTLSGATE_CONN_NOTIFIED, &conn->flags);
	return -EKEYREJECTED;
}

/* -EKEYREJECTED: the caller has to end the connection when it has let the lock
 * go; any other error: it stays owed.
 */
static int send_key_update(struct sock *sk, struct ktlsgate_conn *conn,
			   int flags)
{
	bool sent;
	int err;

	lockdep_assert_held(&conn->tx_lock);
	/* Before it goes: what is asked for meanwhile is owed once more. */
	clear_bit(KTLSGATE_CONN_KEY_UPDATE_OWED, &conn->flags);
	if (test_bit(KTLSGATE_CONN_NOTIFIED, &conn->flags))
		return 0;
	err = ktlsgate_key_update_send(sk, &conn->tx_secret,
				       send_key_update_message, flags, &sent);
	if (unlikely(err && sent))
		return send_key_lost(conn, err);
	if (err) {
		set_bit(KTLSGATE_CONN_KEY_UPDATE_OWED, &conn->flags);
		return err;
	}
	WRITE_ONCE(conn->key_updates_sent, conn->key_updates_sent + 1);
	atomic64_inc(&conn->gate->counters.key_updates_sent);
	atomic64_inc(&conn->kn->counters.key_updates_sent);
	return 0;
}

/* kTLS says EBADMSG in both directions once it has given up on a record. One of
 * the client's is told of by the reader, under its lock; what is left is one of
 * ours, which there was no memory to encrypt.
 */
static bool send_given_up(const struct sock *sk, struct ktlsgate_conn *conn)
{
	bool ours;

	if (likely(READ_ONCE(sk->sk_err) != EBADMSG) ||
	    !mutex_trylock(&conn->rx_lock))
		return false;
	ours = READ_ONCE(sk->sk_err) == EBADMSG;
	mutex_unlock(&conn->rx_lock);
	return ours;
}

/* Ends the connection when it is beyond use: @err is that of send_key_update(). */
static void send_unlock(struct sock *sk, struct ktlsgate_conn *conn, int err)
{
	bool given_up = send_given_up(sk, conn);

	mutex_unlock(&conn->tx_lock);
	if (unlikely(err == -EKEYREJECTED))
		ktlsgate_fail_rekey(sk, err);
	else if (unlikely(given_up))
		ktlsgate_fail(sk, KTLSGATE_CLOSE_REASON_NO_MEMORY,
			      KTLSGATE_ALERT_INTERNAL_ERROR);
}

/**
 * ktlsgate_send_owed() - send a KeyUpdate that is owed, if nothing hinders it
 * @sk: the socket, not locked, the send lock not held
 *
 * A writer that holds the send lock looks again after it let go, and one that
 * comes later sends the KeyUpdate before its data, so none is forgotten.
 */
void ktlsgate_send_owed(struct sock *sk)
{
	struct ktlsgate_conn *conn = ktlsgate_conn(sk);
	int err;

	while (unlikely(test_bit(KTLSGATE_CONN_KEY_UPDATE_OWED,
				 &conn->flags))) {
		if (!mutex_trylock(&conn->tx_lock))
			return;
		err = 0;
		if (test_bit(KTLSGATE_CONN_KEY_UPDATE_OWED, &conn->flags))
			err = send_key_update(sk, conn, MSG_DONTWAIT);
		send_unlock(sk, conn, err);
		if (err)
			return;
	}
}

/* The agent knows only connections that break. */
static int send_error(int err)
{
	return err == -EBADMSG ? -ECONNRESET : err;
}

static int send_end(struct sock *sk, struct ktlsgate_conn *conn, int ret)
{
	bool used_up = ktlsgate_key_records_sent(sk) >= conn->key_records;

	if (unlikely(used_up && conn->tx_secret.len))
		set_bit(KTLSGATE_CONN_KEY_UPDATE_OWED, &conn->flags);
	send_unlock(sk, conn, 0);
	if (unlikely(used_up && !conn->tx_secret.len))
		ktlsgate_fail(sk, KTLSGATE_CLOSE_REASON_KEY_LIMIT,
			      KTLSGATE_ALERT_CLOSE_NOTIFY);
	ktlsgate_send_owed(sk);
	return send_error(ret);
}

/* Takes the send lock and pays what is owed. */
static int send_begin(struct sock *sk, struct ktlsgate_conn *conn, int flags)
{
	int err;

	err = mutex_lock_interruptible(&conn->tx_lock);
	if (err)
		return err;
	/* kTLS takes data for a connection that is gone and complains at the
	 * next write; TCP says so at once.
	 */
	if (unlikely(READ_ONCE(sk->sk_err) ||
		     (READ_ONCE(sk->sk_shutdown) & SEND_SHUTDOWN))) {
		send_end(sk, conn, 0);
		return send_error(sk_stream_error(sk, flags, -EPIPE));
	}
	if (likely(!test_bit(KTLSGATE_CONN_KEY_UPDATE_OWED, &conn->flags)))
		return 0;
	err = send_key_update(sk, conn, flags & MSG_DONTWAIT);
	if (!err)
		return 0;
	send_unlock(sk, conn, err);
	return err == -EKEYREJECTED ? -ECONNRESET : send_error(err);
}

/**
 * ktlsgate_sendmsg() - proto.sendmsg
 * @sk: the socket
 * @msg: what the agent sends; control messages are for TCP alone, so that an
 *	agent cannot make up TLS records
 * @size: bytes of @msg
 *
 * Return: as sendmsg() on a TCP socket.
 */
int ktlsgate_sendmsg(struct sock *sk, struct msghdr *msg, size_t size)
{
	struct ktlsgate_conn *conn = ktlsgate_conn(sk);
	size_t control_len = msg->msg_controllen;
	bool sendfile = msg->msg_flags & MSG_SPLICE_PAGES;
	unsigned int flags = msg->msg_flags;
	int ret;

	ret = send_begin(sk, conn, flags);
	if (ret)
		return ret;
	msg->msg_controllen = 0;
	msg->msg_flags = flags & ~SEND_FLAGS_IDLE;
	ret = ktlsgate_payload_send(sk, msg, size);
	msg->msg_flags = flags;
	msg->msg_controllen = control_len;
	if (ret > 0)
		ktlsgate_conn_sent(conn, ret, sendfile);
	return send_end(sk, conn, ret);
}

#ifdef KTLSGATE_HAVE_SENDPAGE
/**
 * ktlsgate_sendpage() - proto.sendpage
 * @sk: the socket
 * @page: where the bytes are
 * @offset: in @page
 * @size: bytes
 * @flags: MSG_*
 *
 * Return: as sendpage() on a TCP socket.
 */
int ktlsgate_sendpage(struct sock *sk, struct page *page, int offset,
		      size_t size, int flags)
{
	struct ktlsgate_conn *conn = ktlsgate_conn(sk);
	int ret;

	ret = send_begin(sk, conn, flags);
	if (ret)
		return ret;
	ret = ktlsgate_payload_sendpage(sk, page, offset, size, flags);
	if (ret > 0)
		ktlsgate_conn_sent(conn, ret, true);
	return send_end(sk, conn, ret);
}
#endif

/**
 * ktlsgate_splice_eof() - proto.splice_eof
 * @sock: the agent's socket
 *
 * Another writer may hold the lock for as long as the client does not read, so the
 * task can be killed meanwhile: what it left open is then for the next write, or lost.
 */
void ktlsgate_splice_eof(struct socket *sock)
{
	struct ktlsgate_conn *conn = ktlsgate_conn(sock->sk);

	if (mutex_lock_killable(&conn->tx_lock))
		return;
	conn->layer->base->splice_eof(sock);
	mutex_unlock(&conn->tx_lock);
	ktlsgate_send_owed(sock->sk);
}
