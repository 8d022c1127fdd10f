// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/x509.h>

#include "mem.h"
#include "token.h"
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
	struct text known;	/* looks of what the gates were made from */
	struct text last;	/* and of what the last look found */
};

static void add_path(struct watch *watch, const char *path)
{
	if (!path)
		return;
	watch->paths = xrealloc(watch->paths, watch->count + 1,
				sizeof(*watch->paths));
	watch->paths[watch->count++] = xstrdup(path);
}

/* Where OpenSSL looks, for it may be told by the environment. */
static void add_system_store(struct watch *watch)
{
	const char *file = secure_getenv(X509_get_default_cert_file_env());
	const char *folder = secure_getenv(X509_get_default_cert_dir_env());

	add_path(watch, file ? file : X509_get_default_cert_file());
	add_path(watch, folder ? folder : X509_get_default_cert_dir());
}

static void add_gate(struct watch *watch, const struct gate_config *gate)
{
	size_t i;

	for (i = 0; i < gate->pair_count; i++) {
		const struct pair_config *pair = &gate->pairs[i];

		add_path(watch, pair->certificate);
		if (!token_is_uri(pair->private_key))
			add_path(watch, pair->private_key);
		add_path(watch, pair->passphrase_file);
	}
	add_path(watch, gate->client_ca);
	for (i = 1; i < gate->spiffe_bundles.count; i += 2)
		add_path(watch, gate->spiffe_bundles.text[i]);
	for (i = 0; i < gate->crl.count; i++)
		add_path(watch, gate->crl.text[i]);
	if (!gate->client_ca && !gate->spiffe_bundles.count &&
	    gate->client_auth != CLIENT_AUTH_NONE)
		add_system_store(watch);
}

/* True for a folder. */
static bool look_at(const char *path, struct text *out)
{
	bool folder = false;
	struct look look;
	struct stat st;

	memset(&look, 0, sizeof(look));
	if (!stat(path, &st)) {
		folder = S_ISDIR(st.st_mode);
		look.device = st.st_dev;
		look.inode = st.st_ino;
		look.size = st.st_size;
		look.modified = st.st_mtim;
		look.changed = st.st_ctim;
	}
	text_add(out, (const char *)&look, sizeof(look));
	return folder;
}

/* Its files as well, which are written in place or are links to others. */
static void look_into(const char *path, struct text *out)
{
	struct dirent **entries;
	int count, i;

	count = scandir(path, &entries, NULL, alphasort);
	for (i = 0; i < count; i++) {
		char *file = xasprintf("%s/%s", path, entries[i]->d_name);

		if (entries[i]->d_name[0] != '.')
			look_at(file, out);
		free(file);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

static void look_at_all(const struct watch *watch, struct text *out)
{
	size_t i;

	for (i = 0; i < watch->count; i++)
		if (look_at(watch->paths[i], out))
			look_into(watch->paths[i], out);
}

static bool same(const struct text *a, const struct text *b)
{
	return a->length == b->length &&
	       (!a->length || !memcmp(a->data, b->data, a->length));
}

struct watch *watch_new(const struct config *config)
{
	struct watch *watch = xcalloc(1, sizeof(*watch));
	size_t i;

	for (i = 0; i < config->gate_count; i++)
		add_gate(watch, &config->gates[i]);
	look_at_all(watch, &watch->known);
	look_at_all(watch, &watch->last);
	return watch;
}

bool watch_changed(struct watch *watch)
{
	struct text now = {};
	bool settled;

	look_at_all(watch, &now);
	settled = same(&now, &watch->last);
	text_free(&watch->last);
	watch->last = now;
	if (!settled || same(&now, &watch->known))
		return false;
	watch->known.length = 0;
	text_add(&watch->known, now.data, now.length);
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
	text_free(&watch->known);
	text_free(&watch->last);
	free(watch);
}
