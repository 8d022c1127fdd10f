/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the server's side has spent. */
#ifndef _BENCH_METER_H
#define _BENCH_METER_H

#include <stdint.h>

struct meter {
	uint64_t group;		/* ns of the cgroup */
	uint64_t kthreads;	/* ns of all kernel threads */
	uint64_t wakeups;	/* of the process that is watched */
	uint64_t clock;
};

/* Run when a meter is read, for a profiler below the guest. */
#define METER_MARK	((void *)0x10c0000000)

extern const char *meter_group;		/* the cgroup's folder */
extern int meter_watched;		/* a process, or 0 */

uint64_t meter_now(void);
void meter_profile(void);		/* from now on METER_MARK is run */
struct meter meter_read(void);

#endif /* _BENCH_METER_H */
