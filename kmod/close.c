// SPDX-License-Identifier: GPL-2.0
/* The ends of a connection. */
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <net/tcp.h>
#include <net/tls.h>

#include "alert.h"
#include "close.h"
#include "compat/compat.h"
#include "conn.h"
#include "event.h"
#include "layer.h"
#include "receive.h"
#include "send.h"

static struct workqueue_struct *ktlsgate_close_queue;

/* The helper's FIN stands for the client's close_notify. */
static enum ktlsgate_close_reason
close_reason_of_fin(const struct ktlsgate_conn *conn)
{
	return conn->path == KTLSGATE_PATH_RELAY ?
	       KTLSGATE_CLOSE_REASON_PEER_CLOSE_NOTIFY :
	       KTLSGATE_CLOSE_REASON_PEER_FIN;
}

/* Without a cause of TLS's the state of TCP tells who ended it. */
static void close_note_reason(struct sock *sk, struct ktlsgate_conn *conn)
{
	if (test_bit(KTLSGATE_CONN_NOTIFIED, &conn->flags))
		ktlsgate_conn_end(conn, KTLSGATE_CLOSE_REASON_AGENT_CLOSE, -1);
	else if (sock_flag(sk, SOCK_DONE))
		ktlsgate_conn_end(conn, close_reason_of_fin(conn), -1);
	else if (inet_sk_state_load(sk) == TCP_CLOSE)
		ktlsgate_conn_end(conn, KTLSGATE_CLOSE_REASON_PEER_RESET, -1);
	else
		ktlsgate_conn_end(conn, KTLSGATE_CLOSE_REASON_AGENT_CLOSE, -1);
}

static void close_put_work(struct work_struct *work)
{
	ktlsgate_conn_put(container_of(work, struct ktlsgate_conn, work));
}

/* The code that runs here is held by the operations of the socket, but for one whose
 * operations never became ours (ktlsgate_layer_graft()). Then the connection, which
 * holds the module as well, is put from elsewhere.
 */
static void close_put(struct ktlsgate_conn *conn, bool grafted)
{
	if (grafted) {
		ktlsgate_conn_put(conn);
		return;
	}
	INIT_WORK(&conn->work, close_put_work);
	queue_work(ktlsgate_close_queue, &conn->work);
}

/**
 * ktlsgate_close() - proto.close
 * @sk: the socket, not locked, nobody else is in its operations
 * @timeout: as in tcp_close()
 */
void ktlsgate_close(struct sock *sk, long timeout)
{
	struct ktlsgate_conn *conn = ktlsgate_conn(sk);
	const struct ktlsgate_layer *layer = conn->layer;
	bool grafted = sk->sk_socket && sk->sk_socket->ops == &layer->ops;

	set_bit(KTLSGATE_CONN_CLOSING, &conn->flags);
	/* SO_LINGER with no time asks for a reset: nothing to say then. */
	if (conn->path == KTLSGATE_PATH_KERNEL &&
	    (!sock_flag(sk, SOCK_LINGER) || sk->sk_lingertime)) {
		/* An unread close_notify would make tcp_close() send a reset,
		 * and the client lose the end of what it was sent.
		 */
		ktlsgate_receive_drain(sk);
		close_note_reason(sk, conn);
		ktlsgate_send_close_notify(sk);
	}
	close_note_reason(sk, conn);
	ktlsgate_conn_unregister(conn);
	/* Who found it before and sends an alert does so under this lock. */
	mutex_lock(&conn->tx_lock);
	mutex_unlock(&conn->tx_lock);
	ktlsgate_event_conn(conn, KTLSGATE_CMD_CONN_CLOSE_NTF);

	ktlsgate_layer_remove(sk);
	layer->base->close(sk, timeout);
	close_put(conn, grafted);
}

/* TCP has been destroyed already when ktlsgate_close_work() comes. */
void ktlsgate_close_nothing(struct sock *sk, long timeout)
{
}

/* kTLS frees its context in close() only, which TCP does not call for a socket
 * that nobody accepted. So call it now, with a proto below that lets TCP, which
 * is gone already, alone.
 */
static void close_free_tls(struct sock *sk, const struct ktlsgate_layer *layer)
{
	struct tls_context *ctx = tls_get_ctx(sk);
	struct proto *tcp = ctx->sk_proto;

	ctx->sk_proto = (struct proto *)&layer->dead;
	layer->base->close(sk, 0);
	WRITE_ONCE(sk->sk_prot, tcp);
}

/**
 * ktlsgate_close_work() - the end of a destroyed socket, out of atomic context
 * @work: of the connection, which holds the socket and kTLS's module
 */
void ktlsgate_close_work(struct work_struct *work)
{
	struct ktlsgate_conn *conn =
		container_of(work, struct ktlsgate_conn, work);
	const struct ktlsgate_layer *layer = conn->layer;
	struct module *ulp = conn->ulp;
	struct sock *sk = conn->sk;

	ktlsgate_conn_end(conn, KTLSGATE_CLOSE_REASON_LISTENER_CLOSED, -1);
	ktlsgate_conn_unregister(conn);
	ktlsgate_event_conn(conn, KTLSGATE_CMD_CONN_CLOSE_NTF);

	ktlsgate_layer_remove(sk);
	if (ulp)
		close_free_tls(sk, layer);

	ktlsgate_conn_put(conn);
	sock_put(sk);
	module_put(ulp);
}

/**
 * ktlsgate_destroy() - proto.destroy
 * @sk: the socket
 *
 * Only a socket that waits in an accept queue comes here with our proto: its
 * listener closes (inet_child_forget(), BH off, the socket's spinlock held, no
 * sleeping). A closed one has got its old proto back before.
 */
void ktlsgate_destroy(struct sock *sk)
{
	struct ktlsgate_conn *conn = ktlsgate_conn(sk);

	sock_hold(sk);
	conn->ulp = conn->layer->ulp;
	__module_get(conn->ulp);
	conn->layer->base->destroy(sk);
	queue_work(ktlsgate_close_queue, &conn->work);
}

/**
 * ktlsgate_shutdown() - proto_ops.shutdown
 * @sock: the agent's socket
 * @how: SHUT_RD, SHUT_WR or SHUT_RDWR
 *
 * proto.shutdown would run under the socket lock, where nothing can be sent.
 */
int ktlsgate_shutdown(struct socket *sock, int how)
{
	struct ktlsgate_conn *conn = ktlsgate_conn(sock->sk);

	if (how == SHUT_WR || how == SHUT_RDWR)
		ktlsgate_send_last_words(sock->sk);
	return conn->layer->base_ops->shutdown(sock, how);
}

/**
 * ktlsgate_fail() - end a connection because TLS cannot go on
 * @sk: the socket, not locked, the send lock not held
 * @reason: ALERT_RECEIVED sends nothing, all others send @alert
 * @alert: AlertDescription received or to send
 *
 * For the agent it looks like a reset: ECONNRESET once, then end of file, and
 * EPIPE for who writes. Below, the alert and a FIN go out rather than an RST,
 * which could overtake the alert.
 */
void ktlsgate_fail(struct sock *sk, enum ktlsgate_close_reason reason,
		   u8 alert)
{
	struct ktlsgate_conn *conn = ktlsgate_conn(sk);
	u8 level = alert == KTLSGATE_ALERT_CLOSE_NOTIFY ?
		   KTLSGATE_ALERT_WARNING : KTLSGATE_ALERT_FATAL;

	if (test_and_set_bit(KTLSGATE_CONN_FAILED, &conn->flags))
		return;
	ktlsgate_conn_end(conn, reason, alert);
	if (reason != KTLSGATE_CLOSE_REASON_ALERT_RECEIVED) {
		/* kTLS leaves its error on the socket, and TCP would not send. */
		sock_error(sk);
		ktlsgate_send_alert(sk, level, alert);
	}

	lock_sock(sk);
	WRITE_ONCE(sk->sk_err, ECONNRESET);
	sk->sk_shutdown = SHUTDOWN_MASK;
	sk->sk_prot->shutdown(sk, SEND_SHUTDOWN);
	sk->sk_state_change(sk);
	sk_error_report(sk);
	release_sock(sk);
}

/**
 * ktlsgate_fail_rekey() - end a connection whose next key could not be set
 * @sk: as for ktlsgate_fail()
 * @err: why not
 */
void ktlsgate_fail_rekey(struct sock *sk, int err)
{
	ktlsgate_fail(sk, err == -ENOMEM ? KTLSGATE_CLOSE_REASON_NO_MEMORY :
					   KTLSGATE_CLOSE_REASON_KEY_LIMIT,
		      KTLSGATE_ALERT_INTERNAL_ERROR);
}

/* While it waits in an accept queue nobody may own the socket: a listener that
 * closes takes its queue apart under the children's spinlocks alone and would not
 * wait for an owner (inet_csk_listen_stop()). So it is ended in the same way, by
 * TCP's disconnect, which sends the reset, and is then what a reset from the client
 * would have left. kTLS has a disconnect of its own, which refuses.
 *
 * Return: false when it has an owner, so that accept() has or will have it.
 */
static bool kill_queued(struct ktlsgate_conn *conn, struct sock *sk)
{
	__be16 peer_port;
	bool queued;

	local_bh_disable();
	bh_lock_sock(sk);
	queued = !sock_owned_by_user(sk) &&
		 !test_bit(KTLSGATE_CONN_ACCEPTED, &conn->flags);
	if (queued && inet_sk_state_load(sk) != TCP_CLOSE) {
		peer_port = inet_sk(sk)->inet_dport;
		tcp_prot.disconnect(sk, O_NONBLOCK);
		WRITE_ONCE(sk->sk_err, ECONNABORTED);
		WRITE_ONCE(sk->sk_shutdown, SHUTDOWN_MASK);
		/* accept() has the client's address to tell. */
		inet_sk(sk)->inet_dport = peer_port;
	}
	bh_unlock_sock(sk);
	local_bh_enable();
	return queued;
}

/* Who owns it meanwhile is accept(), which marks it when it lets go, or kTLS's
 * parser. To wait for them by lock_sock() would be to own it.
 */
static void kill_socket(struct ktlsgate_conn *conn, struct sock *sk)
{
	while (!test_bit(KTLSGATE_CONN_ACCEPTED, &conn->flags)) {
		if (kill_queued(conn, sk))
			return;
		schedule_timeout_uninterruptible(1);
	}
	tcp_abort(sk, ECONNABORTED);
}

/**
 * ktlsgate_kill() - end a connection at once
 * @conn: a connection that the caller holds
 * @reason: why
 * @alert: AlertDescription to send, or -1
 * @text: a sentence about it, or NULL; it is the connection's then
 *
 * Of a relayed connection the helper sees the reset and ends the client's.
 */
void ktlsgate_kill(struct ktlsgate_conn *conn,
		   enum ktlsgate_close_reason reason, int alert,
		   const char *text)
{
	struct sock *sk = ktlsgate_conn_sock(conn);

	if (!sk) {
		kfree(text);
		return;
	}
	if (ktlsgate_conn_end(conn, reason, alert)) {
		/* with ktlsgate_conn_fill() */
		smp_store_release(&conn->close_text, text);
		text = NULL;
		/* A queued socket has no struct socket, which sending needs. */
		if (alert >= 0 && conn->path == KTLSGATE_PATH_KERNEL &&
		    test_bit(KTLSGATE_CONN_ACCEPTED, &conn->flags))
			ktlsgate_send_alert_unowned(conn, sk,
						    KTLSGATE_ALERT_FATAL,
						    alert);
		kill_socket(conn, sk);
		set_bit(KTLSGATE_CONN_KILLED, &conn->flags);
	}
	kfree(text);
	sock_put(sk);
}

int ktlsgate_close_init(void)
{
	ktlsgate_close_queue = alloc_workqueue("ktlsgate", WQ_UNBOUND, 0);
	return ktlsgate_close_queue ? 0 : -ENOMEM;
}

void ktlsgate_close_exit(void)
{
	destroy_workqueue(ktlsgate_close_queue);
}
