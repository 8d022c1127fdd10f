/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Listening sockets that systemd keeps while the helper is restarted: clients
 * that arrive meanwhile wait in the backlog and are served by the next helper.
 * Without systemd all of this does nothing. Main thread only.
 */
#ifndef KTLSGATED_FDSTORE_H
#define KTLSGATED_FDSTORE_H

/* Takes over what a helper before this one left. Once, at the start. */
void fdstore_open(void);

/* The socket of that name, -1 when there is none. */
int fdstore_take(const char *name);
void fdstore_keep(const char *name, int fd);
void fdstore_forget(const char *name);

/* Closes what nobody took: gates that are not configured any more. */
void fdstore_sweep(void);

#endif
