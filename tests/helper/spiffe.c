// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines with a SPIFFE ID: prints "valid", or "invalid: why". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../userspace/spiffe.h"

int main(void)
{
	static char line[1 << 16];

	while (fgets(line, sizeof(line), stdin)) {
		char *error;

		line[strcspn(line, "\n")] = '\0';
		error = spiffe_check_id(line, strlen(line));
		if (error)
			printf("invalid: %s\n", error);
		else
			puts("valid");
		free(error);
	}
	return 0;
}
