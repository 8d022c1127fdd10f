/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_AGENT_H
#define TESTS_AGENT_H

#include <liburing.h>
#include <stdbool.h>
#include <stdint.h>

#define AGENT_BUFFER 65536
#define AGENT_COUNT(array) (sizeof(array) / sizeof(*(array)))
#define AGENT_NOWHERE ((void *)8)	/* EFAULT */

/*
 * System calls of an agent at random, on descriptors that other threads use at the
 * same time. Each thread has one of these; the descriptors in it are its own.
 */
struct agent {
	uint64_t random;
	int pipe[2];
	int unix_pair[2];	/* what is sent by it comes back by it */
	int file;
	int epoll;
	struct io_uring ring;
	bool has_ring;
	uint8_t buffer[AGENT_BUFFER];
	uint8_t ring_buffer[AGENT_BUFFER];
};

/* 0, or -1 and errno. */
int agent_open(struct agent *a, uint64_t seed);
void agent_close(struct agent *a);

/* Below limit. */
uint32_t agent_pick(struct agent *a, uint32_t limit);
/* Once in so many times. */
bool agent_chance(struct agent *a, uint32_t times);

/*
 * One call on fd, or a few that belong together. None of them closes fd for good
 * or waits for longer than fd's timeouts and the signals that interrupt the thread.
 */
void agent_acts(struct agent *a, int fd);

/* Its parts. */
void *agent_place(struct agent *a);	/* the buffer, seldom nowhere */
void agent_sets(struct agent *a, int fd);
void agent_gets(struct agent *a, int fd);
void agent_asks(struct agent *a, int fd);
void agent_changes(struct agent *a, int fd);
void agent_ring_open(struct agent *a);
void agent_ring_close(struct agent *a);
void agent_ring_acts(struct agent *a, int fd);

#endif
