// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "anchors.h"
#include "digest.h"
#include "mem.h"
#include "spiffe.h"

struct set {
	char *domain;		/* NULL: any client's */
	size_t count;
	uint8_t (*ca)[32];	/* sorted */
};

struct anchors {
	struct set *set;
	size_t count;
};

bool anchor_digest(const X509 *certificate, uint8_t out[32])
{
	const EVP_MD *sha256 = digest_sha256();
	uint8_t both[64];
	unsigned int size;

	return X509_NAME_digest(X509_get_subject_name(certificate), sha256,
				both, &size) &&
	       X509_pubkey_digest(certificate, sha256, both + 32, &size) &&
	       EVP_Digest(both, sizeof(both), out, &size, sha256, NULL);
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

struct anchors *anchors_new(void)
{
	return xcalloc(1, sizeof(struct anchors));
}

void anchors_add(struct anchors *anchors, const char *domain,
		 const STACK_OF(X509) *ca)
{
	struct set *set;
	int i;

	anchors->set = xrealloc(anchors->set, anchors->count + 1,
				sizeof(*set));
	set = &anchors->set[anchors->count++];
	set->domain = xstrdup(domain);
	set->count = 0;
	set->ca = xcalloc(sk_X509_num(ca) + 1, sizeof(*set->ca));
	for (i = 0; i < sk_X509_num(ca); i++)
		if (anchor_digest(sk_X509_value(ca, i), set->ca[set->count]))
			set->count++;
	qsort(set->ca, set->count, sizeof(*set->ca), compare);
}

void anchors_free(struct anchors *anchors)
{
	size_t i;

	if (!anchors)
		return;
	for (i = 0; i < anchors->count; i++) {
		free(anchors->set[i].domain);
		free(anchors->set[i].ca);
	}
	free(anchors->set);
	free(anchors);
}

static bool is_for(const struct set *set, const struct identity *identity)
{
	char *domain;
	bool same;

	if (!set->domain)
		return true;
	if (!identity->spiffe_id)
		return false;
	domain = spiffe_domain(identity->spiffe_id);
	same = !strcmp(domain, set->domain);
	free(domain);
	return same;
}

static bool has_any(const struct set *set, const struct identity *identity)
{
	unsigned int i;

	for (i = 0; i < identity->chain_count; i++)
		if (bsearch(identity->chain[i].name_and_key, set->ca,
			    set->count, sizeof(*set->ca), compare))
			return true;
	return false;
}

bool anchors_cover(const struct anchors *anchors,
		   const struct identity *identity)
{
	size_t i;

	for (i = 0; i < anchors->count; i++)
		if (is_for(&anchors->set[i], identity) &&
		    has_any(&anchors->set[i], identity))
			return true;
	return false;
}
