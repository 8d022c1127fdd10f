// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "javaregex.h"
#include "mem.h"

struct scan {
	const char *at;
	bool class;		/* between '[' and ']' */
	bool caseless;
	bool beyond_ascii;
};

/* ASCII in Java, while some PCRE2 take all of Unicode for them. */
static const char *const ascii_classes[] = {
	"ASCII", "Alnum", "Alpha", "Blank", "Cntrl", "Digit", "Graph", "Lower",
	"Print", "Punct", "Space", "Upper", "XDigit",
};

static char *property(const char *name)
{
	size_t size = strcspn(name, "}"), i;

	for (i = 0; i < sizeof(ascii_classes) / sizeof(*ascii_classes); i++)
		if (strlen(ascii_classes[i]) == size &&
		    !strncmp(ascii_classes[i], name, size))
			return xasprintf("\\p{%s} has more letters here than in Java: write it with [...]",
					 ascii_classes[i]);
	return NULL;
}

static char *escape(struct scan *scan)
{
	const char *end;
	char what = scan->at[1];

	if ((what == 'p' || what == 'P') && scan->at[2] == '{') {
		scan->at += 3;
		return property(scan->at);
	}
	if (what == 'Q') {
		end = strstr(scan->at, "\\E");
		scan->at = end ? end + 2 : scan->at + strlen(scan->at);
		return NULL;
	}
	scan->at += what ? 2 : 1;
	return NULL;
}

static char *in_class(struct scan *scan)
{
	if (*scan->at == '[')
		return xstrdup("a '[' within [...] means another thing in Java: write it as '\\['");
	if (!strncmp(scan->at, "&&", 2))
		return xstrdup("'&&' within [...] means another thing in Java: it is not known here");
	if (*scan->at == ']')
		scan->class = false;
	scan->at++;
	return NULL;
}

/* "(?i)" and "(?i:"; of names, look-around and comments only the beginning. */
static char *flags(struct scan *scan)
{
	const char *first = scan->at + 2;
	size_t size = strspn(first, "abcdefghijklmnopqrstuvwxyz"
			     "ABCDEFGHIJKLMNOPQRSTUVWXYZ-^"), known;

	scan->at = first;
	if (first[size] != ')' && first[size] != ':')
		return NULL;
	known = strspn(first, "ims-");
	if (known < size)
		return xasprintf("flag '%c' in (?...) is not known here, or means another thing in Java: i, m and s are known",
				 first[known]);
	if (memchr(first, 'i', size))
		scan->caseless = true;
	scan->at += size;
	return NULL;
}

static char *outside(struct scan *scan)
{
	if (!strncmp(scan->at, "(?", 2))
		return flags(scan);
	if (*scan->at++ != '[')
		return NULL;
	scan->class = true;
	if (*scan->at == '^')
		scan->at++;
	if (*scan->at == ']')
		scan->at++;
	return NULL;
}

char *javaregex_differs(const char *pattern)
{
	struct scan scan = { .at = pattern };
	char *error = NULL;

	while (!error && *scan.at) {
		if (*scan.at & 0x80)
			scan.beyond_ascii = true;
		if (*scan.at == '\\')
			error = escape(&scan);
		else if (scan.class)
			error = in_class(&scan);
		else
			error = outside(&scan);
	}
	if (!error && scan.caseless && scan.beyond_ascii)
		error = xstrdup("with (?i) only the letters A to Z are alike for Java: write the others as [Ää]");
	return error;
}
