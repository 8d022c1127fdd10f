/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

/* A counter of /proc/net/tls_stat of this namespace; -1: kTLS is not loaded. */
long check_tls_stat(const char *name);
/*
 * Waits until the namespace has no kTLS context and no gated connection. 0, or
 * -1 with a line on stderr that tells what is left.
 */
int check_nothing_left(void);

#endif
