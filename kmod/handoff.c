// SPDX-License-Identifier: GPL-2.0
/* Handoff: a connection moves from the handshake helper to the agent. Either the
 * client's own, with kTLS, or what the helper relays to.
 */
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/net.h>
#include <net/genetlink.h>
#include <net/tcp.h>

#include "conn.h"
#include "event.h"
#include "gate.h"
#include "identity.h"
#include "inherit.h"
#include "ktls.h"
#include "layer.h"
#include "listener.h"
#include "memcg.h"
#include "namespace.h"
#include "netlink.h"
#include "relay.h"

/* How often another listener is looked for when one closes just now. */
#define HANDOFF_TRIES	8

/* An id, or a descriptor and why it is given back. */
#define HANDOFF_REPLY_SIZE	(2 * nla_total_size(sizeof(u32)))

/* From here on the descriptor is gone, whatever comes: a caller that had to
 * find out whether it still owns it would sooner or later close another's.
 */
static struct file *handoff_take_file(struct genl_info *info)
{
	struct nlattr *attr = info->attrs[KTLSGATE_A_HANDOFF_FD];
	struct file *file;
	int fd;

	if (!attr)
		return ERR_PTR(refuse(info->extack, -EINVAL,
				      "the file descriptor is missing"));
	fd = nla_get_s32(attr);
	file = fget(fd);
	if (!file)
		return ERR_PTR(refuse(info->extack, -EBADF,
				      "the file descriptor is not open"));
	close_fd(fd);
	return file;
}

/* The socket moves, so nobody else may be inside of it or come back to it:
 * another thread's system call, a duplicate, a message with descriptors, an
 * io_uring request all hold the file.
 */
static int handoff_check_owner(const struct file *file,
			       struct netlink_ext_ack *extack)
{
	if (file_count(file) != 1)
		return refuse(extack, -EBUSY,
			      "someone else holds the socket's file too");
	/* It polls what it watches without a reference, and would find a file
	 * without a socket.
	 */
	if (READ_ONCE(file->f_ep))
		return refuse(extack, -EBUSY,
			      "an epoll watches the socket, take it out first (EPOLL_CTL_DEL)");
	if (file->f_flags & FASYNC)
		return refuse(extack, -EBUSY,
			      "the socket sends SIGIO (O_ASYNC), clear that");
	return 0;
}

static int handoff_check_socket(const struct socket *sock,
				const struct net *net,
				struct netlink_ext_ack *extack)
{
	const struct sock *sk = sock->sk;

	if (!sk || sk->sk_type != SOCK_STREAM ||
	    (sk->sk_family != AF_INET && sk->sk_family != AF_INET6))
		return refuse(extack, -EPROTOTYPE, "the socket is not TCP");
	if (sk->sk_protocol == IPPROTO_MPTCP)
		return refuse(extack, -EOPNOTSUPP,
			      "Multipath TCP cannot carry kTLS");
	if (sk->sk_protocol != IPPROTO_TCP)
		return refuse(extack, -EPROTOTYPE, "the socket is not TCP");
	if (!net_eq(sock_net(sk), net))
		return refuse(extack, -EXDEV,
			      "the connection belongs to another network namespace");
	return 0;
}

/* What can change while the socket is not locked. */
static int handoff_check_state(const struct sock *sk,
			       struct netlink_ext_ack *extack)
{
	/* CLOSE_WAIT: the client has said all it will, and still listens. */
	if (!((1 << inet_sk_state_load(sk)) &
	      (TCPF_ESTABLISHED | TCPF_CLOSE_WAIT)))
		return refuse(extack, -ENOTCONN,
			      "the connection is not established");
	if (sk->sk_shutdown & SEND_SHUTDOWN)
		return refuse(extack, -ENOTCONN,
			      "the connection was shut down");
	if (sk->sk_user_data)
		return refuse(extack, -EBUSY,
			      "the socket is in use by another part of the kernel (SOCKMAP?)");
	if (!ktlsgate_memcg_movable(sk))
		return refuse(extack, -ENOBUFS,
			      "a page or more waits to be acknowledged, hand off when SIOCOUTQ is small");
	return 0;
}

static enum ktlsgate_path handoff_path(struct genl_info *info)
{
	struct nlattr *path = info->attrs[KTLSGATE_A_HANDOFF_PATH];

	return path ? nla_get_u32(path) : KTLSGATE_PATH_KERNEL;
}

static int handoff_check_path(const struct sock *sk, struct genl_info *info)
{
	if (handoff_path(info) == KTLSGATE_PATH_RELAY)
		return ktlsgate_relay_check(sk, info);
	return ktlsgate_ktls_check(sk, info);
}

/* The message is freed by netlink, which does not wipe. */
static void handoff_wipe_secrets(struct genl_info *info)
{
	struct nlattr *rx = info->attrs[KTLSGATE_A_HANDOFF_SECRET_RX];
	struct nlattr *tx = info->attrs[KTLSGATE_A_HANDOFF_SECRET_TX];

	if (rx)
		memzero_explicit(nla_data(rx), nla_len(rx));
	if (tx)
		memzero_explicit(nla_data(tx), nla_len(tx));
}

static int handoff_listener_error(long err, struct netlink_ext_ack *extack)
{
	if (err == -EAFNOSUPPORT)
		return refuse(extack, -EAFNOSUPPORT,
			      "the agent listens with the other address family, see KTLSGATE_A_GATE_LISTENER");
	return refuse(extack, -ECONNREFUSED,
		      "the agent does not listen on the gate's port");
}

/* The socket leaves its struct socket, which the last fput() then frees
 * without it.
 */
static void handoff_detach(struct sock *sk, struct socket *sock)
{
	write_lock_bh(&sk->sk_callback_lock);
	sock->sk = NULL;
	sk_set_socket(sk, NULL);
	RCU_INIT_POINTER(sk->sk_wq, NULL);
	write_unlock_bh(&sk->sk_callback_lock);
}

/* The way back, for a socket that no queue took. Sending needs a struct socket
 * to wait on, and close() has a close_notify to send.
 */
static void handoff_attach(struct sock *sk, struct socket *sock)
{
	write_lock_bh(&sk->sk_callback_lock);
	sock->sk = sk;
	sk_set_socket(sk, sock);
	rcu_assign_pointer(sk->sk_wq, &sock->wq);
	write_unlock_bh(&sk->sk_callback_lock);
}

static int handoff_queue(struct ktlsgate_conn *conn, struct sock *sk,
			 struct sock *listener, struct request_sock *req,
			 const struct ktlsgate_where *where,
			 struct netlink_ext_ack *extack)
{
	int tries;

	for (tries = 0; tries < HANDOFF_TRIES; tries++) {
		bool queued = ktlsgate_listener_queue(listener, req, sk);

		sock_put(listener);
		if (queued)
			return 0;
		/* It closed just now; its group, or its successor, may take
		 * the connection.
		 */
		listener = ktlsgate_listener_get(conn->kn->net, where,
						 &conn->local, sk);
		if (IS_ERR(listener))
			return handoff_listener_error(PTR_ERR(listener),
						      extack);
		if (sk_acceptq_is_full(listener)) {
			sock_put(listener);
			return refuse(extack, -EAGAIN,
				      "the agent's accept queue is full");
		}
	}
	sock_put(listener);
	return refuse(extack, -ECONNREFUSED,
		      "the agent's listeners close one after the other");
}

/* Sets @owned once the socket owns the connection's first reference. */
static int handoff_move(struct ktlsgate_conn *conn, struct socket *sock,
			const struct ktlsgate_where *where, bool *owned,
			struct netlink_ext_ack *extack)
{
	struct sock *sk = sock->sk;
	struct request_sock *req;
	struct sock *listener;
	int err;

	listener = ktlsgate_listener_get(conn->kn->net, where, &conn->local,
					 sk);
	if (IS_ERR(listener))
		return handoff_listener_error(PTR_ERR(listener), extack);
	err = -EAGAIN;
	if (sk_acceptq_is_full(listener)) {
		NL_SET_ERR_MSG(extack, "the agent's accept queue is full");
		goto out_listener;
	}
	req = ktlsgate_listener_request();
	conn->layer = ktlsgate_layer_get(sk);
	if (!req || !conn->layer) {
		err = refuse_no_memory(extack);
		goto out_request;
	}

	ktlsgate_inherit_congestion(sk, listener);
	lock_sock(sk);
	err = handoff_check_state(sk, extack);
	if (!err && conn->path == KTLSGATE_PATH_KERNEL &&
	    !ktlsgate_ktls_written(sk))
		err = refuse(extack, -ENOBUFS,
			     "kTLS holds data that TCP had no room for, hand off when all is written");
	if (!err)
		err = ktlsgate_conn_register(conn, sk, extack);
	if (err) {
		release_sock(sk);
		goto out_request;
	}
	ktlsgate_memcg_release(sk);
	ktlsgate_inherit(sk, listener);
	handoff_detach(sk, sock);
	ktlsgate_layer_install(sk, conn);
	*owned = true;
	release_sock(sk);
	if (conn->path == KTLSGATE_PATH_KERNEL)
		ktlsgate_ktls_flush(sk);

	ktlsgate_event_conn(conn, KTLSGATE_CMD_CONN_OPEN_NTF);
	err = handoff_queue(conn, sk, listener, req, where, extack);
	if (!err)
		return 0;
	/* Nobody else has the socket: end it as if the agent had. */
	ktlsgate_listener_request_free(req);
	ktlsgate_conn_end(conn, KTLSGATE_CLOSE_REASON_LISTENER_CLOSED, -1);
	handoff_attach(sk, sock);
	sock->ops->release(sock);
	return err;

out_request:
	ktlsgate_listener_request_free(req);
out_listener:
	sock_put(listener);
	return err;
}

static int handoff_take_note(const struct nlattr *note,
			     struct ktlsgate_conn *conn,
			     struct netlink_ext_ack *extack)
{
	if (nla_len(note) > KTLSGATE_NOTE_MAX)
		return refuse(extack, -EINVAL, "the note is too long");
	conn->note = kmemdup(nla_data(note), nla_len(note),
			     GFP_KERNEL_ACCOUNT);
	if (!conn->note)
		return refuse_no_memory(extack);
	conn->note_len = nla_len(note);
	return 0;
}

/* Sets @id; the connection itself may be gone when this returns. Sets @touched
 * once the socket is not the helper's any more, whatever comes.
 */
static int handoff_connection(struct genl_info *info, struct ktlsgate_net *kn,
			      struct ktlsgate_gate *gate, struct socket *sock,
			      u32 *id, bool *touched)
{
	struct nlattr *time = info->attrs[KTLSGATE_A_HANDOFF_HANDSHAKE_TIME];
	struct nlattr *identity = info->attrs[KTLSGATE_A_HANDOFF_IDENTITY];
	struct nlattr *note = info->attrs[KTLSGATE_A_HANDOFF_NOTE];
	struct ktlsgate_where where;
	struct ktlsgate_conn *conn;
	int err;

	if (!ktlsgate_gate_where(kn, gate, &where))
		return refuse(info->extack, -ESHUTDOWN, "the gate is down");
	conn = ktlsgate_conn_create(kn, gate);
	if (!conn)
		return refuse_no_memory(info->extack);
	/* For the id, and for an agent that closes at once. */
	refcount_inc(&conn->ref);

	if (handoff_path(info) == KTLSGATE_PATH_RELAY)
		err = ktlsgate_relay_take(conn, sock->sk, info);
	else
		err = ktlsgate_ktls_take(conn, sock->sk, info);
	if (err)
		goto unused;
	conn->identity = ktlsgate_identity_create(identity, info->extack);
	if (IS_ERR(conn->identity)) {
		err = PTR_ERR(conn->identity);
		conn->identity = NULL;
		goto unused;
	}
	if (conn->path == KTLSGATE_PATH_KERNEL) {
		err = ktlsgate_ktls_check_identity(conn->identity, sock->sk,
						   info->extack);
		if (err)
			goto unused;
	}
	if (time)
		conn->handshake_time = nla_get_u64(time);
	if (note) {
		err = handoff_take_note(note, conn, info->extack);
		if (err)
			goto unused;
	}

	err = handoff_move(conn, sock, &where, touched, info->extack);
	*id = conn->id;
	if (*touched)
		goto out;
unused:
	ktlsgate_conn_put(conn);
out:
	ktlsgate_conn_put(conn);
	return err;
}

/* What only the agent or who runs it can mend: the connection is as it was. */
static bool handoff_can_wait(int err)
{
	switch (err) {
	case -ENOENT:
	case -ESHUTDOWN:
	case -ECONNREFUSED:
	case -EAFNOSUPPORT:
	case -EAGAIN:
		return true;
	default:
		return false;
	}
}

/* The file gets a number again. It is in the table before the answer tells it. */
static int handoff_give_back(struct genl_info *info, struct file *file,
			     struct sk_buff *reply, void *header, int why)
{
	int fd = get_unused_fd_flags(O_CLOEXEC);
	int err;

	if (fd < 0) {
		nlmsg_free(reply);
		fput(file);
		return why;
	}
	fd_install(fd, file);
	err = nla_put_s32(reply, KTLSGATE_A_HANDOFF_FD, fd) ?:
	      nla_put_u32(reply, KTLSGATE_A_HANDOFF_ERROR, -why);
	err = ktlsgate_reply_end(info, reply, header, err);
	if (err)
		close_fd(fd);
	return err;
}

/* Whether it may be handed off at all; what the agent thinks of it comes later. */
static int handoff_check(struct genl_info *info, struct ktlsgate_net *kn,
			 const struct file *file, const struct socket *sock)
{
	if (!info->attrs[KTLSGATE_A_HANDOFF_GATE])
		return refuse(info->extack, -EINVAL, "the gate is missing");
	if (!info->attrs[KTLSGATE_A_HANDOFF_IDENTITY])
		return refuse(info->extack, -EINVAL, "the identity is missing");
	if (!sock)
		return refuse(info->extack, -ENOTSOCK,
			      "the file descriptor is not a socket");
	return handoff_check_socket(sock, kn->net, info->extack) ?:
	       handoff_check_owner(file, info->extack) ?:
	       handoff_check_state(sock->sk, info->extack) ?:
	       handoff_check_path(sock->sk, info);
}

static void handoff_count(struct ktlsgate_net *kn, struct ktlsgate_gate *gate,
			  int err)
{
	atomic64_inc(err ? &kn->counters.handoff_failures :
			   &kn->counters.handoffs);
	if (gate)
		atomic64_inc(err ? &gate->counters.handoff_failures :
				   &gate->counters.handoffs);
}

/* Consumes the file. What is given back is counted when it comes again. */
static int handoff_file(struct genl_info *info, struct ktlsgate_net *kn,
			struct ktlsgate_gate *gate, struct file *file)
{
	struct socket *sock = sock_from_file(file);
	struct sk_buff *reply = NULL;
	bool touched = false;
	void *header;
	u32 id = 0;
	int err;

	err = handoff_check(info, kn, file, sock);
	/* First, because what the agent has got cannot be taken back. */
	if (!err) {
		reply = ktlsgate_reply(info, KTLSGATE_CMD_HANDOFF,
				       HANDOFF_REPLY_SIZE, &header);
		err = reply ? 0 : -ENOMEM;
	}
	if (!err && !gate)
		err = refuse(info->extack, -ENOENT, "no gate of this name");
	if (!err)
		err = handoff_connection(info, kn, gate, sock, &id, &touched);
	if (reply && !touched && handoff_can_wait(err) &&
	    info->attrs[KTLSGATE_A_HANDOFF_GIVE_BACK])
		return handoff_give_back(info, file, reply, header, err);
	fput(file);
	handoff_count(kn, gate, err);
	if (err) {
		nlmsg_free(reply);
		return err;
	}
	return ktlsgate_reply_end(info, reply, header,
				  nla_put_u32(reply, KTLSGATE_A_HANDOFF_ID, id));
}

int ktlsgate_nl_handoff_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *name = info->attrs[KTLSGATE_A_HANDOFF_GATE];
	struct ktlsgate_net *kn = ktlsgate_net(genl_info_net(info));
	struct ktlsgate_gate *gate = NULL;
	struct file *file;
	int err;

	file = handoff_take_file(info);
	if (IS_ERR(file)) {
		err = PTR_ERR(file);
		handoff_count(kn, NULL, err);
	} else {
		if (name)
			gate = ktlsgate_gate_get(kn, nla_data(name));
		err = handoff_file(info, kn, gate, file);
		if (gate)
			ktlsgate_gate_put(gate);
	}
	handoff_wipe_secrets(info);
	return err;
}
