/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A socket goes to another process, as the kernel has always offered it: SCM_RIGHTS,
 * unix(7). What a handoff takes that does nothing else.
 */
#ifndef _BENCH_PASS_H
#define _BENCH_PASS_H

/* Gives @fd away to whoever takes from the other end of @to. */
void pass_give(int to, int fd);

/* The next one; ends the process when nobody gives any more. */
int pass_take(int from);

#endif /* _BENCH_PASS_H */
