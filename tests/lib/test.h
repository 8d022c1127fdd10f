/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"

/* Three kernels and a debug kernel under TCG: 30 s are too few for some. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 180

#include "check.h"
#include "gate.h"
#include "net.h"
#include "pair.h"
#include "tls.h"

#define ARRAY_SIZE_OF(a) (sizeof(a) / sizeof((a)[0]))

#endif
