/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KTLSGATED_LETTERCASE_H
#define KTLSGATED_LETTERCASE_H

#include <locale.h>

/*
 * UTF-8 in lower ('L') or upper ('U') case as Java's String has it, to be
 * freed; NULL when there is a letter that only Java knows how to change.
 * @locale: one of UTF-8.
 */
char *lettercase_change(const char *text, char to_case, locale_t locale);

#endif
