// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "mem.h"

static void *checked(void *memory)
{
	if (!memory) {
		log_msg(LOG_CRIT, "out of memory");
		abort();
	}
	return memory;
}

void *xcalloc(size_t count, size_t size)
{
	return checked(calloc(count ? count : 1, size ? size : 1));
}

void *xrealloc(void *old, size_t count, size_t size)
{
	return checked(reallocarray(old, count ? count : 1, size));
}

char *xstrdup(const char *text)
{
	return text ? checked(strdup(text)) : NULL;
}

char *xstrndup(const char *text, size_t length)
{
	return checked(strndup(text, length));
}

char *xvasprintf(const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	return checked(text);
}

char *xasprintf(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = xvasprintf(format, args);
	va_end(args);
	return text;
}

void text_add(struct text *text, const char *data, size_t length)
{
	size_t room = text->room ? text->room : 64;

	while (room < text->length + length + 1)
		room *= 2;
	if (room != text->room) {
		text->data = xrealloc(text->data, room, 1);
		text->room = room;
	}
	memcpy(text->data + text->length, data, length);
	text->length += length;
	text->data[text->length] = '\0';
}

void text_puts(struct text *text, const char *data)
{
	text_add(text, data, strlen(data));
}

void text_printf(struct text *text, const char *format, ...)
{
	va_list args;
	char *line;

	va_start(args, format);
	line = xvasprintf(format, args);
	va_end(args);
	text_puts(text, line);
	free(line);
}

void text_free(struct text *text)
{
	free(text->data);
	memset(text, 0, sizeof(*text));
}
