// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "files.h"
#include "mem.h"

/* A CRL of half a million entries. */
#define FILE_MAX (32 << 20)

/* Read straight into one buffer, so that no copy of a key stays behind. */
char *file_read(const char *path, struct blob *out)
{
	struct stat st;
	ssize_t got;
	int fd;

	memset(out, 0, sizeof(*out));
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st)) {
		char *text = xasprintf("cannot read %s: %s", path,
				       strerror(errno));

		if (fd >= 0)
			close(fd);
		return text;
	}
	if (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX) {
		close(fd);
		return xasprintf("cannot read %s: %s", path,
				 S_ISREG(st.st_mode) ?
				 "more than 32 MiB" : "not a regular file");
	}
	out->mode = st.st_mode & 07777;
	out->data = xcalloc(1, st.st_size + 1);
	while (out->size < (size_t)st.st_size) {
		got = read(fd, out->data + out->size, st.st_size - out->size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		out->size += got;
	}
	close(fd);
	if (out->size == (size_t)st.st_size)
		return NULL;
	blob_free(out);
	return xasprintf("cannot read %s: it became shorter meanwhile", path);
}

void blob_free(struct blob *blob)
{
	if (blob->data)
		OPENSSL_cleanse(blob->data, blob->size);
	free(blob->data);
	memset(blob, 0, sizeof(*blob));
}
