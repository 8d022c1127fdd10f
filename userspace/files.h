/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files read whole into memory, which is wiped when it is given back. */
#ifndef KTLSGATED_FILES_H
#define KTLSGATED_FILES_H

#include <stdbool.h>
#include <stddef.h>

struct blob {
	unsigned char *data;
	size_t size;
	unsigned int mode;	/* permission bits of the file */
};

/* NULL, or a sentence to be freed. The file may have up to 32 MiB. */
char *file_read(const char *path, struct blob *out);
void blob_free(struct blob *blob);

#endif
