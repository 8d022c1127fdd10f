/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads that ask OCSP responders, so that no worker ever waits for one. Each
 * has a library context of its own. One responder occupies some of the threads
 * at most: a slow one delays those who ask it, and nobody else.
 */
#ifndef KTLSGATED_OCSPPOOL_H
#define KTLSGATED_OCSPPOOL_H

#include <stdbool.h>

#include <openssl/types.h>

struct ocsp_job {
	struct ocsp_job *next;
	const char *responder;	/* the same text: the same responder */
	void (*run)(struct ocsp_job *job, OSSL_LIB_CTX *lib, int stop_fd);
};

/* False when too many are waiting, or all ends; then it is not run. */
bool ocsp_pool_add(struct ocsp_job *job);

/*
 * No job is begun any more. False when a thread cannot be ended: it asks for a
 * name, and libc does not let go of it.
 */
bool ocsp_pool_stop(void);

#endif
