// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "fdstore.h"
#include "log.h"

static char **names;	/* of those left, NULL where one was taken */
static int count;

void fdstore_open(void)
{
	count = sd_listen_fds_with_names(1, &names);
	if (count < 0)
		count = 0;
	if (count)
		log_msg(LOG_INFO, "%d listening sockets are kept from before",
			count);
}

static int is_listening(int fd)
{
	return sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) > 0;
}

int fdstore_take(const char *name)
{
	int i;

	for (i = 0; i < count; i++) {
		if (!names[i] || strcmp(names[i], name))
			continue;
		free(names[i]);
		names[i] = NULL;
		if (is_listening(SD_LISTEN_FDS_START + i))
			return SD_LISTEN_FDS_START + i;
		close(SD_LISTEN_FDS_START + i);
	}
	return -1;
}

static void tell(const char *what, const char *name, const int *fds,
		 unsigned int fd_count)
{
	char state[320];

	snprintf(state, sizeof(state), "%s=1\nFDNAME=%s", what, name);
	sd_pid_notify_with_fds(0, 0, state, fds, fd_count);
}

void fdstore_keep(const char *name, int fd)
{
	tell("FDSTORE", name, &fd, 1);
}

void fdstore_forget(const char *name)
{
	tell("FDSTOREREMOVE", name, NULL, 0);
}

void fdstore_sweep(void)
{
	int i;

	for (i = 0; i < count; i++) {
		if (!names[i])
			continue;
		fdstore_forget(names[i]);
		close(SD_LISTEN_FDS_START + i);
		free(names[i]);
	}
	free(names);
	names = NULL;
	count = 0;
}
