/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The passphrase of a private key or PKCS#12 file, or the PIN of a token. */
#ifndef KTLSGATED_PASSPHRASE_H
#define KTLSGATED_PASSPHRASE_H

#include <stdbool.h>

#include "files.h"

/* For one use: what is asked for, and whether it was. */
struct passphrase {
	const char *path;	/* NULL: none was given */
	const struct blob *blob;
	bool asked;
};

/* As file_read(), without the end of the line. */
char *passphrase_read(const char *path, struct blob *out);

/* A pem_password_cb; its last argument is a struct passphrase. */
int passphrase_give(char *buffer, int size, int writing, void *passphrase);

#endif
