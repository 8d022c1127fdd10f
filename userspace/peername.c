// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "mem.h"
#include "peername.h"
#include "../bpf/peername.h"
#include "peername.skel.h"

/* Set by the main thread before a worker has a gate that relays. */
static int names = -1;

/* Where the unified hierarchy is mounted, NULL: nowhere. */
static char *cgroup_mount(void)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *mount;
	char *found = NULL;

	while (mounts && !found && (mount = getmntent(mounts)))
		if (!strcmp(mount->mnt_type, "cgroup2"))
			found = xstrdup(mount->mnt_dir);
	if (mounts)
		endmntent(mounts);
	return found;
}

/* The process's own place in it. */
static char *cgroup_path(void)
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	char *line = NULL, *found = NULL;
	size_t room = 0;

	while (file && !found && getline(&line, &room, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, "0::", 3))
			found = xstrdup(line + 3);
	}
	free(line);
	if (file)
		fclose(file);
	return found;
}

static int cgroup_open(char **error)
{
	char *mount = cgroup_mount(), *path = cgroup_path(), *full;
	int fd = -1;

	if (!mount || !path) {
		*error = xstrdup("there is no cgroup2 hierarchy: mount it on /sys/fs/cgroup");
	} else {
		full = xasprintf("%s%s", mount, path);
		fd = open(full, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			*error = xasprintf("cannot open the own cgroup %s: %s",
					   full, strerror(errno));
		free(full);
	}
	free(mount);
	free(path);
	return fd;
}

static bool attach(struct peername_bpf *skeleton, int cgroup)
{
	skeleton->links.peername4 =
		bpf_program__attach_cgroup(skeleton->progs.peername4, cgroup);
	if (!skeleton->links.peername4)
		return false;
	skeleton->links.peername6 =
		bpf_program__attach_cgroup(skeleton->progs.peername6, cgroup);
	return skeleton->links.peername6;
}

char *peername_open(void)
{
	struct peername_bpf *skeleton;
	char *error = NULL;
	int cgroup;

	if (names >= 0)
		return NULL;
	cgroup = cgroup_open(&error);
	if (cgroup < 0)
		return error;
	skeleton = peername_bpf__open_and_load();
	if (skeleton && attach(skeleton, cgroup)) {
		/* The links last as long as the process. */
		names = bpf_map__fd(skeleton->maps.names);
	} else {
		error = xasprintf("cannot %s the program that names clients: %s%s",
				  skeleton ? "attach" : "load", strerror(errno),
				  errno == EPERM ?
				  ": CAP_BPF and CAP_NET_ADMIN are needed" :
				  "");
		peername_bpf__destroy(skeleton);
	}
	close(cgroup);
	return error;
}

bool peername_set(int fd, const struct address *peer, uint16_t port)
{
	struct peername name = { .port = htons(port) };
	struct sockaddr_storage seen;
	socklen_t size = sizeof(seen);
	struct address address;
	uint16_t seen_port;

	address_map(peer, (uint8_t *)name.address);
	if (names < 0 || bpf_map_update_elem(names, &fd, &name, BPF_ANY) ||
	    getpeername(fd, (struct sockaddr *)&seen, &size))
		return false;
	address_of(&seen, &address, &seen_port);
	return address_equal(&address, peer) && seen_port == port;
}
