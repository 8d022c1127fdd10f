// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"
#include "net.h"

#define ROOT "/sys/fs/cgroup"

int cgroup_make(const char *group)
{
	char path[128];

	net_put(ROOT "/cgroup.subtree_control", "+memory");
	snprintf(path, sizeof(path), ROOT "/%s", group);
	return mkdir(path, 0755) && errno != EEXIST ? -1 : 0;
}

int cgroup_remove(const char *group)
{
	char path[128];

	snprintf(path, sizeof(path), ROOT "/%s", group);
	return rmdir(path);
}

int cgroup_enter(const char *group)
{
	char path[128];

	snprintf(path, sizeof(path), ROOT "/%s/cgroup.procs",
		 group ? group : ".");
	return net_put(path, "0");
}

long cgroup_sock(const char *group)
{
	char path[128], word[64];
	long n, value = -1;
	FILE *f;

	snprintf(path, sizeof(path), ROOT "/%s/memory.stat", group);
	f = fopen(path, "r");
	if (!f)
		return -1;
	while (fscanf(f, "%63s %ld", word, &n) == 2)
		if (!strcmp(word, "sock"))
			value = n;
	fclose(f);
	return value;
}
