// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Expressions of Java. What is quoted is never an objection; what is objected to
 * stays so with text before it that means itself.
 */
#include "../fuzz.h"
#include "javaregex.h"
#include "mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	char *pattern = fuzz_rest(&in), *error, *longer, *same;

	if (!pattern)
		return 0;
	error = javaregex_differs(pattern);
	must(!error || *error);
	longer = xasprintf("CN=x,%s", pattern);
	same = javaregex_differs(longer);
	must(!error == !same);
	free(same);
	free(longer);
	if (!strstr(pattern, "\\E")) {
		longer = xasprintf("\\Q%s\\E", pattern);
		must(!javaregex_differs(longer));
		free(longer);
	}
	free(error);
	free(pattern);
	return 0;
}
