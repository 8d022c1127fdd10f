// SPDX-License-Identifier: GPL-2.0
/* The agent's data on its way into records: given to kTLS in pieces that fill one. */
#include <linux/mm.h>
#include <linux/net.h>
#include <linux/uio.h>
#include <net/tcp.h>
#include <net/tls.h>

#include "compat/compat.h"
#include "conn.h"
#include "gate.h"
#include "layer.h"
#include "pages.h"
#include "payload.h"
#include "reserve.h"

/* Ciphers work in blocks of 16 bytes (AES) or 64 (ChaCha20). */
#define PAYLOAD_BLOCK		64

/* With less there is little to gain. */
#define PAYLOAD_ALIGN_MIN	(2 * PAGE_SIZE)

/* What sendfile() gives at once, and so much of a longer write. */
#define PAYLOAD_BATCH	SZ_64K

/* What kTLS wants of a page fragment, or it takes a new one. */
#define PAYLOAD_FRAG_MIN	32

static bool payload_record_is_open(const struct sock *sk)
{
	return tls_sw_ctx_tx(tls_get_ctx(sk))->open_rec;
}

/* What lies between what a fragment is filled with and the next place that is as deep
 * in a page as @offset.
 */
static unsigned int payload_gap(const struct page_frag *frag,
				unsigned long offset)
{
	return (offset - frag->offset) % PAGE_SIZE;
}

static bool payload_fits(const struct page_frag *frag, unsigned long offset,
			 size_t size)
{
	return frag->page &&
	       frag->offset + payload_gap(frag, offset) + size <= frag->size;
}

/* Ciphers work through what they read and what they write a page at a time. kTLS
 * puts a header before a record, which lets its pages begin elsewhere than those
 * of the data: each is cut in two, and the block on the cut is copied. So the
 * next record is laid where its data begins as deep in a page as @offset is.
 *
 * Where the fragment has no room for all of the record, a page begins that was used
 * before, so that none has to be cleared.
 *
 * kTLS begins a page anew that nobody else holds: the caller puts what is returned,
 * NULL when there was nothing to do, once the data is sent.
 */
static struct page *payload_lay(struct sock *sk, unsigned long offset,
				size_t size)
{
	const struct tls_prot_info *prot = &tls_get_ctx(sk)->prot_info;
	struct page_frag *frag = sk_page_frag(sk);

	/* The socket's own is for who holds its lock. */
	if (frag != &current->task_frag || payload_record_is_open(sk))
		return NULL;
	offset -= prot->prepend_size;
	size += prot->overhead_size;
	if (!payload_fits(frag, offset, size))
		ktlsgate_pages_refill(frag, ktlsgate_conn(sk)->gate->id,
				      sk->sk_allocation);
	if (!skb_page_frag_refill(PAGE_SIZE + PAYLOAD_FRAG_MIN, frag,
				  sk->sk_allocation) ||
	    frag->size < PAYLOAD_ALIGN_MIN)
		return NULL;
	frag->offset += payload_gap(frag, offset);
	get_page(frag->page);
	return frag->page;
}

static bool payload_offset(const struct iov_iter *iter, unsigned long *offset)
{
	if (iov_iter_is_bvec(iter))
		*offset = iter->bvec->bv_offset + iter->iov_offset;
	else if (iter_is_ubuf(iter))
		*offset = (unsigned long)iter->ubuf + iter->iov_offset;
	else
		return false;
	return true;
}

/* TCP keeps back what does not fill a segment while more is announced, and kTLS
 * waits for room without a push. Where less than a segment is all that may wait,
 * the room would come with TCP's probe timer only.
 */
static bool payload_must_go(const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	u32 room = READ_ONCE(sk->sk_sndbuf) / 2;

	return min(room, tcp_notsent_lowat(tp)) < READ_ONCE(tp->mss_cache);
}

/* sendfile() has kTLS take the file's pages one by one, a write() all that fill a record
 * together. For a whole one the latter is cheaper and else the same: kTLS holds the
 * pages until it has encrypted them. A cipher that may end later (TLS 1.2's, by
 * CRYPTO_ALG_ASYNC) would have a write() copied instead.
 */
static bool payload_together(const struct sock *sk)
{
	return !tls_sw_ctx_tx(tls_get_ctx(sk))->async_capable;
}

/* Where the next record ends, of @room bytes for it, while sendfile() has more. In a
 * file whose bytes are asked for from anywhere, the ends of pages cut blocks of each
 * full record, and what is cut is copied. A record that ends with a page has all after
 * it begin with one.
 */
static size_t payload_end(const struct msghdr *msg, size_t room)
{
	unsigned long offset;
	size_t over;

	if (!(msg->msg_flags & MSG_SPLICE_PAGES) ||
	    !payload_offset(&msg->msg_iter, &offset))
		return room;
	over = (offset + room) % PAGE_SIZE;
	return over % PAYLOAD_BLOCK && over < room ? room - over : room;
}

static int payload_send_piece(struct sock *sk, const struct proto *base,
			      struct msghdr *msg, size_t size)
{
	struct page *page = NULL;
	unsigned long offset;
	int ret;

	if (size >= PAYLOAD_ALIGN_MIN && payload_offset(&msg->msg_iter, &offset))
		page = payload_lay(sk, offset, size);
	ret = base->sendmsg(sk, msg, size);
	if (page)
		put_page(page);
	return ret;
}

static int payload_send_records(struct sock *sk, struct ktlsgate_conn *conn,
				struct msghdr *msg, size_t size)
{
	struct iov_iter *iter = &msg->msg_iter;
	unsigned int flags = msg->msg_flags;
	size_t done = 0, room, end, piece, rest;
	int ret;

	lockdep_assert_held(&conn->tx_lock);
	do {
		if (!payload_record_is_open(sk))
			conn->tx_open = 0;
		room = TLS_MAX_PAYLOAD_SIZE - conn->tx_open;
		end = room;
		if (size - done > room || flags & MSG_MORE)
			end = payload_end(msg, room);
		piece = min(size - done, end);
		rest = iov_iter_count(iter) - piece;
		if (piece == end && (end < room || payload_must_go(sk)))
			msg->msg_flags &= ~MSG_MORE;
		if (piece == end && !conn->tx_open && payload_together(sk))
			msg->msg_flags &= ~MSG_SPLICE_PAGES;
		iov_iter_truncate(iter, piece);
		ret = payload_send_piece(sk, conn->layer->base, msg, piece);
		iov_iter_reexpand(iter, iov_iter_count(iter) + rest);
		msg->msg_flags = flags;
		if (ret <= 0)
			break;
		conn->tx_open = (conn->tx_open + ret) % TLS_MAX_PAYLOAD_SIZE;
		done += ret;
	} while (ret == piece && done < size);
	return done ?: ret;
}

/**
 * ktlsgate_payload_send() - give kTLS what the agent sends
 * @sk: the socket, not locked, the send lock held
 * @msg: data, without control messages
 * @size: its bytes
 *
 * Return: as sendmsg() on a kTLS socket.
 */
int ktlsgate_payload_send(struct sock *sk, struct msghdr *msg, size_t size)
{
	struct ktlsgate_conn *conn = ktlsgate_conn(sk);
	size_t done = 0, batch;
	u32 reserved = 0;
	int ret;

	do {
		batch = min_t(size_t, size - done, PAYLOAD_BATCH);
		if (batch >= TLS_MAX_PAYLOAD_SIZE)
			reserved = ktlsgate_reserve_begin(sk, batch);
		ret = payload_send_records(sk, conn, msg, batch);
		if (batch >= TLS_MAX_PAYLOAD_SIZE)
			ktlsgate_reserve_end(sk, reserved);
		if (ret <= 0)
			break;
		done += ret;
	} while (ret == batch && done < size);
	return done ?: ret;
}

#ifdef KTLSGATE_HAVE_SENDPAGE
/**
 * ktlsgate_payload_sendpage() - give kTLS a page that the agent sends
 * @sk: the socket, not locked, the send lock held
 * @page: where the bytes are
 * @offset: in @page
 * @size: bytes
 * @flags: MSG_*
 *
 * Return: as sendpage() on a kTLS socket.
 */
int ktlsgate_payload_sendpage(struct sock *sk, struct page *page, int offset,
			      size_t size, int flags)
{
	struct ktlsgate_conn *conn = ktlsgate_conn(sk);
	struct page *laid = NULL;
	size_t room;
	int ret;

	lockdep_assert_held(&conn->tx_lock);
	if (!payload_record_is_open(sk))
		conn->tx_open = 0;
	room = TLS_MAX_PAYLOAD_SIZE - conn->tx_open;
	if (flags & (MSG_MORE | MSG_SENDPAGE_NOTLAST))
		laid = payload_lay(sk, offset, room);
	if (size == room && payload_must_go(sk))
		flags &= ~(MSG_MORE | MSG_SENDPAGE_NOTLAST);
	ret = conn->layer->base->sendpage(sk, page, offset, size, flags);
	if (laid)
		put_page(laid);
	if (ret > 0)
		conn->tx_open = (conn->tx_open + ret) % TLS_MAX_PAYLOAD_SIZE;
	return ret;
}
#endif
