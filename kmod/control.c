// SPDX-License-Identifier: GPL-2.0
/* Records of the client that are not data: alerts, KeyUpdates, nonsense. */
#include <net/strparser.h>
#include <net/tcp.h>
#include <net/tls.h>

#include "alert.h"
#include "close.h"
#include "compat/compat.h"
#include "conn.h"
#include "control.h"
#include "gate.h"
#include "key.h"
#include "send.h"

/* More of them without a byte of data between is an attack: OpenSSL's limit
 * for KeyUpdates is the same.
 */
#define CONTROL_RUN_MAX	32

static int control_fail(struct sock *sk, u8 alert)
{
	ktlsgate_fail(sk, KTLSGATE_CLOSE_REASON_ALERT_SENT, alert);
	return -ECONNRESET;
}

static u8 control_type(const struct sk_buff *skb)
{
	return ((struct sk_skb_cb *)skb->cb)->tls.control;
}

static void control_end_of_file(struct sock *sk, struct ktlsgate_conn *conn)
{
	ktlsgate_conn_end(conn, KTLSGATE_CLOSE_REASON_PEER_CLOSE_NOTIFY, -1);
	lock_sock(sk);
	set_bit(KTLSGATE_CONN_EOF, &conn->flags);
	sk->sk_shutdown |= RCV_SHUTDOWN;
	sk->sk_state_change(sk);
	release_sock(sk);
}

/* RFC 8446 6: in TLS 1.3 every alert but close_notify and user_canceled is
 * fatal, whatever its level says; in TLS 1.2 the level counts (RFC 5246 7.2).
 */
static int control_alert(struct sock *sk, struct ktlsgate_conn *conn,
			 const u8 *body, int len)
{
	bool tls13 = tls_get_ctx(sk)->prot_info.version == TLS_1_3_VERSION;

	if (len != 2)
		return control_fail(sk, KTLSGATE_ALERT_DECODE_ERROR);
	if (body[1] == KTLSGATE_ALERT_CLOSE_NOTIFY) {
		control_end_of_file(sk, conn);
		return 0;
	}
	if (tls13 ? body[1] == KTLSGATE_ALERT_USER_CANCELED :
		    body[0] == KTLSGATE_ALERT_WARNING)
		return 0;
	ktlsgate_fail(sk, KTLSGATE_CLOSE_REASON_ALERT_RECEIVED, body[1]);
	return -ECONNRESET;
}

static int control_key_update(struct sock *sk, struct ktlsgate_conn *conn,
			      u8 request)
{
	if (request > 1)
		return control_fail(sk, KTLSGATE_ALERT_ILLEGAL_PARAMETER);
	if (ktlsgate_key_update_receive(sk, &conn->rx_secret)) {
		ktlsgate_fail(sk, KTLSGATE_CLOSE_REASON_NO_MEMORY,
			      KTLSGATE_ALERT_INTERNAL_ERROR);
		return -ECONNRESET;
	}
	WRITE_ONCE(conn->key_updates_received, conn->key_updates_received + 1);
	atomic64_inc(&conn->gate->counters.key_updates_received);
	atomic64_inc(&conn->kn->counters.key_updates_received);
	/* One answer serves all requests before it (RFC 8446 4.6.3). */
	if (request)
		set_bit(KTLSGATE_CONN_KEY_UPDATE_OWED, &conn->flags);
	return 0;
}

/* A client has one message to send after the handshake: KeyUpdate. It may come
 * in pieces, but it ends its record (RFC 8446 5.1), because the next record has
 * another key.
 */
static int control_handshake(struct sock *sk, struct ktlsgate_conn *conn,
			     const u8 *body, int len)
{
	struct tls_sw_context_rx *rx = tls_sw_ctx_rx(tls_get_ctx(sk));
	int take;

	if (!conn->rx_secret.len || !len)
		return control_fail(sk, KTLSGATE_ALERT_UNEXPECTED_MESSAGE);

	take = min_t(int, len, sizeof(conn->control) - conn->control_len);
	memcpy(conn->control + conn->control_len, body, take);
	conn->control_len += take;

	if (conn->control[0] != KTLSGATE_MESSAGE_KEY_UPDATE)
		return control_fail(sk, KTLSGATE_ALERT_UNEXPECTED_MESSAGE);
	if (conn->control_len < sizeof(conn->control)) {
		/* kTLS saw a KeyUpdate begin, but the key stays. */
		ktlsgate_rekeyed(rx);
		return 0;
	}
	if (conn->control[1] || conn->control[2] || conn->control[3] != 1)
		return control_fail(sk, KTLSGATE_ALERT_DECODE_ERROR);
	if (take != len)
		return control_fail(sk, KTLSGATE_ALERT_UNEXPECTED_MESSAGE);
	conn->control_len = 0;
	return control_key_update(sk, conn, conn->control[4]);
}

static int control_record(struct sock *sk, struct ktlsgate_conn *conn, u8 type,
			  const u8 *body, int len)
{
	bool tls13 = tls_get_ctx(sk)->prot_info.version == TLS_1_3_VERSION;

	if (++conn->control_run > CONTROL_RUN_MAX)
		return control_fail(sk, KTLSGATE_ALERT_UNEXPECTED_MESSAGE);
	switch (type) {
	case KTLSGATE_RECORD_ALERT:
		return control_alert(sk, conn, body, len);
	case KTLSGATE_RECORD_HANDSHAKE:
		/* A client that wants to renegotiate is told no, as OpenSSL
		 * does, and may go on without (RFC 5746 4.5).
		 */
		if (!tls13) {
			ktlsgate_send_alert(sk, KTLSGATE_ALERT_WARNING,
					    KTLSGATE_ALERT_NO_RENEGOTIATION);
			return 0;
		}
		return control_handshake(sk, conn, body, len);
	default:
		return control_fail(sk, KTLSGATE_ALERT_UNEXPECTED_MESSAGE);
	}
}

/**
 * ktlsgate_control_data() - data came; keep the order of records in view
 * @sk: the connection, its receive lock held
 */
void ktlsgate_control_data(struct sock *sk)
{
	struct ktlsgate_conn *conn = ktlsgate_conn(sk);

	conn->control_run = 0;
	/* Messages are not interleaved with data (RFC 8446 5.1). */
	if (unlikely(conn->control_len))
		control_fail(sk, KTLSGATE_ALERT_UNEXPECTED_MESSAGE);
}

/**
 * ktlsgate_control_process() - handle a control record that kTLS left
 * @sk: the connection, its receive lock held, its socket lock not
 *
 * kTLS, read without room for the type of a record, decrypts a control record,
 * puts it at the end of its list and stops there. Data before it was peeked at
 * and is still to be read. A KeyUpdate has to be taken at once, because
 * decryption goes on with the next key; an alert waits for its turn.
 *
 * Return: 1 if there was one, 0 if not, -ECONNRESET when it ended the
 * connection.
 */
int ktlsgate_control_process(struct sock *sk)
{
	struct tls_sw_context_rx *rx = tls_sw_ctx_rx(tls_get_ctx(sk));
	struct ktlsgate_conn *conn = ktlsgate_conn(sk);
	u8 body[sizeof(conn->control) + 1];
	struct strp_msg *message;
	struct sk_buff *skb;
	int len, err;
	u8 type;

	lockdep_assert_held(&conn->rx_lock);
	skb = skb_peek_tail(&rx->rx_list);
	if (likely(!skb))
		return 0;
	type = control_type(skb);
	if (type == KTLSGATE_RECORD_DATA)
		return 0;
	if (type != KTLSGATE_RECORD_HANDSHAKE &&
	    skb != skb_peek(&rx->rx_list))
		return 0;

	message = strp_msg(skb);
	len = message->full_len;
	/* Longer ones are wrong whatever they are. */
	err = skb_copy_bits(skb, message->offset, body,
			    min_t(int, len, sizeof(body)));
	__skb_unlink(skb, &rx->rx_list);
	consume_skb(skb);
	if (err)
		err = control_fail(sk, KTLSGATE_ALERT_INTERNAL_ERROR);
	else
		err = control_record(sk, conn, type, body,
				     min_t(int, len, sizeof(body)));
	memzero_explicit(body, sizeof(body));
	return err ?: 1;
}
