// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "anchors.h"
#include "mem.h"

struct anchors {
	size_t count;
	uint8_t (*ca)[32];	/* sorted */
};

bool anchor_digest(X509 *certificate, uint8_t out[32])
{
	uint8_t both[64];
	unsigned int size;

	return X509_NAME_digest(X509_get_subject_name(certificate),
				EVP_sha256(), both, &size) &&
	       X509_pubkey_digest(certificate, EVP_sha256(), both + 32,
				  &size) &&
	       EVP_Digest(both, sizeof(both), out, &size, EVP_sha256(), NULL);
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

struct anchors *anchors_new(const STACK_OF(X509) *ca)
{
	struct anchors *anchors = xcalloc(1, sizeof(*anchors));
	int i;

	anchors->ca = xcalloc(sk_X509_num(ca) + 1, sizeof(*anchors->ca));
	for (i = 0; i < sk_X509_num(ca); i++)
		if (anchor_digest(sk_X509_value(ca, i),
				  anchors->ca[anchors->count]))
			anchors->count++;
	qsort(anchors->ca, anchors->count, sizeof(*anchors->ca), compare);
	return anchors;
}

void anchors_free(struct anchors *anchors)
{
	if (!anchors)
		return;
	free(anchors->ca);
	free(anchors);
}

bool anchors_cover(const struct anchors *anchors,
		   const struct identity *identity)
{
	unsigned int i;

	for (i = 0; i < identity->chain_count; i++)
		if (bsearch(identity->chain[i].name_and_key, anchors->ca,
			    anchors->count, sizeof(*anchors->ca), compare))
			return true;
	return false;
}
