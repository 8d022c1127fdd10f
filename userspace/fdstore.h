/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Listening sockets that systemd keeps while the helper is restarted: clients
 * that arrive meanwhile wait in the backlog and are served by the next helper.
 * And those of a socket unit, which listen before the first helper does.
 * Without systemd all of this does nothing. Main thread only.
 */
#ifndef KTLSGATED_FDSTORE_H
#define KTLSGATED_FDSTORE_H

#include <stdbool.h>

/* Takes over what a helper before this one left. Once, at the start. */
void fdstore_open(void);

/* The socket of that name, -1 when there is none. */
int fdstore_take(const char *name);
/* Of those of that name (a socket unit may have several) one that @fits. */
int fdstore_take_fitting(const char *name,
			 bool (*fits)(int fd, const void *arg),
			 const void *arg);
void fdstore_keep(const char *name, int fd);
void fdstore_forget(const char *name);

/*
 * Closes what nobody took: gates that are not configured any more, and sockets
 * of a socket unit that are no gate's, which is told.
 */
void fdstore_sweep(void);

#endif
