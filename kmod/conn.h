/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KTLSGATE_CONN_H
#define _KTLSGATE_CONN_H

#include <linux/bits.h>
#include <linux/in6.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <net/sock.h>

#include <linux/ktlsgate.h>

#include "key.h"

struct ktlsgate_gate;
struct ktlsgate_identity;
struct ktlsgate_layer;
struct ktlsgate_net;
struct netlink_ext_ack;

/**
 * enum ktlsgate_conn_flag - bits of ktlsgate_conn.flags
 * @KTLSGATE_CONN_ACCEPTED: the agent has it
 * @KTLSGATE_CONN_CLOSING: its socket is being closed
 * @KTLSGATE_CONN_EOF: the client's close_notify was read
 * @KTLSGATE_CONN_FAILED: a fatal alert was received or sent
 * @KTLSGATE_CONN_NOTIFIED: our close_notify, or a fatal alert, is out
 * @KTLSGATE_CONN_KILLED: it was ended from outside
 * @KTLSGATE_CONN_KEY_UPDATE_OWED: a KeyUpdate of ours has to go before the
 *	next data record
 * @KTLSGATE_CONN_KEY_UPDATE_REQUEST: it has to ask for the client's
 */
enum ktlsgate_conn_flag {
	KTLSGATE_CONN_ACCEPTED,
	KTLSGATE_CONN_CLOSING,
	KTLSGATE_CONN_EOF,
	KTLSGATE_CONN_FAILED,
	KTLSGATE_CONN_NOTIFIED,
	KTLSGATE_CONN_KILLED,
	KTLSGATE_CONN_KEY_UPDATE_OWED,
	KTLSGATE_CONN_KEY_UPDATE_REQUEST,
};

/**
 * struct ktlsgate_conn - a connection, from handoff to close
 *
 * Lifetime (Documentation/lifetime.rst has it in full): the socket owns it.
 * sk_user_data holds the first reference, from ktlsgate_layer_install() until
 * ktlsgate_close() or the work of ktlsgate_destroy() drops it; exactly one of
 * them comes for every socket. The table of connections holds none: who finds a
 * connection there takes a reference under RCU unless it is already 0, and
 * reaches the socket by ktlsgate_conn_sock() only.
 *
 * @sk: the socket, NULL once it is closing; under @sk_lock
 * @sk_lock: protects @sk
 * @kn: the namespace
 * @gate: where it came in
 * @layer: what lies over kTLS
 * @identity: who the client is
 * @ref: see above
 * @rcu: the table's readers
 * @work: tears kTLS down when the listener closed; puts a connection whose socket
 *	never got our operations, when that closed
 * @ulp: kTLS's module, held for @work; NULL when relayed
 * @id: in ktlsgate_net.conns
 * @flags: enum ktlsgate_conn_flag
 * @rx_lock: serialises reading and the receive key: between a KeyUpdate and
 *	the new key nobody may decrypt. Never held while waiting for data.
 * @tx_lock: serialises writing and the send key: between a KeyUpdate and the
 *	new key nobody may encrypt, and kTLS's own tx_lock cannot be held
 *	across both. Held while waiting for room. Taken after @rx_lock only by
 *	mutex_trylock().
 * @rx_secret: under @rx_lock
 * @tx_secret: under @tx_lock
 * @control: the post-handshake message that is arriving, under @rx_lock
 * @control_len: bytes of @control in use
 * @control_run: control records since the last data, up to a limit, under
 *	@rx_lock
 * @control_beyond: those above that limit, of all time, under @rx_lock
 * @key_update_requested: the client was asked for the KeyUpdate that its key
 *	needs, under @rx_lock
 * @key_records: records that a key may protect
 * @rx_bytes: plaintext the agent read, under @rx_lock
 * @tx_open: plaintext in kTLS's open record, if it has one; under @tx_lock
 * @tx_bytes: plaintext the agent wrote, as the next three under @tx_lock
 * @tx_records: records that these made, at most
 * @tx_sendfile_calls: writes by sendfile and splice
 * @tx_sendfile_bytes: their bytes
 * @key_updates_received: under @rx_lock
 * @key_updates_sent: under @tx_lock
 * @close_reason: enum ktlsgate_close_reason, set once
 * @alert: AlertDescription that belongs to @close_reason
 * @has_alert: @alert is set
 * @peer: the client's address, IPv4 as v4-mapped
 * @local: the dialled address
 * @peer_port: host byte order
 * @local_port: host byte order
 * @started: ktime_get_boottime_ns() of the handoff
 * @handshake_time: nanoseconds, as the helper told, 0 when it did not
 * @close_text: a sentence about @close_reason or NULL, set once
 * @note: what the helper gave, set before the connection is registered
 * @note_len: bytes of @note
 * @path: who encrypts; all of the above that is about keys, alerts and control
 *	records is idle when it is the helper
 * @relay_reason: why it does, NULL otherwise; set before the connection is
 *	registered. Few connections have one, and without room for it they fit
 *	into 512 bytes.
 */
struct ktlsgate_conn {
	struct sock			*sk;
	spinlock_t			sk_lock;	/* protects sk */
	struct ktlsgate_net		*kn;
	struct ktlsgate_gate		*gate;
	const struct ktlsgate_layer	*layer;
	struct ktlsgate_identity	*identity;
	refcount_t			ref;
	struct rcu_head			rcu;
	struct work_struct		work;
	struct module			*ulp;
	u32				id;
	unsigned long			flags;
	struct mutex			rx_lock;	/* reading */
	struct mutex			tx_lock;	/* writing */
	struct ktlsgate_secret		rx_secret;
	struct ktlsgate_secret		tx_secret;
	u8				control[5];
	u8				control_len;
	u8				control_run;
	bool				key_update_requested;
	u16				tx_open;
	u64				control_beyond;
	u64				key_records;
	u64				rx_bytes;
	u64				tx_bytes;
	u64				tx_records;
	u64				tx_sendfile_calls;
	u64				tx_sendfile_bytes;
	u32				key_updates_received;
	u32				key_updates_sent;
	u32				close_reason;
	u8				alert;
	bool				has_alert;
	struct in6_addr			peer;
	struct in6_addr			local;
	u16				peer_port;
	u16				local_port;
	u64				started;
	u64				handshake_time;
	const char			*close_text;
	void				*note;
	u16				note_len;
	enum ktlsgate_path		path;
	const char			*relay_reason;
};

/* Valid in the layered operations of the socket, which run only while
 * sk_user_data holds its reference.
 */
static inline struct ktlsgate_conn *ktlsgate_conn(const struct sock *sk)
{
	return sk->sk_user_data;
}

struct ktlsgate_conn *ktlsgate_conn_create(struct ktlsgate_net *kn,
					   struct ktlsgate_gate *gate);
void ktlsgate_conn_addresses(struct ktlsgate_conn *conn,
			     const struct sock *sk);
int ktlsgate_conn_register(struct ktlsgate_conn *conn, struct sock *sk,
			   struct netlink_ext_ack *extack);
void ktlsgate_conn_unregister(struct ktlsgate_conn *conn);
struct ktlsgate_conn *ktlsgate_conn_get(struct ktlsgate_net *kn, u32 id);
struct ktlsgate_conn *ktlsgate_conn_after(struct ktlsgate_net *kn,
					  unsigned long *id);
void ktlsgate_conn_put(struct ktlsgate_conn *conn);
struct sock *ktlsgate_conn_sock(struct ktlsgate_conn *conn);
void ktlsgate_conn_accepted(struct ktlsgate_conn *conn);
void ktlsgate_conn_sent(struct ktlsgate_conn *conn, int sent, bool sendfile);
bool ktlsgate_conn_end(struct ktlsgate_conn *conn,
		       enum ktlsgate_close_reason reason, int alert);
int ktlsgate_conn_fill(struct sk_buff *skb, struct ktlsgate_conn *conn,
		       bool note);

#endif /* _KTLSGATE_CONN_H */
