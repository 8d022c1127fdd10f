// SPDX-License-Identifier: GPL-2.0-or-later
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "lettercase.h"
#include "mem.h"

/*
 * Letters that Java makes two of, or another one at the end of a word
 * (SpecialCasing.txt of Unicode): no function of C knows them.
 */
static bool is_special(wchar_t wide, char to_case)
{
	static const struct {
		wchar_t first, last;
	} upper[] = {
		{ 0x149, 0x149 }, { 0x1f0, 0x1f0 }, { 0x390, 0x390 },
		{ 0x3b0, 0x3b0 }, { 0x587, 0x587 }, { 0x1e96, 0x1e9a },
		{ 0x1f50, 0x1f50 }, { 0x1f52, 0x1f52 }, { 0x1f54, 0x1f54 },
		{ 0x1f56, 0x1f56 }, { 0x1f80, 0x1faf }, { 0x1fb2, 0x1fb4 },
		{ 0x1fb6, 0x1fb7 }, { 0x1fbc, 0x1fbc }, { 0x1fc2, 0x1fc4 },
		{ 0x1fc6, 0x1fc7 }, { 0x1fcc, 0x1fcc }, { 0x1fd2, 0x1fd3 },
		{ 0x1fd6, 0x1fd7 }, { 0x1fe2, 0x1fe4 }, { 0x1fe6, 0x1fe7 },
		{ 0x1ff2, 0x1ff4 }, { 0x1ff6, 0x1ff7 }, { 0x1ffc, 0x1ffc },
		{ 0xfb00, 0xfb06 }, { 0xfb13, 0xfb17 },
	};
	size_t i;

	if (to_case == 'L')
		return wide == 0x130 || wide == 0x3a3;
	for (i = 0; i < sizeof(upper) / sizeof(*upper); i++)
		if (wide >= upper[i].first && wide <= upper[i].last)
			return true;
	return false;
}

char *lettercase_change(const char *text, char to_case, locale_t locale)
{
	locale_t old = uselocale(locale);
	struct text out = {};
	mbstate_t in_state = {}, out_state = {};
	char bytes[MB_LEN_MAX];
	size_t used;
	wchar_t wide;

	text_add(&out, "", 0);
	while (*text) {
		used = mbrtowc(&wide, text, strlen(text), &in_state);
		if (used == (size_t)-1 || used == (size_t)-2)
			break;
		if (is_special(wide, to_case)) {
			text_free(&out);
			break;
		}
		text += used;
		/* Java knows that this one has two capitals. */
		if (to_case == 'U' && wide == 0xdf) {
			text_puts(&out, "SS");
			continue;
		}
		wide = to_case == 'L' ? towlower(wide) : towupper(wide);
		used = wcrtomb(bytes, wide, &out_state);
		if (used != (size_t)-1)
			text_add(&out, bytes, used);
	}
	uselocale(old);
	return out.data;
}
