// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "crlfile.h"
#include "crlset.h"
#include "dn.h"
#include "mem.h"

#define DAY 86400

struct reader {
	const struct gate_config *gate;
	struct place place;
	struct report *report;
	OSSL_LIB_CTX *lib;
	X509_STORE *trusted;
	STACK_OF(X509) *between;	/* CAs that are not trusted by themselves */
};

static void complain(struct reader *reader, enum severity severity,
		     char *sentence)
{
	report_add(reader->report, severity, &reader->place, "%s", sentence);
	free(sentence);
}

static void add_between(struct reader *reader, STACK_OF(X509) *from)
{
	int i;

	for (i = 0; i < sk_X509_num(from); i++) {
		X509 *one = sk_X509_value(from, i);

		if (X509_up_ref(one))
			sk_X509_push(reader->between, one);
	}
}

static void add_trusted(struct reader *reader, STACK_OF(X509) *ca)
{
	int i;

	for (i = 0; i < sk_X509_num(ca); i++)
		X509_STORE_add_cert(reader->trusted, sk_X509_value(ca, i));
}

static void open_trust(struct reader *reader, const struct certs *certs,
		       STACK_OF(X509) *beside)
{
	size_t p;

	reader->trusted = X509_STORE_new();
	reader->between = sk_X509_new_null();
	X509_STORE_set_flags(reader->trusted, X509_V_FLAG_PARTIAL_CHAIN |
			     X509_V_FLAG_NO_CHECK_TIME);
	if (!certs->ca && !certs->bundled)
		X509_STORE_set_default_paths_ex(reader->trusted, reader->lib,
						NULL);
	add_trusted(reader, certs->ca);
	add_trusted(reader, certs->bundled);
	for (p = 0; p < certs->count; p++)
		add_between(reader, certs->pairs[p].chain);
	add_between(reader, beside);
}

static bool is_trusted(struct reader *reader, X509 *certificate)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new_ex(reader->lib, NULL);
	bool good;

	good = ctx && X509_STORE_CTX_init(ctx, reader->trusted, certificate,
					  reader->between) &&
	       X509_verify_cert(ctx) == 1;
	X509_STORE_CTX_free(ctx);
	return good;
}

/* The CAs of that name, to be freed. */
static STACK_OF(X509) *authorities(struct reader *reader, const X509_NAME *name)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new_ex(reader->lib, NULL);
	STACK_OF(X509) *all = NULL;
	int i;

	if (ctx && X509_STORE_CTX_init(ctx, reader->trusted, NULL, NULL))
		all = X509_STORE_CTX_get1_certs(ctx, name);
	X509_STORE_CTX_free(ctx);
	if (!all)
		all = sk_X509_new_null();
	for (i = 0; i < sk_X509_num(reader->between); i++) {
		X509 *one = sk_X509_value(reader->between, i);

		if (!X509_NAME_cmp(X509_get_subject_name(one), name) &&
		    is_trusted(reader, one) && X509_up_ref(one))
			sk_X509_push(all, one);
	}
	return all;
}

/* Whose key it is signed with, or NULL and a sentence. */
static X509 *find_signer(struct reader *reader, X509_CRL *crl, const char *file,
			 const char *issuer, char **error)
{
	STACK_OF(X509) *all = authorities(reader, X509_CRL_get_issuer(crl));
	bool may_not = false;
	X509 *signer = NULL;
	int i;

	for (i = 0; i < sk_X509_num(all) && !signer; i++) {
		X509 *one = sk_X509_value(all, i);

		if (!(X509_get_key_usage(one) & KU_CRL_SIGN))
			may_not = true;
		else if (X509_CRL_verify(crl, X509_get0_pubkey(one)) == 1 &&
			 X509_up_ref(one))
			signer = one;
	}
	if (!signer && !sk_X509_num(all))
		*error = xasprintf("%s: the CRL of %s is of another issuer: no CA of this name is trusted by the gate (an intermediate CA's certificate can stand in PEM form beside its CRL)",
				   file, issuer);
	else if (!signer)
		*error = xasprintf("%s: the CRL of %s %s", file, issuer,
				   may_not ?
				   "is of a CA that must not sign CRLs (keyUsage without cRLSign)" :
				   "has a bad signature: it is not of the CA of this name");
	sk_X509_pop_free(all, X509_free);
	ERR_clear_error();
	return signer;
}

static int64_t seconds_of(const ASN1_TIME *when)
{
	struct tm tm;

	return when && ASN1_TIME_to_tm(when, &tm) ? timegm(&tm) : 0;
}

/* NULL, or why the list does not speak for all certificates of its issuer. */
static const char *partial(const X509_CRL *crl)
{
	ISSUING_DIST_POINT *point;
	bool whole;
	int i;

	for (i = 0; i < X509_CRL_get_ext_count(crl); i++) {
		X509_EXTENSION *one = X509_CRL_get_ext(crl, i);
		int nid = OBJ_obj2nid(X509_EXTENSION_get_object(one));

		if (nid == NID_delta_crl)
			return "is a delta CRL: the complete one is needed";
		if (X509_EXTENSION_get_critical(one) &&
		    nid != NID_issuing_distribution_point &&
		    nid != NID_authority_key_identifier)
			return "has a critical extension that is not known here";
	}
	point = X509_CRL_get_ext_d2i(crl, NID_issuing_distribution_point, &i,
				     NULL);
	if (!point)
		return i == -1 ? NULL :
		       "has an issuingDistributionPoint that cannot be read";
	whole = point->onlyuser <= 0 && point->onlyCA <= 0 &&
		point->indirectCRL <= 0 && point->onlyattr <= 0 &&
		!point->onlysomereasons;
	ISSUING_DIST_POINT_free(point);
	return whole ? NULL :
	       "is limited to some certificates or reasons, or of several issuers (issuingDistributionPoint): the complete one is needed";
}

static bool take_entry(const X509_REVOKED *from, struct revoked *out)
{
	ASN1_ENUMERATED *reason;
	int i;

	for (i = 0; i < X509_REVOKED_get_ext_count(from); i++)
		if (X509_EXTENSION_get_critical(X509_REVOKED_get_ext(from, i)))
			return false;
	memset(out, 0, sizeof(*out));
	out->serial_size = serial_take(X509_REVOKED_get0_serialNumber(from),
				       out->serial);
	out->when = seconds_of(X509_REVOKED_get0_revocationDate(from));
	reason = X509_REVOKED_get_ext_d2i(from, NID_crl_reason, NULL, NULL);
	if (reason)
		out->reason = ASN1_ENUMERATED_get(reason);
	ASN1_ENUMERATED_free(reason);
	return true;
}

static const char *take_entries(X509_CRL *from, struct crl *out)
{
	STACK_OF(X509_REVOKED) *all = X509_CRL_get_REVOKED(from);
	int count = all ? sk_X509_REVOKED_num(all) : 0, i;

	out->revoked = xcalloc(count, sizeof(*out->revoked));
	for (i = 0; i < count; i++)
		if (!take_entry(sk_X509_REVOKED_value(all, i),
				&out->revoked[i]))
			return "has an entry with a critical extension that is not known here";
	out->count = count;
	qsort(out->revoked, out->count, sizeof(*out->revoked), revoked_compare);
	return NULL;
}

/* The last fifth of its life, but a day at least and a week at most. */
static int64_t warn_from(int64_t begin, int64_t end)
{
	int64_t ahead = (end - begin) / 5;

	if (ahead < DAY)
		ahead = DAY;
	if (ahead > 7 * DAY)
		ahead = 7 * DAY;
	/* A list for hours cannot be warned of a day before. */
	if (ahead > (end - begin) / 2)
		ahead = (end - begin) / 2;
	return end - ahead;
}

static void take_times(const X509_CRL *from, struct crl *out)
{
	out->this_update = seconds_of(X509_CRL_get0_lastUpdate(from));
	out->next_update = seconds_of(X509_CRL_get0_nextUpdate(from));
	if (out->next_update)
		out->warn_from = warn_from(out->this_update, out->next_update);
}

/* By which it is found: certificates bear the name as their CA spells it. */
static bool take_digests(const X509_CRL *from, const X509 *signer,
			 struct crl *out)
{
	unsigned int size = sizeof(out->issuer);

	return X509_NAME_digest(X509_get_subject_name(signer), EVP_sha256(),
				out->issuer, &size) &&
	       X509_pubkey_digest(signer, EVP_sha256(), out->signer, &size) &&
	       X509_CRL_digest(from, EVP_sha256(), out->digest, &size);
}

static bool take(struct reader *reader, X509_CRL *from, const char *file,
		 struct crl *out)
{
	const char *problem;
	char *error = NULL;
	X509 *signer;
	bool good;

	memset(out, 0, sizeof(*out));
	out->issuer_name = dn_print(X509_CRL_get_issuer(from));
	out->file = xstrdup(file);
	signer = find_signer(reader, from, out->file, out->issuer_name, &error);
	if (!signer) {
		complain(reader, SEVERITY_ERROR, error);
		return false;
	}
	good = take_digests(from, signer, out);
	X509_free(signer);
	problem = good ? partial(from) : "has no digest";
	if (!problem)
		problem = take_entries(from, out);
	if (problem)
		complain(reader, SEVERITY_ERROR,
			 xasprintf("%s: the CRL of %s %s", out->file,
				   out->issuer_name, problem));
	take_times(from, out);
	return !problem;
}

/*
 * Of lists signed with the same key the newest counts. A CA of the same name
 * with another key may have its own: then both count.
 */
static void add(struct crls *crls, struct crl *new)
{
	struct crl old;
	size_t i;

	for (i = 0; i < crls->count; i++) {
		struct crl *one = &crls->crl[i];

		if (memcmp(one->issuer, new->issuer, sizeof(one->issuer)) ||
		    memcmp(one->signer, new->signer, sizeof(one->signer)))
			continue;
		if (one->this_update < new->this_update) {
			old = *one;
			*one = *new;
			*new = old;
		}
		crl_clear(new);
		return;
	}
	crls->crl[crls->count++] = *new;
}

static bool has_list(const struct crls *crls, const X509 *ca)
{
	unsigned int size = 32;
	uint8_t issuer[32];
	size_t i;

	if (!X509_NAME_digest(X509_get_subject_name(ca), EVP_sha256(), issuer,
			      &size))
		return false;
	for (i = 0; i < crls->count; i++)
		if (!memcmp(crls->crl[i].issuer, issuer, sizeof(issuer)))
			return true;
	return false;
}

static void warn_of_missing(struct reader *reader, const struct crls *crls,
			    STACK_OF(X509) *trusted)
{
	int i;

	for (i = 0; i < sk_X509_num(trusted); i++) {
		X509 *ca = sk_X509_value(trusted, i);
		char *name;

		if (has_list(crls, ca))
			continue;
		name = dn_print(X509_get_subject_name(ca));
		complain(reader, SEVERITY_WARNING,
			 xasprintf("no CRL of %s: what this CA issued is refused",
				   name));
		free(name);
	}
}

static void set_digest(struct crls *crls)
{
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	size_t i;
	bool good;

	good = digest && EVP_DigestInit_ex(digest, EVP_sha256(), NULL);
	for (i = 0; good && i < crls->count; i++)
		good = EVP_DigestUpdate(digest, crls->crl[i].digest,
					sizeof(crls->crl[i].digest));
	if (!good || !EVP_DigestFinal_ex(digest, crls->digest, NULL))
		abort();
	EVP_MD_CTX_free(digest);
}

static struct crls *collect(struct reader *reader,
			    const struct crl_files *files)
{
	struct crls *crls = xcalloc(1, sizeof(*crls));
	size_t i;

	crls->accept_expired = reader->gate->crl_expired == CRL_EXPIRED_ACCEPT;
	crls->crl = xcalloc(files->count, sizeof(*crls->crl));
	for (i = 0; i < files->count; i++) {
		struct crl one;

		if (take(reader, files->crl[i], files->file[i], &one))
			add(crls, &one);
		else
			crl_clear(&one);
	}
	set_digest(crls);
	return crls;
}

struct crls *crls_read(const struct gate_config *gate,
		       const struct certs *certs, OSSL_LIB_CTX *lib,
		       enum severity dates, struct report *report)
{
	struct reader reader = {
		.gate = gate, .report = report, .lib = lib,
		.place = config_place(gate, GATE_CRL),
	};
	size_t errors = report->errors;
	struct crl_files files;
	struct crls *crls;

	if (!gate->crl.count)
		return NULL;
	crl_files_read(gate, lib, &files, report);
	open_trust(&reader, certs, files.ca);
	crls = collect(&reader, &files);
	crls_check(crls, gate, dates, report);
	warn_of_missing(&reader, crls, certs->ca);
	warn_of_missing(&reader, crls, certs->bundled);
	X509_STORE_free(reader.trusted);
	sk_X509_pop_free(reader.between, X509_free);
	crl_files_free(&files);
	if (report->errors == errors)
		return crls;
	crls_free(crls);
	return NULL;
}
