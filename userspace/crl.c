// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/x509v3.h>

#include <linux/ktlsgate.h>

#include "certs.h"
#include "crl.h"
#include "dn.h"
#include "log.h"
#include "mem.h"

/* Clocks may differ by so many seconds. */
#define SKEW 300

static int ex_index = -1;

void crls_open(void)
{
	ex_index = X509_STORE_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}

/* RFC 5280 5.3.1, spelled as there. */
static const char *const reasons[] = {
	"no reason given", "keyCompromise", "cACompromise",
	"affiliationChanged", "superseded", "cessationOfOperation",
	"certificateHold", NULL, "removeFromCRL", "privilegeWithdrawn",
	"aACompromise",
};

static const char *reason_name(unsigned int reason)
{
	if (reason >= sizeof(reasons) / sizeof(*reasons) || !reasons[reason])
		return "a reason of unknown number";
	return reasons[reason];
}

int revoked_compare(const void *a, const void *b)
{
	const struct revoked *x = a, *y = b;

	if (x->serial_size != y->serial_size)
		return x->serial_size < y->serial_size ? -1 : 1;
	return memcmp(x->serial, y->serial, x->serial_size);
}

/* What the lists say about one certificate. */
struct said {
	const struct crl *revoked_by;
	const struct revoked *entry;
	const struct crl *expired;
	bool listed;		/* its issuer has a list at all */
};

/*
 * True when nothing is wrong with it. @anchor: it is trusted by itself, so a
 * list must not be there; but if one says that it was revoked, that counts.
 */
static bool ask(const struct crls *crls, const struct chain_link *link,
		bool anchor, struct said *out)
{
	int64_t now = time(NULL);
	struct revoked key = { .serial_size = link->serial_size };
	size_t i;

	memset(out, 0, sizeof(*out));
	memcpy(key.serial, link->serial, link->serial_size);
	for (i = 0; i < crls->count; i++) {
		const struct crl *crl = &crls->crl[i];
		const struct revoked *entry;

		if (memcmp(crl->issuer, link->issuer, sizeof(crl->issuer)))
			continue;
		out->listed = true;
		entry = bsearch(&key, crl->revoked, crl->count,
				sizeof(*crl->revoked), revoked_compare);
		if (entry) {
			out->revoked_by = crl;
			out->entry = entry;
		}
		if (crl->next_update && crl->next_update < now &&
		    !crls->accept_expired)
			out->expired = crl;
	}
	return !out->entry && (anchor || (out->listed && !out->expired));
}

static void print_time(int64_t when, char out[CERT_TIME_TEXT])
{
	time_t seconds = when;
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) ||
	    !strftime(out, CERT_TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm))
		snprintf(out, CERT_TIME_TEXT, "an unreadable date");
}

static void print_serial(const struct chain_link *link, char out[48])
{
	unsigned int i;

	out[0] = '\0';
	for (i = 0; i < link->serial_size; i++)
		snprintf(out + 2 * i, 48 - 2 * i, "%02X", link->serial[i]);
}

static char *describe(const struct said *said, const struct chain_link *link,
		      const char *who, const char *issuer)
{
	char when[CERT_TIME_TEXT], serial[48];

	print_serial(link, serial);
	if (said->entry) {
		print_time(said->entry->when, when);
		return xasprintf("%s (serial %s) was revoked on %s: %s (CRL of %s in %s)",
				 who, serial, when,
				 reason_name(said->entry->reason),
				 said->revoked_by->issuer_name,
				 said->revoked_by->file);
	}
	if (said->expired) {
		print_time(said->expired->next_update, when);
		return xasprintf("%s (serial %s) cannot be checked: the CRL of %s in %s expired on %s",
				 who, serial, said->expired->issuer_name,
				 said->expired->file, when);
	}
	return xasprintf("%s (serial %s) cannot be checked: no CRL of its issuer%s%s",
			 who, serial, issuer ? " " : "", issuer ? issuer : "");
}

bool crl_judge(const struct crls *crls, const struct identity *identity,
	       struct verdict *verdict, uint8_t *alert)
{
	unsigned int i;

	for (i = 0; i < identity->chain_count; i++) {
		const struct chain_link *link = &identity->chain[i];
		/* The last one, unless the client's is all we have. */
		bool anchor = i && i + 1 == identity->chain_count;
		struct said said;
		char *who, *text;

		if (ask(crls, link, anchor, &said))
			continue;
		who = xasprintf(i ? "a CA certificate above %s" :
				"certificate %s", identity->subject);
		text = describe(&said, link, who, i ? NULL : identity->issuer);
		verdict_set(verdict, KTLSGATE_REFUSAL_BAD_CERTIFICATE, "%s",
			    text);
		*alert = said.entry ? SSL_AD_CERTIFICATE_REVOKED :
			 SSL_AD_CERTIFICATE_UNKNOWN;
		free(who);
		free(text);
		return false;
	}
	return true;
}

/* NULL when nothing is wrong with it. */
static char *refuse_certificate(const struct crls *crls, X509 *certificate,
				bool anchor, bool *revoked)
{
	char *subject, *issuer, *who, *text;
	struct chain_link link;
	struct said said = {};

	if (chain_link_of(certificate, &link) &&
	    ask(crls, &link, anchor, &said))
		return NULL;
	*revoked = said.entry;
	subject = dn_print(X509_get_subject_name(certificate));
	issuer = dn_print(X509_get_issuer_name(certificate));
	who = xasprintf("certificate %s", subject);
	text = describe(&said, &link, who, issuer);
	free(who);
	free(issuer);
	free(subject);
	return text;
}

/*
 * In place of OpenSSL's own: that would hash the whole of a list in every
 * handshake, keep one in memory for each worker, and want lists for trust
 * anchors, whose issuer nobody knows.
 */
static int check_revocation(X509_STORE_CTX *store)
{
	const struct crls *crls;
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(store);
	int count = sk_X509_num(chain), i;

	crls = X509_STORE_get_ex_data(X509_STORE_CTX_get0_store(store),
				      ex_index);
	for (i = 0; i < count; i++) {
		bool revoked;
		char *text;

		text = refuse_certificate(crls, sk_X509_value(chain, i),
					  i && i + 1 == count, &revoked);
		if (!text)
			continue;
		verdict_note(store, text);
		/* The second becomes alert certificate_unknown. */
		X509_STORE_CTX_set_error(store, revoked ?
					 X509_V_ERR_CERT_REVOKED :
					 X509_V_ERR_CRL_PATH_VALIDATION_ERROR);
		X509_STORE_CTX_set_error_depth(store, i);
		return 0;
	}
	return 1;
}

void crls_enable(SSL_CTX *ctx, const struct crls *crls)
{
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);

	if (!X509_STORE_set_ex_data(store, ex_index, (void *)crls))
		abort();
	X509_STORE_set_check_revocation(store, check_revocation);
}

static const char *expired_means(const struct crls *crls)
{
	return crls->accept_expired ?
	       "it is used nevertheless (crl-expired)" :
	       "certificates of this issuer are refused";
}

static void check_times(const struct crls *crls, struct crl *crl,
			const struct place *place, enum severity dates,
			struct report *report)
{
	int64_t now = time(NULL);
	char when[CERT_TIME_TEXT];

	print_time(crl->this_update, when);
	if (crl->this_update > now + SKEW)
		report_add(report, SEVERITY_ERROR, place,
			   "%s: the CRL of %s is not valid before %s",
			   crl->file, crl->issuer_name, when);
	if (!crl->next_update) {
		report_add(report, SEVERITY_WARNING, place,
			   "%s: the CRL of %s has no nextUpdate: nobody will notice when it is not renewed any more",
			   crl->file, crl->issuer_name);
		return;
	}
	print_time(crl->next_update, when);
	if (crl->next_update < now) {
		report_add(report, crls->accept_expired ? SEVERITY_WARNING :
			   dates, place, "%s: the CRL of %s expired on %s: %s",
			   crl->file, crl->issuer_name, when,
			   expired_means(crls));
		crl->told_expired = true;
	} else if (crl->warn_from < now) {
		report_add(report, SEVERITY_WARNING, place,
			   "%s: the CRL of %s ends on %s: put a newer one there",
			   crl->file, crl->issuer_name, when);
		crl->told_soon = true;
	}
}

void crls_check(struct crls *crls, const struct gate_config *gate,
		enum severity dates, struct report *report)
{
	struct place place = config_place(gate, GATE_CRL);
	size_t i;

	for (i = 0; i < crls->count; i++)
		check_times(crls, &crls->crl[i], &place, dates, report);
}

void crls_remind(struct crls *crls, const char *gate)
{
	struct log_fields fields = { .gate = gate };
	int64_t now = time(NULL);
	char when[CERT_TIME_TEXT];
	size_t i;

	for (i = 0; i < crls->count; i++) {
		struct crl *crl = &crls->crl[i];

		if (!crl->next_update || crl->told_expired ||
		    now < crl->warn_from)
			continue;
		print_time(crl->next_update, when);
		if (now > crl->next_update) {
			log_with(LOG_ERR, &fields,
				 "gate %s: the CRL of %s in %s expired on %s: %s",
				 gate, crl->issuer_name, crl->file, when,
				 expired_means(crls));
			crl->told_expired = true;
		} else if (!crl->told_soon) {
			log_with(LOG_WARNING, &fields,
				 "gate %s: the CRL of %s in %s ends on %s: put a newer one there",
				 gate, crl->issuer_name, crl->file, when);
			crl->told_soon = true;
		}
	}
}

void crl_clear(struct crl *crl)
{
	free(crl->issuer_name);
	free(crl->file);
	free(crl->revoked);
}

void crls_free(struct crls *crls)
{
	size_t i;

	if (!crls)
		return;
	for (i = 0; i < crls->count; i++)
		crl_clear(&crls->crl[i]);
	free(crls->crl);
	free(crls);
}
