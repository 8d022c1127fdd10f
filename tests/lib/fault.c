// SPDX-License-Identifier: GPL-2.0-or-later
/* /proc/thread-self/fail-nth, see Documentation/fault-injection of Linux. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"

#define DEBUG "/sys/kernel/debug/"

static int nth_fd = -1;

static int put(const char *kind, const char *knob, const char *value)
{
	char path[128];
	int fd, ret;

	snprintf(path, sizeof(path), DEBUG "%s/%s", kind, knob);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ret = write(fd, value, strlen(value)) < 0 ? -1 : 0;
	close(fd);
	return ret;
}

/* From the first to behind the last function of the module. */
static int module_text(unsigned long *start, unsigned long *end)
{
	char line[512], type, module[64];
	unsigned long address;
	FILE *f = fopen("/proc/kallsyms", "r");

	if (!f)
		return -1;
	*start = *end = 0;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx %c %*s [%63[^]]]", &address, &type,
			   module) != 3 ||
		    strcmp(module, "ktlsgate") || !strchr("tT", type))
			continue;
		if (!*start || address < *start)
			*start = address;
		if (address > *end)
			*end = address;
	}
	fclose(f);
	/* How long the last one is, nobody says; a page belongs to it. */
	*end = (*end | 4095) + 1;
	return *start ? 0 : -1;
}

static int set_up(const char *kind, const char *start, const char *end)
{
	/* Those that may sleep, too; and no report of each. */
	put(kind, "ignore-gfp-wait", "N");
	put(kind, "ignore-gfp-highmem", "N");
	put(kind, "min-order", "0");
	return put(kind, "verbose", "0") || put(kind, "require-start", start) ||
	       put(kind, "require-end", end);
}

static int set_up_all(unsigned long from, unsigned long to)
{
	char start[32], end[32];

	snprintf(start, sizeof(start), "0x%lx", from);
	snprintf(end, sizeof(end), "0x%lx", to);
	return set_up("failslab", start, end) ||
	       set_up("fail_page_alloc", start, end) ||
	       set_up("fail_usercopy", start, end) ? -1 : 0;
}

int fault_open(void)
{
	unsigned long from, to;

	nth_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (nth_fd < 0 || module_text(&from, &to))
		return -1;
	return set_up_all(from, to);
}

/* x86: modules have the last 512 MiB or more, whole. */
int fault_all_modules(void)
{
	unsigned long from, to;

	if (module_text(&from, &to))
		return -1;
	return set_up_all(from & ~0x1ffffffful, 0xffffffffff000000ul);
}

int fault_arm(unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	return pwrite(nth_fd, text, len, 0) == len ? 0 : -1;
}

bool fault_disarm(void)
{
	char text[16] = {};
	bool failed;

	/* 0: it came to pass. */
	failed = pread(nth_fd, text, sizeof(text) - 1, 0) > 0 && !atoi(text);
	fault_arm(0);
	return failed;
}
