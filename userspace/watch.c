// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "mem.h"
#include "paths.h"
#include "watch.h"

/* What tells one content of a path from another; all 0: not there. */
struct look {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified;
	struct timespec changed;
	uint64_t inside;	/* of a folder: digest of what is in it */
};

struct watch {
	char **paths;
	size_t count;
	struct look *known;	/* what the gates were made from */
	struct look *last;	/* what was there a second ago */
};

static void add_path(struct watch *watch, const char *path)
{
	if (!path)
		return;
	watch->paths = xrealloc(watch->paths, watch->count + 1,
				sizeof(*watch->paths));
	watch->paths[watch->count++] = xstrdup(path);
}

/* FNV-1a: nobody gains from two folders that look the same. */
static uint64_t mix(uint64_t hash, const void *data, size_t size)
{
	const unsigned char *byte = data;

	while (size--)
		hash = (hash ^ *byte++) * 0x100000001b3ULL;
	return hash;
}

static uint64_t look_inside(const char *folder)
{
	uint64_t hash = 0xcbf29ce484222325ULL;
	struct paths paths = {};
	struct stat st;
	size_t i;

	free(paths_add(&paths, folder));
	for (i = 0; i < paths.count; i++) {
		const char *path = paths.path[i];

		hash = mix(hash, path, strlen(path) + 1);
		if (stat(path, &st))
			continue;
		hash = mix(hash, &st.st_dev, sizeof(st.st_dev));
		hash = mix(hash, &st.st_ino, sizeof(st.st_ino));
		hash = mix(hash, &st.st_size, sizeof(st.st_size));
		hash = mix(hash, &st.st_mtim, sizeof(st.st_mtim));
		hash = mix(hash, &st.st_ctim, sizeof(st.st_ctim));
	}
	paths_free(&paths);
	return hash;
}

static void look_at(const struct watch *watch, struct look *looks)
{
	struct stat st;
	size_t i;

	memset(looks, 0, watch->count * sizeof(*looks));
	for (i = 0; i < watch->count; i++) {
		if (stat(watch->paths[i], &st))
			continue;
		looks[i].device = st.st_dev;
		looks[i].inode = st.st_ino;
		looks[i].size = st.st_size;
		looks[i].modified = st.st_mtim;
		looks[i].changed = st.st_ctim;
		if (S_ISDIR(st.st_mode))
			looks[i].inside = look_inside(watch->paths[i]);
	}
}

struct watch *watch_new(const struct config *config)
{
	struct watch *watch = xcalloc(1, sizeof(*watch));
	size_t i, j;

	for (i = 0; i < config->gate_count; i++) {
		add_path(watch, config->gates[i].certificate);
		add_path(watch, config->gates[i].private_key);
		add_path(watch, config->gates[i].client_ca);
		for (j = 0; j < config->gates[i].crl.count; j++)
			add_path(watch, config->gates[i].crl.text[j]);
	}
	watch->known = xcalloc(watch->count, sizeof(*watch->known));
	watch->last = xcalloc(watch->count, sizeof(*watch->last));
	look_at(watch, watch->known);
	memcpy(watch->last, watch->known,
	       watch->count * sizeof(*watch->known));
	return watch;
}

bool watch_changed(struct watch *watch)
{
	size_t size = watch->count * sizeof(struct look);
	struct look *now = xcalloc(watch->count, sizeof(*now));
	bool settled;

	look_at(watch, now);
	settled = !memcmp(now, watch->last, size);
	free(watch->last);
	watch->last = now;
	if (!settled || !memcmp(now, watch->known, size))
		return false;
	memcpy(watch->known, now, size);
	return true;
}

void watch_free(struct watch *watch)
{
	size_t i;

	if (!watch)
		return;
	for (i = 0; i < watch->count; i++)
		free(watch->paths[i]);
	free(watch->paths);
	free(watch->known);
	free(watch->last);
	free(watch);
}
