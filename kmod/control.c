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
#include "record.h"
#include "send.h"

/* More of them without a byte of data between is an attack, but for one for each
 * record that we ever sent: until it has our next key, Java asks for it once for
 * each record that it reads, and megabytes may be under way.
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
	/* It sends nothing more that a key could protect: OpenSSL's read fails
	 * when it is asked for an answer that it cannot send.
	 */
	clear_bit(KTLSGATE_CONN_KEY_UPDATE_REQUEST, &conn->flags);
	sk->sk_shutdown |= RCV_SHUTDOWN;
	sk->sk_state_change(sk);
	release_sock(sk);
}

static int control_key_update(struct sock *sk, struct ktlsgate_conn *conn,
			      u8 request)
{
	int err;

	if (request > 1)
		return control_fail(sk, KTLSGATE_ALERT_ILLEGAL_PARAMETER);
	err = ktlsgate_key_update_receive(sk, &conn->rx_secret);
	if (err) {
		ktlsgate_fail_rekey(sk, err);
		return -ECONNRESET;
	}
	conn->key_update_requested = false;
	WRITE_ONCE(conn->key_updates_received, conn->key_updates_received + 1);
	atomic64_inc(&conn->gate->counters.key_updates_received);
	atomic64_inc(&conn->kn->counters.key_updates_received);
	/* One answer serves all requests before it (RFC 8446 4.6.3). */
	if (request)
		set_bit(KTLSGATE_CONN_KEY_UPDATE_OWED, &conn->flags);
	return 0;
}

static bool control_is_flood(struct ktlsgate_conn *conn)
{
	if (conn->control_run < CONTROL_RUN_MAX) {
		conn->control_run++;
		return false;
	}
	if (conn->control_beyond >= READ_ONCE(conn->tx_records))
		return true;
	conn->control_beyond++;
	return false;
}

static int control_record(struct sock *sk, struct ktlsgate_conn *conn, u8 type,
			  const u8 *body, int len)
{
	struct tls_context *ctx = tls_get_ctx(sk);
	struct ktlsgate_record record;

	BUILD_BUG_ON(sizeof(conn->control) != KTLSGATE_MESSAGE_SIZE);
	if (unlikely(control_is_flood(conn)))
		return control_fail(sk, KTLSGATE_ALERT_UNEXPECTED_MESSAGE);
	record = ktlsgate_record_read(conn->control, &conn->control_len,
				      ctx->prot_info.version == TLS_1_3_VERSION,
				      type, body, len);
	switch (record.means) {
	case KTLSGATE_MEANS_NOTHING:
		return 0;
	case KTLSGATE_MEANS_PIECE:
		/* kTLS saw a KeyUpdate begin, but the key stays. */
		ktlsgate_rekeyed(tls_sw_ctx_rx(ctx));
		return 0;
	case KTLSGATE_MEANS_KEY_UPDATE:
		return control_key_update(sk, conn, record.value);
	case KTLSGATE_MEANS_RENEGOTIATION:
		/* The client is told no, as OpenSSL does, and may go on
		 * without (RFC 5746 4.5).
		 */
		ktlsgate_send_alert(sk, KTLSGATE_ALERT_WARNING,
				    KTLSGATE_ALERT_NO_RENEGOTIATION);
		return 0;
	case KTLSGATE_MEANS_END:
		control_end_of_file(sk, conn);
		return 0;
	case KTLSGATE_MEANS_FATAL:
		ktlsgate_fail(sk, KTLSGATE_CLOSE_REASON_ALERT_RECEIVED,
			      record.value);
		return -ECONNRESET;
	case KTLSGATE_MEANS_WRONG:
		break;
	}
	return control_fail(sk, record.value);
}

/* The client's key has protected as much as it should. In TLS 1.3 the client is
 * asked for its next; what comes until then is for it to decide. TLS 1.2 has no
 * next.
 */
static void control_key_used_up(struct sock *sk, struct ktlsgate_conn *conn)
{
	if (!conn->rx_secret.len) {
		ktlsgate_fail(sk, KTLSGATE_CLOSE_REASON_KEY_LIMIT,
			      KTLSGATE_ALERT_CLOSE_NOTIFY);
		return;
	}
	if (conn->key_update_requested)
		return;
	conn->key_update_requested = true;
	set_bit(KTLSGATE_CONN_KEY_UPDATE_REQUEST, &conn->flags);
	/* with ktlsgate_send_owed() */
	smp_mb__before_atomic();
	set_bit(KTLSGATE_CONN_KEY_UPDATE_OWED, &conn->flags);
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
	if (unlikely(ktlsgate_key_records_received(sk) >= conn->key_records))
		control_key_used_up(sk, conn);
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
