/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Deadlines of one worker, a binary heap: nearest first. */
#ifndef KTLSGATED_TIMERS_H
#define KTLSGATED_TIMERS_H

#include <stddef.h>
#include <stdint.h>

struct timer {
	uint64_t due;		/* nanoseconds, CLOCK_MONOTONIC */
	size_t place;		/* in the heap, from 1; 0: not set */
	void (*expired)(struct timer *timer);	/* for who serves the heap */
};

struct timers {
	struct timer **heap;	/* from 1 */
	size_t count;
	size_t room;
};

uint64_t now_ns(void);

/* Sets it, or moves it when it is set. */
void timers_set(struct timers *timers, struct timer *timer, uint64_t due);
void timers_clear(struct timers *timers, struct timer *timer);

/* Takes out one that is due, NULL when there is none. */
struct timer *timers_due(struct timers *timers, uint64_t now);

/* Milliseconds to sleep, -1 without a timer. */
int timers_wait(const struct timers *timers, uint64_t now);
void timers_free(struct timers *timers);

#endif
