/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_MODULE_H
#define TESTS_MODULE_H

#include <stdbool.h>

bool module_loaded(const char *name);
/* Of ktlsgate, from where the environment's KMOD says: 0 or -errno. */
int module_load(void);
int module_unload(const char *name);

#endif
