/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the libFuzzer targets share. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A finding: what must hold, whatever the input. */
#define must(condition) do { \
	if (!(condition)) { \
		fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, \
			__LINE__, #condition); \
		abort(); \
	} \
} while (0)

/* The input, taken from its beginning. */
struct fuzz_input {
	const uint8_t *data;
	size_t size;
};

uint8_t fuzz_byte(struct fuzz_input *in);	/* 0 at the end */
/*
 * Text up to a NUL, which is skipped, or to the end; to be freed. Its room is
 * exact, so that the sanitizer sees who reads behind it.
 */
char *fuzz_text(struct fuzz_input *in);
/* The same of the rest, which must have no NUL in it; else NULL. */
char *fuzz_rest(struct fuzz_input *in);

/* A file with these bytes, until the next one is wanted. */
const char *fuzz_file(const void *data, size_t size);

bool fuzz_is_utf8(const char *text, size_t size);
bool fuzz_is_printable(const char *text);	/* ASCII without controls */

/* The same in each run: a key, and a CA's certificate of it. */
EVP_PKEY *fuzz_key(void);
X509 *fuzz_ca(void);
/* A client's certificate with this serial number, signed by the CA. */
X509 *fuzz_leaf(long serial);

#endif
