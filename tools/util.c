// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

static void *must(void *p)
{
	if (!p) {
		complain("out of memory");
		exit(EXIT_KERNEL);
	}
	return p;
}

void *xmalloc(size_t len)
{
	return must(malloc(len));
}

void *xcalloc(size_t n, size_t len)
{
	return must(calloc(n, len));
}

void *xrealloc(void *p, size_t len)
{
	return must(realloc(p, len));
}

char *xstrdup(const char *s)
{
	return must(strdup(s));
}

char *xasprintf(const char *fmt, ...)
{
	char *out = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&out, fmt, ap) < 0)
		out = NULL;
	va_end(ap);
	return must(out);
}

void complain(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("ktlsgate: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}
