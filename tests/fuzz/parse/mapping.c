// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rules from DN to principal: a byte that says which kind, the rules, NUL, the
 * DN. There is a name or a sentence, the name is UTF-8 if all that went in is,
 * and it is the same a second time.
 */
#include "../fuzz.h"
#include "mapping.h"

static char *apply(const struct mapping *mapping, const char *dn, bool valid)
{
	char *error = NULL, *name = mapping_apply(mapping, dn, &error);

	must(!name == !!error);
	must(!name || *name);
	must(!valid || fuzz_is_utf8(name ? name : error,
				    strlen(name ? name : error)));
	free(error);
	return name;
}

static void check(const struct mapping *mapping, const char *dn, bool valid)
{
	char *name = apply(mapping, dn, valid), *again;

	if (!name)
		return;
	again = apply(mapping, dn, valid);
	/* Only that it takes too long may happen once and not twice. */
	must(!again || !strcmp(name, again));
	free(again);
	free(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	bool regex = fuzz_byte(&in) & 1, valid;
	char *rules = fuzz_text(&in), *dn = fuzz_text(&in), *error = NULL;
	struct mapping *mapping;

	/* A DN is always UTF-8: see dn.h. */
	valid = fuzz_is_utf8(rules, strlen(rules));
	mapping = mapping_new(regex ? NULL : rules, regex ? rules : NULL,
			      &error);
	must(!mapping == !!error);
	if (mapping && fuzz_is_utf8(dn, strlen(dn)))
		check(mapping, dn, valid);
	mapping_free(mapping);
	free(error);
	free(rules);
	free(dn);
	return 0;
}
