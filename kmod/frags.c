// SPDX-License-Identifier: GPL-2.0
/* What TCP has of a record: one piece, as it lies in memory. */
#include <linux/mm.h>
#include <linux/skbuff.h>
#include <net/tcp.h>

#include "frags.h"

static bool frag_is_followed(const skb_frag_t *frag, const struct page *page,
			     const struct page *next)
{
	return page && page + 1 == next &&
	       skb_frag_off(frag) + skb_frag_size(frag) == PAGE_SIZE;
}

/* All of them are of one compound page: the first and the last are, and each begins in
 * the page behind that of the one before. A record is one fragment of such a page, so
 * this is what a page_frag looks like in any skb.
 */
static void frags_join(struct sk_buff *skb, skb_frag_t *first, skb_frag_t *last,
		       unsigned int size)
{
	struct folio *folio = page_folio(skb_frag_page(first));

	if (folio != page_folio(skb_frag_page(last)))
		return;
	skb_frag_size_add(first, size);
	skb_shinfo(skb)->nr_frags -= last - first;
	folio_put_refs(folio, last - first);
}

/**
 * ktlsgate_frags_join() - join the pages of the record that TCP was given last
 * @sk: the socket, locked by the caller
 *
 * From 6.5 on TCP takes what it is to send page by page (MSG_SPLICE_PAGES), also where
 * the pages are one piece of memory: six fragments for a record. An skb has room for
 * 17, so it is full at less than three records, where four fit, and the interface has
 * six pieces to fetch. Before, the record was one fragment, and so it is here.
 *
 * What is in the write queue was not sent yet: nobody else has the skb, but for a clone
 * that the interface did not take and may not have freed yet.
 */
void ktlsgate_frags_join(struct sock *sk)
{
	struct sk_buff *skb = tcp_write_queue_tail(sk);
	const struct page *page, *next;
	skb_frag_t *first, *last;
	unsigned int size = 0;

	if (!skb || skb_shinfo(skb)->nr_frags < 2)
		return;
	last = &skb_shinfo(skb)->frags[skb_shinfo(skb)->nr_frags - 1];
	next = skb_frag_page(last);
	for (first = last; first != skb_shinfo(skb)->frags; first--) {
		page = skb_frag_page(first - 1);
		if (skb_frag_off(first) ||
		    !frag_is_followed(first - 1, page, next))
			break;
		size += skb_frag_size(first);
		next = page;
	}
	if (first != last && !skb_cloned(skb) && !skb_zcopy(skb))
		frags_join(skb, first, last, size);
}
