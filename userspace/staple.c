// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdatomic.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/x509v3.h>

#include "dn.h"
#include "identity.h"
#include "log.h"
#include "mem.h"
#include "ocsppool.h"
#include "ocspquery.h"
#include "staple.h"
#include "timers.h"

#define SECOND 1000000000ULL

/* Seconds: a response without nextUpdate, and how often one is fetched. */
#define LIFE_UNTOLD	3600
#define REFRESH_MIN	30
#define REFRESH_MAX	86400
#define RETRY_MIN	10
#define RETRY_MAX	3600

struct response {
	int64_t until;		/* seconds since the epoch */
	size_t size;
	unsigned char der[];
};

struct staple {
	struct ocsp_job job;
	struct staple *next;
	unsigned int refs;		/* gates, and the job under way */
	uint8_t fingerprint[32];
	char *subject;
	struct ocsp_question question;
	uint64_t timeout;		/* nanoseconds */
	struct response *_Atomic current;
	struct response *old;		/* workers may still read it */
	uint64_t due;
	unsigned int retry;		/* seconds, after a failure */
	bool under_way;
};

struct staples {
	struct staple *one[CONFIG_MAX_PAIRS];
	size_t count;
};

/* Of the list and of all in it but what workers read. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct staple *all;

static void staple_free(struct staple *staple)
{
	struct staple **link = &all;

	while (*link != staple)
		link = &(*link)->next;
	*link = staple->next;
	ocsp_question_clear(&staple->question);
	free(staple->subject);
	free(atomic_load(&staple->current));
	free(staple->old);
	free(staple);
}

static void put_locked(struct staple *staple)
{
	if (!--staple->refs)
		staple_free(staple);
}

void staples_put(struct staples *staples)
{
	size_t i;

	if (!staples)
		return;
	pthread_mutex_lock(&lock);
	for (i = 0; i < staples->count; i++)
		put_locked(staples->one[i]);
	pthread_mutex_unlock(&lock);
	free(staples);
}

static X509 *find_in(STACK_OF(X509) *certificates, X509 *leaf)
{
	int i;

	for (i = 0; i < sk_X509_num(certificates); i++) {
		X509 *one = sk_X509_value(certificates, i);

		if (X509_check_issued(one, leaf) == X509_V_OK)
			return one;
	}
	return NULL;
}

static struct staple *find(const uint8_t fingerprint[32])
{
	struct staple *staple;

	for (staple = all; staple; staple = staple->next)
		if (!memcmp(staple->fingerprint, fingerprint, 32))
			break;
	return staple;
}

static void run(struct ocsp_job *job, OSSL_LIB_CTX *lib, int stop_fd);

static struct staple *make(const struct pair *pair, const X509 *issuer,
			   const char *url, const uint8_t fingerprint[32])
{
	struct staple *staple = xcalloc(1, sizeof(*staple));

	if (!ocsp_question_fill(&staple->question, pair->leaf, issuer, url))
		abort();
	staple->subject = dn_print(X509_get_subject_name(pair->leaf));
	memcpy(staple->fingerprint, fingerprint, 32);
	staple->job.responder = staple->question.url;
	staple->job.run = run;
	staple->next = all;
	all = staple;
	return staple;
}

static struct staple *get(const struct gate_config *gate,
			  const struct pair *pair, const X509 *issuer,
			  const char *url)
{
	struct staple *staple;
	struct chain_link link;

	if (!chain_link_of(pair->leaf, &link))
		return NULL;
	pthread_mutex_lock(&lock);
	staple = find(link.fingerprint);
	if (!staple)
		staple = make(pair, issuer, url, link.fingerprint);
	staple->timeout = gate->ocsp_timeout * (SECOND / 1000);
	staple->refs++;
	pthread_mutex_unlock(&lock);
	return staple;
}

static struct staple *get_of_pair(const struct gate_config *gate,
				  const struct certs *certs, size_t i,
				  struct report *report)
{
	const char *file = gate->pairs[i].certificate;
	const struct pair *pair = &certs->pairs[i];
	struct place place = config_place(gate, GATE_OCSP_STAPLING);
	char *url = ocsp_responder_of(pair->leaf);
	struct staple *staple = NULL;
	X509 *issuer;

	issuer = find_in(pair->chain, pair->leaf);
	if (!issuer)
		issuer = find_in(certs->ca, pair->leaf);
	if (!url)
		report_add(report, SEVERITY_WARNING, &place,
			   "nothing to staple: %s names no http:// OCSP responder (authorityInfoAccess)",
			   file);
	else if (!issuer)
		report_add(report, SEVERITY_WARNING, &place,
			   "nothing to staple: the issuer's certificate is not in %s, which is needed to verify the answer",
			   file);
	else
		staple = get(gate, pair, issuer, url);
	free(url);
	return staple;
}

struct staples *staples_get(const struct gate_config *gate,
			    const struct certs *certs, struct report *report)
{
	struct staples *staples;
	size_t i;

	if (!gate->ocsp_stapling)
		return NULL;
	staples = xcalloc(1, sizeof(*staples));
	for (i = 0; i < certs->count; i++) {
		struct staple *one = get_of_pair(gate, certs, i, report);

		if (one)
			staples->one[staples->count++] = one;
	}
	return staples;
}

/* --- fetching --------------------------------------------------------------- */

/* What was there before is freed at the next time, not now. */
static void replace(struct staple *staple, const struct blob *der,
		    int64_t until)
{
	struct response *new = xcalloc(1, sizeof(*new) + der->size);

	new->until = until;
	new->size = der->size;
	memcpy(new->der, der->data, der->size);
	free(staple->old);
	staple->old = atomic_exchange(&staple->current, new);
}

static void fetched(struct staple *staple, const struct ocsp_answer *answer,
		    const struct blob *der)
{
	int64_t now = time(NULL), until = answer->next_update, wait;

	if (!until)
		until = now + LIFE_UNTOLD;
	replace(staple, der, until);
	wait = (until - now) / 2;
	if (wait < REFRESH_MIN)
		wait = REFRESH_MIN;
	if (wait > REFRESH_MAX)
		wait = REFRESH_MAX;
	staple->retry = 0;
	staple->due = now_ns() + wait * SECOND;
	log_msg(LOG_INFO, "certificate %s: OCSP response to staple, the next one in %lld s",
		staple->subject, (long long)wait);
}

static void failed(struct staple *staple, const struct ocsp_answer *answer)
{
	staple->retry = staple->retry ? staple->retry * 2 : RETRY_MIN;
	if (staple->retry > RETRY_MAX)
		staple->retry = RETRY_MAX;
	staple->due = now_ns() + staple->retry * SECOND;
	if (answer->status == OCSP_REVOKED)
		log_msg(LOG_ERR, "certificate %s was revoked, says its OCSP responder %s: nothing is stapled",
			staple->subject, staple->question.url);
	else
		log_msg(LOG_WARNING, "certificate %s: no OCSP response to staple from %s: %s; again in %u s",
			staple->subject, staple->question.url, answer->why,
			staple->retry);
}

static void run(struct ocsp_job *job, OSSL_LIB_CTX *lib, int stop_fd)
{
	struct staple *staple = (struct staple *)job;
	struct ocsp_answer answer;
	struct blob der = {};

	ocsp_query(&staple->question, lib, stop_fd, &answer, &der);
	pthread_mutex_lock(&lock);
	staple->under_way = false;
	if (answer.status == OCSP_GOOD && der.data)
		fetched(staple, &answer, &der);
	else
		failed(staple, &answer);
	put_locked(staple);
	pthread_mutex_unlock(&lock);
	blob_free(&der);
}

void staples_refresh(void)
{
	uint64_t now = now_ns();
	struct staple *staple;

	pthread_mutex_lock(&lock);
	for (staple = all; staple; staple = staple->next) {
		if (staple->under_way || now < staple->due)
			continue;
		staple->question.deadline = now + staple->timeout;
		staple->under_way = true;
		staple->refs++;
		if (ocsp_pool_add(&staple->job))
			continue;
		staple->under_way = false;
		staple->refs--;
	}
	pthread_mutex_unlock(&lock);
}

/* --- giving it to clients ------------------------------------------------------ */

/* That of the certificate which this client is shown. */
static const struct staple *shown(const SSL *ssl, const struct staples *staples)
{
	X509 *leaf = SSL_get_certificate(ssl);
	uint8_t fingerprint[32];
	unsigned int size;
	size_t i;

	if (!leaf || !X509_digest(leaf, EVP_sha256(), fingerprint, &size))
		return NULL;
	for (i = 0; i < staples->count; i++)
		if (!memcmp(staples->one[i]->fingerprint, fingerprint, 32))
			return staples->one[i];
	return NULL;
}

static int on_status(SSL *ssl, void *arg)
{
	const struct staple *staple = shown(ssl, arg);
	const struct response *response;
	unsigned char *copy;

	response = staple ? atomic_load(&staple->current) : NULL;
	if (!response || response->until <= time(NULL))
		return SSL_TLSEXT_ERR_NOACK;
	copy = OPENSSL_memdup(response->der, response->size);
	if (!copy || !SSL_set_tlsext_status_ocsp_resp(ssl, copy,
						      response->size)) {
		OPENSSL_free(copy);
		return SSL_TLSEXT_ERR_NOACK;
	}
	return SSL_TLSEXT_ERR_OK;
}

void staples_enable(SSL_CTX *ctx, struct staples *staples)
{
	if (!staples)
		return;
	SSL_CTX_set_tlsext_status_cb(ctx, on_status);
	SSL_CTX_set_tlsext_status_arg(ctx, staples);
}
