/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The little that every file here needs. Exit codes follow iproute2, with two
 * more for what a script wants to tell apart.
 */
#ifndef KTLSGATE_UTIL_H
#define KTLSGATE_UTIL_H

#include <stddef.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

enum exit_code {
	EXIT_OK		= 0,
	EXIT_USAGE	= 1,	/* the command line is wrong */
	EXIT_KERNEL	= 2,	/* the kernel, or the system, refused */
	EXIT_NO_MODULE	= 3,	/* the module ktlsgate is not loaded */
	EXIT_NOT_FOUND	= 4,	/* no such gate, no such connection */
};

/* Never fail: a command without memory has nothing left to do but say so. */
void *xmalloc(size_t len);
void *xcalloc(size_t n, size_t len);
void *xrealloc(void *p, size_t len);
char *xstrdup(const char *s);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* "ktlsgate: ..." on stderr, after what stdout still holds */
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
