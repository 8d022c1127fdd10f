// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who may pass: a byte of flags, one entry, NUL, the principal. The oracle walks
 * along both; whoever is denied by an entry stays out, whatever is allowed.
 */
#include "../fuzz.h"
#include "admission.h"

/*
 * A run of backslashes before a star belongs to it: of an odd number the last one
 * makes it the character, else it stands for any rest.
 */
static bool means(const char *entry, const char *principal, bool anonymous)
{
	const char *begin = entry += strlen("User:");

	while (*entry) {
		size_t run = strspn(entry, "\\");
		bool star = entry[run] == '*';

		if (strncmp(entry, principal, star ? run & ~1UL : run))
			return false;
		principal += star ? run & ~1UL : run;
		entry += run;
		if (star && !(run & 1))
			return entry == begin || !anonymous;
		if (*entry != *principal)
			return false;
		if (*entry) {
			entry++;
			principal++;
		}
	}
	return !*principal;
}

static bool passes(char *allow, char *deny, const char *principal,
		   bool anonymous)
{
	struct gate_config gate = {
		.allow = { .text = &allow, .count = !!allow },
		.deny = { .text = &deny, .count = !!deny },
	};
	struct admission *admission = admission_new(&gate);
	char *why = admission_refuses(admission, principal, anonymous);
	bool good = !why;

	must(good || strstr(why, principal));
	free(why);
	admission_free(admission);
	return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	bool anonymous = fuzz_byte(&in) & 1, meant;
	char *entry = fuzz_text(&in), *principal = fuzz_text(&in);
	static char everyone[] = "User:*";

	must(passes(NULL, NULL, principal, anonymous));
	must(!passes(NULL, everyone, principal, anonymous));
	if (!admission_check(entry)) {
		meant = means(entry, principal, anonymous);
		must(passes(entry, NULL, principal, anonymous) == meant);
		must(passes(everyone, entry, principal, anonymous) == !meant);
		must(!passes(entry, entry, principal, anonymous));
	}
	free(entry);
	free(principal);
	return 0;
}
