/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _BENCH_ASK_H
#define _BENCH_ASK_H

#include <stdint.h>

/* What the client asks the agent for, in front of each request. */
enum ask_op {
	ASK_FETCH,	/* the agent answers with size bytes, by sendfile */
	ASK_PRODUCE,	/* size bytes follow, the agent answers with an ask */
	ASK_ECHO,	/* size bytes follow and come back */
};

struct ask {
	uint32_t op;
	uint32_t size;
	uint64_t zero;
};

#define ASK_SIZE_MAX	(1 << 20)

/* The bytes of the file at an offset: an answer can be looked at. */
static inline uint8_t ask_byte(uint32_t offset)
{
	return (offset * 2654435761u) >> 24;
}

#endif /* _BENCH_ASK_H */
