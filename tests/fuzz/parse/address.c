// SPDX-License-Identifier: GPL-2.0-or-later
/* Addresses and prefixes: what was read prints, and reads the same again. */
#include "../fuzz.h"
#include "address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	char *text = fuzz_rest(&in), *printed, line[ADDRESS_TEXT];
	struct prefix prefix, again;
	struct address address;

	if (!text)
		return 0;
	if (address_parse(text, &address)) {
		address_print(&address, 65535, line);
		must(strlen(line) < sizeof(line) && fuzz_is_printable(line));
		must(prefix_parse(text, &prefix));
		must(address_equal(&prefix.address, &address));
	}
	if (prefix_parse(text, &prefix)) {
		printed = prefix_text(&prefix);
		must(prefix_parse(printed, &again));
		must(again.length == prefix.length &&
		     address_equal(&again.address, &prefix.address));
		free(printed);
	}
	free(text);
	return 0;
}
