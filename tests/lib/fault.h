/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_FAULT_H
#define TESTS_FAULT_H

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

/*
 * Fault injection of a kernel that has it: the nth allocation, or copy from or
 * to this process, that this thread comes to below a function of the module.
 */

/* 0, or -1 when this kernel cannot. */
int fault_open(void);
/* The same below any module's, for one that is about to be loaded. */
int fault_all_modules(void);
/* 1: the next one fails. */
int fault_arm(unsigned int nth);
/* Nothing fails any more; whether something had. */
bool fault_disarm(void);

#define FAULT_SITES_MAX 400

/* What came to pass while an operation was gone through. */
struct fault_round {
	unsigned int nth;
	bool failed;		/* the nth was there, and failed */
};

#define FOR_EACH_FAULT(round)						\
	for ((round)->nth = 1; (round)->nth == 1 || (round)->failed;	\
	     (round)->nth++)

/* The operation, during which the nth fails. */
#define FAULTY(round, call)						\
({									\
	typeof(call) ret_;						\
	int errno_;							\
	ASSERT_GT(FAULT_SITES_MAX, (round)->nth);			\
	ASSERT_EQ(0, fault_arm((round)->nth));				\
	ret_ = (call);							\
	errno_ = errno;							\
	(round)->failed = fault_disarm();				\
	errno = errno_;							\
	ret_;								\
})

/* The last round was one too many. */
static inline void fault_reached(const struct fault_round *round,
				 const char *what)
{
	fprintf(stderr, "# faults: %s: %u sites\n", what, round->nth - 2);
}

/* Refused for want of memory, in words; or it did without. */
#define EXPECT_DONE_OR_NO_MEMORY(err, round)				\
do {									\
	if (err) {							\
		EXPECT_TRUE((round)->failed);				\
		EXPECT_EQ(-ENOMEM, err);				\
		EXPECT_STRNE("", self->p.nl.text);			\
	}								\
} while (0)

#endif
