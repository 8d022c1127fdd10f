// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "mem.h"
#include "passphrase.h"

/* OpenSSL's buffer for a passphrase has 1024 bytes. */
#define PASSPHRASE_MAX 1000

char *passphrase_read(const char *path, struct blob *out)
{
	char *error = file_read(path, out);

	if (error)
		return error;
	if (out->size && out->data[out->size - 1] == '\n')
		out->data[--out->size] = '\0';
	if (out->size && out->data[out->size - 1] == '\r')
		out->data[--out->size] = '\0';
	if (out->size && out->size <= PASSPHRASE_MAX &&
	    !memchr(out->data, '\n', out->size) &&
	    !memchr(out->data, '\0', out->size))
		return NULL;
	error = xasprintf(out->size ?
			  "%s is not one line of at most %d bytes: is it a passphrase?" :
			  "%s holds no passphrase, it is empty", path,
			  PASSPHRASE_MAX);
	blob_free(out);
	return error;
}

int passphrase_give(char *buffer, int size, int writing, void *passphrase)
{
	struct passphrase *one = passphrase;

	(void)writing;
	one->asked = true;
	if (!one->path || one->blob->size > (size_t)size)
		return -1;
	memcpy(buffer, one->blob->data, one->blob->size);
	return (int)one->blob->size;
}
