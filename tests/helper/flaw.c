// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * flaw CERTIFICATE CA: what the helper says of a client's certificate (DER) that
 * no client program would load, but that anyone may send.
 */
#include <stdio.h>
#include <stdlib.h>

#include <openssl/x509_vfy.h>

#include "../../userspace/flaw.h"

static int on_verify(int good, X509_STORE_CTX *ctx)
{
	char *text;

	if (good && !flaw_find(ctx))
		return 1;
	text = flaw_text(ctx);
	puts(text);
	free(text);
	return 0;
}

int main(int argc, char **argv)
{
	FILE *file = argc == 3 ? fopen(argv[1], "r") : NULL;
	X509 *certificate = file ? d2i_X509_fp(file, NULL) : NULL;
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();

	if (!certificate || !X509_STORE_load_file(store, argv[2]) ||
	    !X509_STORE_CTX_init(ctx, store, certificate, NULL))
		return 2;
	X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(ctx), 2);
	X509_STORE_CTX_set_verify_cb(ctx, on_verify);
	return X509_verify_cert(ctx) == 1 ? 0 : 1;
}
