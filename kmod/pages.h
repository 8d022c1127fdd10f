/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KTLSGATE_PAGES_H
#define _KTLSGATE_PAGES_H

#include <linux/types.h>

struct page_frag;

bool ktlsgate_pages_refill(struct page_frag *frag, u64 owner, gfp_t gfp);
void ktlsgate_pages_exit(void);

#endif /* _KTLSGATE_PAGES_H */
