// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines of "rules TAB dn": prints the principal, or "refused: why". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../userspace/mapping.h"

int main(void)
{
	static char line[1 << 16];

	while (fgets(line, sizeof(line), stdin)) {
		char *dn = strchr(line, '\t'), *error, *name = NULL;
		struct mapping *mapping;

		if (!dn)
			return 1;
		line[strcspn(line, "\n")] = '\0';
		*dn++ = '\0';
		mapping = mapping_new(line, NULL, &error);
		if (mapping)
			name = mapping_apply(mapping, dn, &error);
		if (name)
			puts(name);
		else
			printf("refused: %s\n", error);
		if (!name)
			free(error);
		free(name);
		mapping_free(mapping);
	}
	return 0;
}
