// SPDX-License-Identifier: GPL-2.0-or-later
/* Prints each name, DER in hexadecimal on a line, as ktlsgated would. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "../../userspace/dn.h"

int main(void)
{
	static char line[1 << 20];

	while (fgets(line, sizeof(line), stdin)) {
		const unsigned char *at;
		unsigned char *der;
		X509_NAME *name;
		char *text;
		long size;

		line[strcspn(line, "\n")] = '\0';
		der = OPENSSL_hexstr2buf(line, &size);
		at = der;
		name = d2i_X509_NAME(NULL, &at, size);
		if (!name) {
			puts("unreadable");
			OPENSSL_free(der);
			continue;
		}
		text = dn_print(name);
		/* One line each, whatever is in it. */
		for (at = (unsigned char *)text; *at; at++)
			printf("%02x", *at);
		puts("");
		free(text);
		X509_NAME_free(name);
		OPENSSL_free(der);
	}
	return 0;
}
