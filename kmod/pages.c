// SPDX-License-Identifier: GPL-2.0
/* Pages that records are laid in, used again when TCP is done with them.
 *
 * A new page is taken from the zone and, with init_on_alloc=1, cleared for nothing:
 * a record overwrites it. So each CPU holds a reference to the pages that were
 * given out there last. A page that nobody else refers to is in no skb, pipe or
 * address space any more, and in no task's fragment: the kernel itself begins a
 * fragment anew on that sign (skb_page_frag_refill()).
 *
 * What lies in such a page is what was sent before, nearly all of it ciphertext.
 * Nobody sees bytes that are not of a record: fragments name theirs exactly, and
 * TCP maps only pages that one fragment fills, and none of a compound page. Should
 * a mistake elsewhere show more, then still nothing of another gate: a page stays
 * with the gate that filled it until it goes back to the kernel. That a task fills
 * what is left of its fragment for other sockets of its own is so without us.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "pages.h"

/* 64 KiB have room for three records that each begin in a page of their own, 32
 * KiB for one. A fragment of a 32-bit machine counts up to less than 64 KiB.
 */
#define PAGES_ORDER	get_order(BITS_PER_LONG == 64 ? SZ_64K : SZ_32K)

/* Pages of one CPU: 2 MiB, 96 records on their way. What TCP holds of them is charged
 * to the connections as ever; an idle one has none.
 */
#define PAGES_MAX	32

/* When an owner has so many in use, all that were given out later are taken to be. Not
 * one: it may be of a client that does not read, or of a task that sends no more.
 */
#define PAGES_LOOK	4

/* Pages that nobody asked for so long go back. */
#define PAGES_IDLE	HZ

/**
 * struct pages_held - a page, and whose data it had
 * @page: compound, of PAGES_ORDER
 * @owner: who asked for it
 */
struct pages_held {
	struct page	*page;
	u64		owner;
};

/**
 * struct pages_ring - the pages of one CPU, in the order they were given out
 * @lock: protects the rest
 * @first: the one that was given out longest ago
 * @count: how many there are
 * @used: somebody asked since pages_expire() looked last
 * @held: the pages
 *
 * TCP is done with pages in about that order.
 */
struct pages_ring {
	spinlock_t		lock;	/* protects the rest */
	unsigned int		first;
	unsigned int		count;
	bool			used;
	struct pages_held	held[PAGES_MAX];
};

static DEFINE_PER_CPU(struct pages_ring, pages_rings) = {
	.lock = __SPIN_LOCK_UNLOCKED(pages_rings.lock),
};

static void pages_expire(struct work_struct *work);
static DECLARE_DELAYED_WORK(pages_work, pages_expire);

static struct pages_held *pages_at(struct pages_ring *ring, unsigned int nth)
{
	return &ring->held[(ring->first + nth) % PAGES_MAX];
}

/* The order of the others stays. */
static struct page *pages_remove(struct pages_ring *ring, unsigned int nth)
{
	struct page *page = pages_at(ring, nth)->page;

	lockdep_assert_held(&ring->lock);
	for (; nth; nth--)
		*pages_at(ring, nth) = *pages_at(ring, nth - 1);
	ring->first = (ring->first + 1) % PAGES_MAX;
	ring->count--;
	return page;
}

static void pages_append(struct pages_ring *ring, struct page *page, u64 owner)
{
	lockdep_assert_held(&ring->lock);
	*pages_at(ring, ring->count++) = (struct pages_held){ page, owner };
}

static void pages_empty(struct pages_ring *ring)
{
	lockdep_assert_held(&ring->lock);
	while (ring->count)
		put_page(pages_remove(ring, 0));
}

/* Nobody else can begin to refer to a page to which only the ring does, but for
 * those who look at pages whosever they are, and these let it go again.
 */
static struct page *pages_reuse(struct pages_ring *ring, u64 owner)
{
	unsigned int nth, look = PAGES_LOOK;
	struct page *page;

	lockdep_assert_held(&ring->lock);
	ring->used = true;
	for (nth = 0; nth < ring->count && look; nth++) {
		if (pages_at(ring, nth)->owner != owner)
			continue;
		page = pages_at(ring, nth)->page;
		look--;
		if (page_ref_count(page) != 1)
			continue;
		pages_remove(ring, nth);
		get_page(page);
		pages_append(ring, page, owner);
		return page;
	}
	return NULL;
}

/* A ring that is full makes room by what it has had for longest: another gate's, or
 * a page that a client has not acknowledged.
 */
static void pages_keep(struct pages_ring *ring, struct page *page, u64 owner)
{
	lockdep_assert_held(&ring->lock);
	if (ring->count == PAGES_MAX)
		put_page(pages_remove(ring, 0));
	get_page(page);
	pages_append(ring, page, owner);
	schedule_delayed_work(&pages_work, PAGES_IDLE);
}

/* As skb_page_frag_refill() has it: nothing is reclaimed for a large page, for one
 * can do without.
 */
static struct page *pages_new(int cpu, gfp_t gfp)
{
	return alloc_pages_node(cpu_to_mem(cpu),
				(gfp & ~__GFP_DIRECT_RECLAIM) | __GFP_COMP |
				__GFP_NOWARN | __GFP_NORETRY, PAGES_ORDER);
}

/**
 * ktlsgate_pages_refill() - begin a page that was used before, or a new one
 * @frag: the fragment of the task that calls; what it had is given back
 * @owner: whose data will lie in it; never what another owner has left
 * @gfp: how to ask for memory
 *
 * The task may move to another CPU meanwhile, the lock is what counts.
 *
 * Return: false when there is no large page; @frag is as it was.
 */
bool ktlsgate_pages_refill(struct page_frag *frag, u64 owner, gfp_t gfp)
{
	int cpu = raw_smp_processor_id();
	struct pages_ring *ring = per_cpu_ptr(&pages_rings, cpu);
	struct page *page;

	spin_lock(&ring->lock);
	page = pages_reuse(ring, owner);
	spin_unlock(&ring->lock);
	if (!page) {
		page = pages_new(cpu, gfp);
		if (!page)
			return false;
		/* What is there for an emergency must not stay here, nor what
		 * is far away.
		 */
		if (!page_is_pfmemalloc(page) &&
		    page_to_nid(page) == cpu_to_mem(cpu)) {
			spin_lock(&ring->lock);
			pages_keep(ring, page, owner);
			spin_unlock(&ring->lock);
		}
	}
	if (frag->page)
		put_page(frag->page);
	frag->page = page;
	frag->offset = 0;
	frag->size = PAGE_SIZE << PAGES_ORDER;
	return true;
}

static void pages_expire(struct work_struct *work)
{
	struct pages_ring *ring;
	bool left = false;
	int cpu;

	for_each_possible_cpu(cpu) {
		ring = per_cpu_ptr(&pages_rings, cpu);
		spin_lock(&ring->lock);
		if (!ring->used)
			pages_empty(ring);
		ring->used = false;
		left |= ring->count;
		spin_unlock(&ring->lock);
	}
	if (left)
		schedule_delayed_work(&pages_work, PAGES_IDLE);
}

/* No connection is left, so nobody asks. */
void ktlsgate_pages_exit(void)
{
	int cpu;

	cancel_delayed_work_sync(&pages_work);
	for_each_possible_cpu(cpu) {
		struct pages_ring *ring = per_cpu_ptr(&pages_rings, cpu);

		spin_lock(&ring->lock);
		pages_empty(ring);
		spin_unlock(&ring->lock);
	}
}
