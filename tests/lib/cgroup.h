/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_CGROUP_H
#define TESTS_CGROUP_H

/*
 * Groups below the root of cgroup v2, with the memory controller. 0, or -1 and
 * errno; making one that is there is no error.
 */
int cgroup_make(const char *group);
int cgroup_remove(const char *group);
/* This process; NULL: back to the root. */
int cgroup_enter(const char *group);
/* Bytes of sockets, as the group counts them; -1: cannot tell. */
long cgroup_sock(const char *group);

#endif
