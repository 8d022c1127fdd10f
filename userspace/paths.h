/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A path of the configuration that may be a file or a folder of files. */
#ifndef KTLSGATED_PATHS_H
#define KTLSGATED_PATHS_H

#include <stddef.h>

struct paths {
	char **path;
	size_t count;
};

/*
 * Adds @path itself, or the regular files in it when it is a folder, sorted by
 * name; names that begin with a dot are not for us. NULL, or a sentence to be
 * freed.
 */
char *paths_add(struct paths *paths, const char *path);
void paths_free(struct paths *paths);

#endif
