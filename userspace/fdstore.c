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

int fdstore_take_fitting(const char *name,
			 bool (*fits)(int fd, const void *arg), const void *arg)
{
	int i;

	for (i = 0; i < count; i++) {
		int fd = SD_LISTEN_FDS_START + i;

		if (!names[i] || strcmp(names[i], name) ||
		    (fits && !fits(fd, arg)))
			continue;
		free(names[i]);
		names[i] = NULL;
		if (is_listening(fd))
			return fd;
		close(fd);
	}
	return -1;
}

int fdstore_take(const char *name)
{
	return fdstore_take_fitting(name, NULL, NULL);
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
		/* Ours begin with the family, see listeners.c. */
		if (strncmp(names[i], "4-", 2) && strncmp(names[i], "6-", 2))
			log_msg(LOG_WARNING, "a socket unit's socket %s is no gate's: FileDescriptorName must be the name of a gate without steering, ListenStream its listen-port",
				names[i]);
		fdstore_forget(names[i]);
		close(SD_LISTEN_FDS_START + i);
		free(names[i]);
	}
	free(names);
	names = NULL;
	count = 0;
}
