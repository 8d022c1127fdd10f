// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SPIFFE IDs. The oracle is the specification's grammar as one regular
 * expression; a valid ID falls apart into a valid trust domain and path, and
 * gives itself again.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "../fuzz.h"
#include "spiffe.h"

static const char grammar[] =
	"^spiffe://[a-z0-9._-]{1,255}"
	"(?:/(?!\\.{1,2}(?:/|\\z))[A-Za-z0-9._-]+)*\\z";

static bool is_valid(const char *id, size_t size)
{
	static pcre2_match_data *match;
	static pcre2_code *code;
	PCRE2_SIZE offset;
	int error;

	if (!code) {
		code = pcre2_compile((PCRE2_SPTR)grammar,
				     PCRE2_ZERO_TERMINATED, 0, &error, &offset,
				     NULL);
		must(code && !pcre2_jit_compile(code, PCRE2_JIT_COMPLETE));
		match = pcre2_match_data_create(8, NULL);
	}
	return size <= SPIFFE_ID_MAX &&
	       pcre2_match(code, (PCRE2_SPTR)id, size, 0, 0, match, NULL) >= 0;
}

static void check_parts(const char *id)
{
	const char *path = spiffe_path(id);
	char *domain = spiffe_domain(id), again[SPIFFE_ID_MAX + 1];

	must(!spiffe_check_domain(domain, strlen(domain)));
	must(!*path || !spiffe_check_path(path, strlen(path)));
	must(snprintf(again, sizeof(again), "%s%s%s", SPIFFE_SCHEME, domain,
		      path) < (int)sizeof(again));
	must(!strcmp(again, id));
	free(domain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	/* Not terminated: the size is what counts. */
	char *bare = malloc(size ? size : 1), *error, *id;

	if (size)
		memcpy(bare, data, size);
	error = spiffe_check_id(bare, size);
	must(!error == is_valid(bare, size));
	must(!error || fuzz_is_printable(error));
	if (!error) {
		id = fuzz_rest(&in);
		must(id);
		check_parts(id);
		free(id);
	}
	free(error);
	free(spiffe_check_domain(bare, size));
	free(spiffe_check_path(bare, size));
	free(bare);
	return 0;
}
