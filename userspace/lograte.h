/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many lines about refused clients a gate may log: 20 in 10 seconds, and
 * one that counts what was left out.
 */
#ifndef KTLSGATED_LOGRATE_H
#define KTLSGATED_LOGRATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct lograte {
	pthread_mutex_t lock;	/* of all below */
	uint64_t window;	/* when the current one began */
	unsigned int logged;	/* lines in it */
	unsigned int unlogged;	/* that the limit cut off */
};

void lograte_init(struct lograte *rate);

/* Whether one more line may be written. By any thread. */
bool lograte_admit(struct lograte *rate, const char *gate);

/* Tells what was left out once its time is over; with @now at once. */
void lograte_tell(struct lograte *rate, const char *gate, bool now);

#endif
