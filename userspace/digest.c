// SPDX-License-Identifier: GPL-2.0-or-later
#include <pthread.h>

#include "digest.h"

static EVP_MD *fetched;

static void fetch(void)
{
	fetched = EVP_MD_fetch(NULL, "SHA2-256", NULL);
}

const EVP_MD *digest_sha256(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, fetch);
	return fetched ? fetched : EVP_sha256();
}
