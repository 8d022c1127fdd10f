/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Another program, run without a shell.
 */
#ifndef KTLSGATE_PROCESS_H
#define KTLSGATE_PROCESS_H

#include <stdbool.h>

struct process_result {
	int error;	/* errno: it did not start; ETIMEDOUT: it was killed */
	int status;	/* its exit code, 128 + signal when one ended it */
	char *output;	/* its stdout, or with its stderr; free it */
};

/*
 * argv[0] is looked up in PATH and in the sbin directories. The result's
 * output is never NULL.
 */
void process_run(const char *const argv[], bool with_stderr, int seconds,
		 struct process_result *result);

/* A whole file, at most 1 MiB of it, NULL if it cannot be read; free it. */
char *read_file(const char *path);

/* The same without the newline at its end. */
char *read_line(const char *path);

#endif
