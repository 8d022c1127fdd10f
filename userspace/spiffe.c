// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "spiffe.h"

#define DIGITS "0123456789"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static const char domain_bytes[] = LOWER DIGITS ".-_";
static const char segment_bytes[] = LOWER UPPER DIGITS ".-_";

/* The first byte that is none of @allowed, or NULL. */
static const char *stray(const char *text, size_t size, const char *allowed)
{
	size_t i;

	for (i = 0; i < size; i++)
		if (!text[i] || !strchr(allowed, text[i]))
			return &text[i];
	return NULL;
}

static char *byte_name(char byte)
{
	if (byte > ' ' && byte < 0x7f)
		return xasprintf("'%c'", byte);
	return xasprintf("byte 0x%02x", (unsigned char)byte);
}

static char *stray_error(const char *where, const char *at, const char *allowed)
{
	char *name = byte_name(*at), *error;

	error = xasprintf("%s has %s in it: only %s, digits, '.', '-' and '_' are allowed",
			  where, name, allowed);
	free(name);
	return error;
}

char *spiffe_check_domain(const char *name, size_t size)
{
	const char *at = stray(name, size, domain_bytes);

	if (!size)
		return xstrdup("there is no trust domain");
	if (at)
		return stray_error("the trust domain", at, "lowercase letters");
	if (size > SPIFFE_DOMAIN_MAX)
		return xasprintf("the trust domain is longer than %d bytes",
				 SPIFFE_DOMAIN_MAX);
	return NULL;
}

static char *check_segment(const char *segment, size_t size)
{
	const char *at = stray(segment, size, segment_bytes);

	if (at)
		return stray_error("the path", at, "letters");
	if ((size == 1 && *segment == '.') ||
	    (size == 2 && !memcmp(segment, "..", 2)))
		return xasprintf("the path has a segment '%.*s'", (int)size,
				 segment);
	return NULL;
}

char *spiffe_check_path(const char *path, size_t size)
{
	const char *end = path + size;

	if (!size || *path != '/')
		return xstrdup("a path begins with '/'");
	while (path < end) {
		const char *segment = path + 1;
		char *error;

		path = memchr(segment, '/', end - segment);
		if (!path)
			path = end;
		if (path == segment)
			return xstrdup(path == end ?
				       "the path ends with '/'" :
				       "the path has an empty segment");
		error = check_segment(segment, path - segment);
		if (error)
			return error;
	}
	return NULL;
}

char *spiffe_check_id(const char *id, size_t size)
{
	const size_t scheme = strlen(SPIFFE_SCHEME);
	const char *domain = id + scheme, *path;
	char *error;

	if (size < scheme || memcmp(id, SPIFFE_SCHEME, scheme))
		return xstrdup("it does not begin with " SPIFFE_SCHEME);
	if (size > SPIFFE_ID_MAX)
		return xasprintf("it is longer than %d bytes", SPIFFE_ID_MAX);
	path = memchr(domain, '/', size - scheme);
	if (!path)
		return spiffe_check_domain(domain, size - scheme);
	error = spiffe_check_domain(domain, path - domain);
	return error ? error : spiffe_check_path(path, id + size - path);
}

const char *spiffe_path(const char *id)
{
	return strchrnul(id + strlen(SPIFFE_SCHEME), '/');
}

char *spiffe_domain(const char *id)
{
	const char *domain = id + strlen(SPIFFE_SCHEME);

	return xstrndup(domain, spiffe_path(id) - domain);
}
