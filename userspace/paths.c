// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "mem.h"
#include "paths.h"

static void add(struct paths *paths, char *path)
{
	paths->path = xrealloc(paths->path, paths->count + 1,
			       sizeof(*paths->path));
	paths->path[paths->count++] = path;
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Byte by byte: the same order in every locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static char *add_folder(struct paths *paths, const char *folder)
{
	struct dirent **entries;
	struct stat st;
	int count, i;

	count = scandir(folder, &entries, visible, by_name);
	if (count < 0)
		return xasprintf("cannot read %s: %s", folder, strerror(errno));
	for (i = 0; i < count; i++) {
		char *path = xasprintf("%s/%s", folder, entries[i]->d_name);

		if (!stat(path, &st) && S_ISREG(st.st_mode))
			add(paths, path);
		else
			free(path);
		free(entries[i]);
	}
	free(entries);
	return NULL;
}

char *paths_add(struct paths *paths, const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return xasprintf("cannot read %s: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return add_folder(paths, path);
	add(paths, xstrdup(path));
	return NULL;
}

void paths_free(struct paths *paths)
{
	size_t i;

	for (i = 0; i < paths->count; i++)
		free(paths->path[i]);
	free(paths->path);
	memset(paths, 0, sizeof(*paths));
}
