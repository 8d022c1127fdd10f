// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files of CAs: PEM or PKCS#12, as client-ca, certificate and bundle of a SPIFFE
 * trust domain. A file is taken whole or refused with a reason, by each of them
 * alike, and each CA that was taken vouches.
 */
#include "../fuzz.h"
#include "anchors.h"
#include "bundles.h"
#include "material.h"

static char domain[] = "acme.com", path[] = "/fuzz.pem";
static char *texts[] = { domain, path };

static const struct gate_config gate = {
	.name = domain, .spiffe = true,
	.spiffe_bundles = { .text = texts, .count = 2 },
};

static void check_anchors(const struct bundles *bundles, STACK_OF(X509) *all)
{
	struct anchors *anchors = anchors_new();
	static char id[] = "spiffe://acme.com/x", other[] = "spiffe://b/x";
	int i;

	bundles_anchors(&gate, bundles, NULL, anchors);
	for (i = 0; i < sk_X509_num(all); i++) {
		struct identity identity = {
			.spiffe_id = id, .chain_count = 1,
		};

		if (!chain_link_of(sk_X509_value(all, i), &identity.chain[0]))
			continue;
		must(anchors_cover(anchors, &identity));
		identity.spiffe_id = other;
		must(!anchors_cover(anchors, &identity));
	}
	anchors_free(anchors);
}

static void check_key(const struct blob *blob)
{
	struct report report = { .file = "fuzz" };
	struct material material = {
		.path = path, .blob = blob, .report = &report,
	};
	EVP_PKEY *key = material_key(&material);

	must(!key == (report.errors > 0));
	EVP_PKEY_free(key);
	report_free(&report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct blob blob = { .data = malloc(size + 1), .size = size };
	struct bundles bundles = { .file = &blob, .count = 1 };
	struct report report = { .file = "fuzz" };
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	STACK_OF(X509) *all;
	bool good;

	if (size)
		memcpy(blob.data, data, size);
	blob.data[size] = '\0';
	good = bundles_enforce(&gate, &bundles, ctx, NULL, &report);
	must(good == !report.errors);
	all = bundles_all(&gate, &bundles, NULL);
	must(good == (sk_X509_num(all) > 0));
	bundles_check(&gate, &bundles, NULL, &report);
	check_anchors(&bundles, all);
	check_key(&blob);
	sk_X509_pop_free(all, X509_free);
	report_free(&report);
	SSL_CTX_free(ctx);
	blob_free(&blob);
	return 0;
}
