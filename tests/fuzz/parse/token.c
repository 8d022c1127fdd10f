// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * URIs of PKCS#11 tokens. A PIN in the URI is refused however it is hidden among
 * the attributes, and what comes of pin-source is an absolute path.
 */
#include "../fuzz.h"
#include "mem.h"
#include "token.h"

/* Attributes after the first '?' are parted by '&' (RFC 7512 2.3). */
static bool has_pin(const char *uri)
{
	static const char name[] = "pin-value";
	const char *at = strchr(uri, '?');

	for (; at; at = strchr(at, '&')) {
		at++;
		if (!strncmp(at, name, strlen(name)) &&
		    strchr("=&", at[strlen(name)]))
			return true;
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	char *text = fuzz_rest(&in), *uri, *pin, *error;

	if (!text)
		return 0;
	uri = xasprintf("pkcs11:%s", text);
	must(token_is_uri(uri));
	error = token_check(uri, &pin);
	must(!error || !pin);
	must(!pin || *pin == '/');
	must(error || !has_pin(uri));
	free(error);
	free(pin);
	free(uri);
	free(text);
	return 0;
}
