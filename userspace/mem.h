/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Allocations that do not fail: the helper ends when there is no memory, its
 * supervisor starts it again, and live connections are not in it. Only what a
 * client makes grow (handshakes) is allocated with a check instead.
 */
#ifndef KTLSGATED_MEM_H
#define KTLSGATED_MEM_H

#include <stdarg.h>
#include <stddef.h>

void *xcalloc(size_t count, size_t size);
void *xrealloc(void *old, size_t count, size_t size);
char *xstrdup(const char *text);	/* NULL gives NULL */
char *xstrndup(const char *text, size_t length);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *xvasprintf(const char *format, va_list args);

/* A string that grows. */
struct text {
	char *data;		/* NUL-terminated once something was added */
	size_t length;
	size_t room;
};

void text_add(struct text *text, const char *data, size_t length);
void text_puts(struct text *text, const char *data);
void text_printf(struct text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void text_free(struct text *text);

#endif
