/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SPIFFE IDs, as the SPIFFE-ID specification defines them. Compared byte by
 * byte: what is valid has one spelling only.
 */
#ifndef KTLSGATED_SPIFFE_H
#define KTLSGATED_SPIFFE_H

#include <stddef.h>

#define SPIFFE_SCHEME		"spiffe://"
#define SPIFFE_ID_MAX		2048
#define SPIFFE_DOMAIN_MAX	255

/* NULL when it is valid, or what is wrong with it, to be freed. */
char *spiffe_check_id(const char *id, size_t size);
char *spiffe_check_domain(const char *name, size_t size);
char *spiffe_check_path(const char *path, size_t size);

/* Of a valid ID: its path with the '/', or "" when it has none. */
const char *spiffe_path(const char *id);
char *spiffe_domain(const char *id);	/* to be freed */

#endif
