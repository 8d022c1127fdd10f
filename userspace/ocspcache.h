/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What OCSP responders said of late. Its size is fixed: where it is full, the
 * answer that ends soonest makes room. The caller's lock protects it.
 */
#ifndef KTLSGATED_OCSPCACHE_H
#define KTLSGATED_OCSPCACHE_H

#include "ocspquery.h"

#define OCSP_KEY 32

/* NULL when there is none that is still good. */
const struct ocsp_answer *ocsp_cache_find(const uint8_t key[OCSP_KEY]);

/* For an hour at most, and never beyond the responder's own nextUpdate. */
void ocsp_cache_put(const uint8_t key[OCSP_KEY],
		    const struct ocsp_answer *answer);

#endif
