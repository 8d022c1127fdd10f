/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A token bucket in one number, so that one compare-and-swap updates it: the
 * time at which it will be full again (nanoseconds, CLOCK_MONOTONIC). Shared by
 * the steering program and the helper, so that both count alike.
 */
#ifndef KTLSGATE_BUCKET_H
#define KTLSGATE_BUCKET_H

#include <linux/types.h>

struct bucket_rate {
	__u64	interval;	/* for one token to come back, 0: no limit */
	__u64	depth;		/* for all of them */
};

/* The bucket when a token was taken at @now; 0 when there is none left. */
static inline __u64 bucket_take(__u64 full_at, __u64 now,
				const struct bucket_rate *rate)
{
	__u64 from = full_at > now ? full_at : now;

	if (from - now + rate->interval > rate->depth)
		return 0;
	return from + rate->interval;
}

#endif
