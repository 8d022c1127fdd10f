// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "format.h"
#include "util.h"

const char *args_next(struct args *a)
{
	return *a->arg ? *a->arg++ : NULL;
}

bool args_take(struct args *a, const char *word)
{
	if (!*a->arg || strcmp(*a->arg, word))
		return false;
	a->arg++;
	return true;
}

const char *args_value(struct args *a, const char *keyword)
{
	const char *value = args_next(a);

	if (!value)
		complain("%s: %s needs a value; see ktlsgate -h", a->command,
			 keyword);
	return value;
}

int args_unknown(const struct args *a, const char *word, const char *known)
{
	char *shown = escape_text(word);

	complain("%s%s'%s' is not one of %s; see ktlsgate -h",
		 a->command ?: "", a->command ? ": " : "", shown, known);
	free(shown);
	return EXIT_USAGE;
}

bool args_end(struct args *a)
{
	char *shown;

	if (!*a->arg)
		return true;
	shown = escape_text(*a->arg);
	complain("%s: '%s' is too much here; see ktlsgate -h", a->command,
		 shown);
	free(shown);
	return false;
}

bool args_u32(struct args *a, const char *keyword, uint32_t min, uint32_t max,
	      uint32_t *value)
{
	const char *text = args_value(a, keyword);
	char *shown;

	if (!text)
		return false;
	if (parse_u32(text, min, max, value))
		return true;
	shown = escape_text(text);
	complain("%s: %s: '%s' is not a number from %u to %u", a->command,
		 keyword, shown, min, max);
	free(shown);
	return false;
}
