/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KTLSGATED_EXDATA_H
#define KTLSGATED_EXDATA_H

#include <openssl/crypto.h>

/* A CRYPTO_EX_free for data that came from malloc() and owns nothing. */
void exdata_free(void *parent, void *data, CRYPTO_EX_DATA *all, int index,
		 long number, void *arg);

#endif
