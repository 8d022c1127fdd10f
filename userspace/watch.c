// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "mem.h"
#include "watch.h"

/* What tells one content of a path from another; all 0: not there. */
struct look {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified;
	struct timespec changed;
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
	}
}

struct watch *watch_new(const struct config *config)
{
	struct watch *watch = xcalloc(1, sizeof(*watch));
	size_t i, j;

	for (i = 0; i < config->gate_count; i++) {
		const struct strings *bundles = &config->gates[i].spiffe_bundles;

		add_path(watch, config->gates[i].certificate);
		add_path(watch, config->gates[i].private_key);
		add_path(watch, config->gates[i].client_ca);
		for (j = 1; j < bundles->count; j += 2)
			add_path(watch, bundles->text[j]);
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
