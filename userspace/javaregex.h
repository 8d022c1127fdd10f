/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a regular expression of Java would be another one in PCRE2, without
 * an error in either.
 */
#ifndef KTLSGATED_JAVAREGEX_H
#define KTLSGATED_JAVAREGEX_H

/* NULL, or a sentence about what is in @pattern, to be freed. */
char *javaregex_differs(const char *pattern);

#endif
