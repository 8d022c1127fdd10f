// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "log.h"

/* Longer messages are cut: a client chooses what a DN holds. */
#define MESSAGE_MAX 2048

static atomic_int level_now = LOG_INFO;
static bool to_journal;

/* systemd tells in JOURNAL_STREAM which file the journal's pipe is. */
void log_open(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	if (!stream || sscanf(stream, "%llu:%llu", &device, &inode) != 2)
		return;
	if (fstat(STDERR_FILENO, &st))
		return;
	to_journal = st.st_dev == device && st.st_ino == inode;
}

void log_set_level(int level)
{
	atomic_store_explicit(&level_now, level, memory_order_relaxed);
}

int log_level(void)
{
	return atomic_load_explicit(&level_now, memory_order_relaxed);
}

/*
 * What a client sent may be in a message: no control character of it reaches
 * a terminal, and no line break forges a second message.
 */
static void make_printable(char *text)
{
	for (; *text; text++) {
		unsigned char c = *text;

		if (c < 0x20 || c == 0x7f)
			*text = '?';
	}
}

static void field(struct iovec *vec, int *count, char *room, size_t size,
		  const char *name, const char *value)
{
	int length;

	if (!value)
		return;
	length = snprintf(room, size, "%s=%s", name, value);
	if (length < 0)
		return;
	vec[*count].iov_base = room;
	vec[*count].iov_len = (size_t)length < size ? (size_t)length : size - 1;
	(*count)++;
}

static void write_journal(int level, const struct log_fields *fields,
			  const char *message)
{
	static const struct log_fields none;
	char text[MESSAGE_MAX + 16], gate[64], peer[96], reason[64];
	char principal[MESSAGE_MAX], priority[16], number[4];
	struct iovec vec[6];
	int count = 0;

	if (!fields)
		fields = &none;
	snprintf(number, sizeof(number), "%d", level & 7);
	field(vec, &count, text, sizeof(text), "MESSAGE", message);
	field(vec, &count, gate, sizeof(gate), "GATE", fields->gate);
	field(vec, &count, peer, sizeof(peer), "PEER", fields->peer);
	field(vec, &count, reason, sizeof(reason), "REASON", fields->reason);
	field(vec, &count, principal, sizeof(principal), "PRINCIPAL",
	      fields->principal);
	field(vec, &count, priority, sizeof(priority), "PRIORITY", number);
	sd_journal_sendv(vec, count);
}

static void write_message(int level, const struct log_fields *fields,
			  const char *format, va_list args)
{
	char message[MESSAGE_MAX];

	if (level > log_level())
		return;
	vsnprintf(message, sizeof(message), format, args);
	make_printable(message);
	if (to_journal)
		write_journal(level, fields, message);
	else
		dprintf(STDERR_FILENO, "ktlsgated: %s\n", message);
}

void log_msg(int level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write_message(level, NULL, format, args);
	va_end(args);
}

void log_with(int level, const struct log_fields *fields,
	      const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write_message(level, fields, format, args);
	va_end(args);
}
