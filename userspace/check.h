/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KTLSGATED_CHECK_H
#define KTLSGATED_CHECK_H

#include <stdbool.h>

/*
 * Prints what is wrong with the file and what it would do, changing nothing.
 * The exit status: 0 nothing found, 1 warnings, 2 errors.
 */
int check_file(const char *file, bool json);

#endif
