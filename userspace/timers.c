// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mem.h"
#include "timers.h"

uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void put(struct timers *timers, size_t place, struct timer *timer)
{
	timers->heap[place] = timer;
	timer->place = place;
}

static void sift(struct timers *timers, struct timer *timer, size_t place)
{
	size_t below;

	while (place > 1 && timers->heap[place / 2]->due > timer->due) {
		put(timers, place, timers->heap[place / 2]);
		place /= 2;
	}
	while ((below = place * 2) <= timers->count) {
		if (below < timers->count &&
		    timers->heap[below + 1]->due < timers->heap[below]->due)
			below++;
		if (timers->heap[below]->due >= timer->due)
			break;
		put(timers, place, timers->heap[below]);
		place = below;
	}
	put(timers, place, timer);
}

void timers_set(struct timers *timers, struct timer *timer, uint64_t due)
{
	timer->due = due;
	if (!timer->place) {
		if (++timers->count >= timers->room) {
			timers->room = timers->room ? timers->room * 2 : 64;
			timers->heap = xrealloc(timers->heap, timers->room,
						sizeof(*timers->heap));
		}
		timer->place = timers->count;
	}
	sift(timers, timer, timer->place);
}

void timers_clear(struct timers *timers, struct timer *timer)
{
	struct timer *last;
	size_t place = timer->place;

	if (!place)
		return;
	timer->place = 0;
	last = timers->heap[timers->count--];
	if (last != timer)
		sift(timers, last, place);
}

struct timer *timers_due(struct timers *timers, uint64_t now)
{
	struct timer *first;

	if (!timers->count || timers->heap[1]->due > now)
		return NULL;
	first = timers->heap[1];
	timers_clear(timers, first);
	return first;
}

int timers_wait(const struct timers *timers, uint64_t now)
{
	uint64_t left;

	if (!timers->count)
		return -1;
	if (timers->heap[1]->due <= now)
		return 0;
	left = (timers->heap[1]->due - now + 999999) / 1000000;
	return left > 60000 ? 60000 : (int)left;
}

void timers_free(struct timers *timers)
{
	free(timers->heap);
	memset(timers, 0, sizeof(*timers));
}
