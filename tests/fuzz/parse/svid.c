// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Certificates of clients, in DER: as X.509-SVID, as link of a chain, and where
 * their OCSP responder is. What has an ID has a valid one with a path, and a
 * sentence about what has none is UTF-8.
 */
#include "../fuzz.h"
#include "identity.h"
#include "ocspquery.h"
#include "spiffe.h"
#include "svid.h"

static void check_sentence(char *text)
{
	must(!text || (*text && fuzz_is_utf8(text, strlen(text))));
	free(text);
}

static void check_id(X509 *certificate)
{
	char *error = NULL, *id = svid_id(certificate, &error);

	must(!id == !!error);
	if (id) {
		must(!spiffe_check_id(id, strlen(id)));
		must(*spiffe_path(id));
		/* It would be taken for a workload's, whoever signs by it. */
		error = svid_check_signer(certificate);
		must(error);
	}
	check_sentence(error);
	free(id);
}

static void check_link(X509 *certificate)
{
	struct chain_link link;
	char *url;

	if (chain_link_of(certificate, &link))
		must(link.serial_size <= SERIAL_MAX);
	url = ocsp_responder_of(certificate);
	must(!url || !strncmp(url, "http://", 7));
	free(url);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const unsigned char *at = data;
	X509 *certificate = d2i_X509(NULL, &at, size);

	if (!certificate)
		return 0;
	check_id(certificate);
	check_sentence(svid_check_leaf(certificate));
	check_sentence(svid_check_signer(certificate));
	check_link(certificate);
	X509_free(certificate);
	return 0;
}
