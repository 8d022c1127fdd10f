/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KTLSGATED_DIGEST_H
#define KTLSGATED_DIGEST_H

#include <openssl/evp.h>

/*
 * SHA-256 for what handshakes take digests of. EVP_sha256() is only its name:
 * OpenSSL would look the algorithm up again, under locks, each time.
 */
const EVP_MD *digest_sha256(void);

#endif
