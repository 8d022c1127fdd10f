/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a file of kmod/ that only looks at bytes needs of the kernel. */
#ifndef TESTS_FUZZ_KERNEL_TYPES_H
#define TESTS_FUZZ_KERNEL_TYPES_H

#include_next <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;

#endif
