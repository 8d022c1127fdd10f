// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "log.h"
#include "mem.h"
#include "steer.h"
#include "steermap.h"
#include "steer.skel.h"

struct steer {
	struct steer_bpf *skeleton;
	struct bpf_link *link;
	struct steer_maps maps;
	char *directory;
	int lock;
};

static const char *const map_names[] = {
	"gates", "exempt", "sockets", "stats", "buckets", "crowded",
};

#define MAPS (sizeof(map_names) / sizeof(*map_names))

static char *directory_of(uint64_t cookie)
{
	return xasprintf("%s/netns-%llu", STEER_PIN_ROOT,
			 (unsigned long long)cookie);
}

static char *map_pin(const char *directory, const char *name)
{
	return xasprintf("%s/%s_v%s", directory, name, STEER_LAYOUT);
}

/* libbpf's own words: of use when a kernel refuses the program. */
static int on_libbpf(enum libbpf_print_level level, const char *format,
		     va_list args)
{
	char line[512];

	if (level > LIBBPF_WARN || log_level() < LOG_DEBUG)
		return 0;
	vsnprintf(line, sizeof(line), format, args);
	line[strcspn(line, "\n")] = '\0';
	log_msg(LOG_DEBUG, "%s", line);
	return 0;
}

static bool make_directory(const char *path, char **error)
{
	if (!mkdir(path, 0700) || errno == EEXIST)
		return true;
	*error = xasprintf("cannot make %s: %s%s", path, strerror(errno),
			   errno == ENOENT || errno == EROFS ?
			   ": is bpffs mounted on /sys/fs/bpf and writable?" :
			   "");
	return false;
}

/* Two helpers that fill the same maps would undo each other's work. */
static bool take_lock(struct steer *steer, char **error)
{
	steer->lock = open(steer->directory,
			   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (steer->lock >= 0 && !flock(steer->lock, LOCK_EX | LOCK_NB))
		return true;
	*error = xasprintf("cannot lock %s: %s", steer->directory,
			   errno == EWOULDBLOCK ?
			   "another ktlsgated steers this network namespace" :
			   strerror(errno));
	return false;
}

static int load(struct steer *steer)
{
	struct bpf_map *map;
	size_t i;
	char *pin;
	int error;

	steer->skeleton = steer_bpf__open();
	if (!steer->skeleton)
		return -errno;
	for (i = 0; i < MAPS; i++) {
		map = bpf_object__find_map_by_name(steer->skeleton->obj,
						   map_names[i]);
		pin = map_pin(steer->directory, map_names[i]);
		error = map ? bpf_map__set_pin_path(map, pin) : -ENOENT;
		free(pin);
		if (error)
			return error;
	}
	return steer_bpf__load(steer->skeleton);
}

static void unpin_maps(const char *directory)
{
	size_t i;

	for (i = 0; i < MAPS; i++) {
		char *pin = map_pin(directory, map_names[i]);

		unlink(pin);
		free(pin);
	}
}

/*
 * Maps of an older helper are used on when they have this layout. If not, new
 * ones are made and filled, and the old ones serve until steer_attach().
 */
static bool load_or_replace(struct steer *steer, char **error)
{
	int result = load(steer);

	if (result) {
		steer_bpf__destroy(steer->skeleton);
		unpin_maps(steer->directory);
		result = load(steer);
	}
	if (!result)
		return true;
	*error = xasprintf("cannot load the steering program: %s%s",
			   strerror(-result), result == -EPERM ?
			   ": CAP_BPF and CAP_NET_ADMIN are needed" : "");
	return false;
}

struct steer *steer_open(uint64_t cookie, char **error)
{
	struct steer *steer = xcalloc(1, sizeof(*steer));

	libbpf_set_print(on_libbpf);
	steer->lock = -1;
	steer->directory = directory_of(cookie);
	if (!make_directory(STEER_PIN_ROOT, error) ||
	    !make_directory(steer->directory, error) ||
	    !take_lock(steer, error) || !load_or_replace(steer, error)) {
		steer_close(steer);
		return NULL;
	}
	steer->maps.gates = bpf_map__fd(steer->skeleton->maps.gates);
	steer->maps.exempt = bpf_map__fd(steer->skeleton->maps.exempt);
	steer->maps.sockets = bpf_map__fd(steer->skeleton->maps.sockets);
	steer->maps.buckets = bpf_map__fd(steer->skeleton->maps.buckets);
	steer->maps.crowded = bpf_map__fd(steer->skeleton->maps.crowded);
	steer->maps.stats = bpf_map__fd(steer->skeleton->maps.stats);
	steer_maps_forget_crowded(&steer->maps);
	return steer;
}

void steer_close(struct steer *steer)
{
	if (!steer)
		return;
	/* A pinned link stays attached when the last descriptor goes. */
	bpf_link__destroy(steer->link);
	steer_bpf__destroy(steer->skeleton);
	if (steer->lock >= 0)
		close(steer->lock);
	free(steer->directory);
	free(steer);
}

bool steer_set(struct steer *steer, const struct steered *gate, char **error)
{
	return steer_maps_set(&steer->maps, gate, error);
}

bool steer_crowded(struct steer *steer, const struct gate_config *gate,
		   int *map, uint32_t *id)
{
	int found = steer_maps_id(&steer->maps, gate);

	*map = steer->maps.crowded;
	*id = found;
	return found >= 0;
}

bool steer_counts(struct steer *steer, const struct gate_config *gate,
		  struct steer_stats *out)
{
	return steer_maps_counts(&steer->maps, gate, out);
}

void steer_keep(struct steer *steer, const struct steered *gates, size_t count)
{
	steer_maps_keep(&steer->maps, gates, count);
}

/* The old program goes and the new one comes in one step of the kernel's. */
static bool update_pinned(struct steer *steer, const char *pin)
{
	struct bpf_program *program = steer->skeleton->progs.steer;

	steer->link = bpf_link__open(pin);
	if (!steer->link) {
		unlink(pin);
		return false;
	}
	if (!bpf_link__update_program(steer->link, program))
		return true;
	/* Detached by someone: nothing is in force, so begin anew. */
	bpf_link__destroy(steer->link);
	steer->link = NULL;
	unlink(pin);
	return false;
}

/* Maps of another layout serve nobody once the program is another one. */
static void unpin_others(const char *directory)
{
	static const char ours[] = "_v" STEER_LAYOUT;
	struct dirent *entry;
	DIR *dir = opendir(directory);

	while (dir && (entry = readdir(dir))) {
		const char *name = entry->d_name, *end = strrchr(name, '_');

		if (end && !strncmp(end, "_v", 2) && strcmp(end, ours))
			unlinkat(dirfd(dir), name, 0);
	}
	if (dir)
		closedir(dir);
}

bool steer_attach(struct steer *steer, int netns, char **error)
{
	char *pin;
	int failed = 0;

	if (steer->link)
		return true;
	pin = xasprintf("%s/link", steer->directory);
	if (access(pin, F_OK) || !update_pinned(steer, pin)) {
		steer->link = bpf_program__attach_netns(
				steer->skeleton->progs.steer, netns);
		if (!steer->link)
			failed = errno;
		else if (bpf_link__pin(steer->link, pin))
			failed = errno;
	}
	if (failed) {
		*error = xasprintf("cannot attach the steering program: %s",
				   strerror(failed));
		bpf_link__destroy(steer->link);
		steer->link = NULL;
	}
	free(pin);
	if (!failed)
		unpin_others(steer->directory);
	return !failed;
}

int steer_detach(uint64_t cookie, char **error)
{
	char *directory = directory_of(cookie);
	char *pin = xasprintf("%s/link", directory);
	struct bpf_link *link;
	int result = 0;

	link = access(pin, F_OK) ? NULL : bpf_link__open(pin);
	if (!link) {
		result = 1;
	} else {
		if (bpf_link__detach(link) || unlink(pin)) {
			*error = xasprintf("cannot detach %s: %s", pin,
					   strerror(errno));
			result = -1;
		}
		/* It is not pinned any more, or was reported. */
		bpf_link__destroy(link);
	}
	if (result >= 0) {
		unpin_maps(directory);
		rmdir(directory);
		rmdir(STEER_PIN_ROOT);
	}
	free(directory);
	free(pin);
	return result;
}

bool steer_attached(uint64_t cookie)
{
	char *directory = directory_of(cookie);
	char *pin = xasprintf("%s/link", directory);
	struct bpf_link_info info = {};
	__u32 size = sizeof(info);
	bool attached = false;
	int fd;

	fd = bpf_obj_get(pin);
	if (fd >= 0) {
		/* A detached link has no namespace. */
		attached = !bpf_obj_get_info_by_fd(fd, &info, &size) &&
			   info.netns.netns_ino;
		close(fd);
	}
	free(directory);
	free(pin);
	return attached;
}
