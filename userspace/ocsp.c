// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ocsp.h>

#include <linux/ktlsgate.h>

#include "certs.h"
#include "digest.h"
#include "live.h"
#include "log.h"
#include "mem.h"
#include "ocsp.h"
#include "ocspcache.h"
#include "ocsppool.h"
#include "timers.h"

#define MS 1000000ULL

/* A question under way, and who waits for it. */
struct query {
	struct ocsp_job job;
	struct query *next;
	uint8_t key[OCSP_KEY];
	struct ocsp_question question;
	struct ocsp_ticket *waiters;
};

/* Of the cache and of the queries under way. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct query *queries;

void ocsp_key(const struct gate_config *gate, const uint8_t fingerprint[32],
	      uint8_t key[OCSP_KEY])
{
	const char *url = gate->ocsp_responder ? gate->ocsp_responder : "";
	EVP_MD_CTX *digest = EVP_MD_CTX_new();

	if (!digest || !EVP_DigestInit_ex(digest, digest_sha256(), NULL) ||
	    !EVP_DigestUpdate(digest, fingerprint, 32) ||
	    !EVP_DigestUpdate(digest, &gate->ocsp_nonce,
			      sizeof(gate->ocsp_nonce)) ||
	    !EVP_DigestUpdate(digest, url, strlen(url)) ||
	    !EVP_DigestFinal_ex(digest, key, NULL))
		abort();
	EVP_MD_CTX_free(digest);
}

static void deliver(struct ocsp_ticket *ticket,
		    const struct ocsp_answer *answer)
{
	struct ocsp_inbox *inbox = ticket->inbox;
	uint64_t one = 1;

	ticket->answer = *answer;
	ticket->next = atomic_load(&inbox->first);
	while (!atomic_compare_exchange_weak(&inbox->first, &ticket->next,
					     ticket))
		;
	if (write(inbox->wake_fd, &one, sizeof(one)) < 0)
		log_msg(LOG_DEBUG, "eventfd: %s", strerror(errno));
}

struct ocsp_ticket *ocsp_take(struct ocsp_inbox *inbox)
{
	return atomic_exchange(&inbox->first, NULL);
}

static void query_free(struct query *query)
{
	ocsp_question_clear(&query->question);
	free(query);
}

static void forget(struct query *query)
{
	struct query **link = &queries;

	while (*link != query)
		link = &(*link)->next;
	*link = query->next;
}

static void run(struct ocsp_job *job, OSSL_LIB_CTX *lib, int stop_fd)
{
	struct query *query = (struct query *)job;
	struct ocsp_answer answer;

	if (now_ns() < query->question.deadline)
		ocsp_query(&query->question, lib, stop_fd, &answer, NULL);
	else
		ocsp_no_answer(&answer, "too many questions wait for it");
	pthread_mutex_lock(&lock);
	ocsp_cache_put(query->key, &answer);
	forget(query);
	while (query->waiters) {
		struct ocsp_ticket *ticket = query->waiters;

		query->waiters = ticket->next;
		deliver(ticket, &answer);
	}
	pthread_mutex_unlock(&lock);
	query_free(query);
	/* Others with the same certificate may have been let in before. */
	if (answer.status == OCSP_REVOKED)
		live_review();
}

static struct query *under_way(const uint8_t key[OCSP_KEY])
{
	struct query *query;

	for (query = queries; query; query = query->next)
		if (!memcmp(query->key, key, OCSP_KEY))
			break;
	return query;
}

/* False when too many are waiting. */
static bool add(struct query *query, const uint8_t key[OCSP_KEY],
		unsigned int timeout)
{
	memcpy(query->key, key, OCSP_KEY);
	query->question.deadline = now_ns() + timeout * MS;
	query->job.responder = query->question.url;
	query->job.run = run;
	if (!ocsp_pool_add(&query->job))
		return false;
	query->next = queries;
	queries = query;
	return true;
}

/* NULL and no answer when it cannot be asked. */
static struct query *begin(const struct gate_config *gate, const X509 *leaf,
			   const X509 *issuer, const uint8_t key[OCSP_KEY],
			   struct ocsp_answer *out)
{
	char *url = gate->ocsp_responder ? xstrdup(gate->ocsp_responder) :
		    ocsp_responder_of(leaf);
	struct query *query = xcalloc(1, sizeof(*query));

	if (!url)
		ocsp_no_answer(out, "the certificate names no http:// responder, and ocsp-responder is not given");
	else if (!issuer)
		ocsp_no_answer(out, "its issuer is not known, since it is trusted by itself");
	else if (!ocsp_question_fill(&query->question, leaf, issuer, url))
		ocsp_no_answer(out, "no memory for the question");
	free(url);
	if (!query->question.url) {
		free(query);
		return NULL;
	}
	query->question.nonce = gate->ocsp_nonce;
	if (!add(query, key, gate->ocsp_timeout)) {
		ocsp_no_answer(out, "too many questions are waiting");
		query_free(query);
		return NULL;
	}
	return query;
}

static struct ocsp_ticket *wait_at(struct query *query,
				   struct ocsp_inbox *inbox, void *asker)
{
	struct ocsp_ticket *ticket = xcalloc(1, sizeof(*ticket));

	ticket->inbox = inbox;
	ticket->asker = asker;
	ticket->next = query->waiters;
	query->waiters = ticket;
	return ticket;
}

struct ocsp_ticket *ocsp_ask(const struct gate_config *gate, const X509 *leaf,
			     const X509 *issuer, struct ocsp_inbox *inbox,
			     void *asker, struct ocsp_answer *out)
{
	const struct ocsp_answer *known;
	struct ocsp_ticket *ticket = NULL;
	struct chain_link link;
	uint8_t key[OCSP_KEY];
	struct query *query;

	if (!chain_link_of(leaf, &link)) {
		ocsp_no_answer(out, "the certificate has no digest");
		return NULL;
	}
	ocsp_key(gate, link.fingerprint, key);
	/* Held while it is begun: run() finds it in the list. */
	pthread_mutex_lock(&lock);
	known = ocsp_cache_find(key);
	if (known) {
		*out = *known;
	} else {
		query = under_way(key);
		if (!query)
			query = begin(gate, leaf, issuer, key, out);
		if (query)
			ticket = wait_at(query, inbox, asker);
	}
	pthread_mutex_unlock(&lock);
	return ticket;
}

bool ocsp_is_answered(const uint8_t key[OCSP_KEY])
{
	bool answered;

	pthread_mutex_lock(&lock);
	answered = ocsp_cache_find(key);
	pthread_mutex_unlock(&lock);
	return answered;
}

void ocsp_ask_again(const uint8_t key[OCSP_KEY],
		    const struct ocsp_question *question, unsigned int timeout)
{
	struct query *query;

	pthread_mutex_lock(&lock);
	if (!ocsp_cache_find(key) && !under_way(key)) {
		query = xcalloc(1, sizeof(*query));
		ocsp_question_copy(question, &query->question);
		if (!add(query, key, timeout))
			query_free(query);
	}
	pthread_mutex_unlock(&lock);
}

/* Copied, since it may be replaced as soon as the lock is let go. */
static bool look_up(const struct gate_config *gate,
		    const uint8_t fingerprint[32], struct ocsp_answer *out)
{
	const struct ocsp_answer *known;
	uint8_t key[OCSP_KEY];

	ocsp_key(gate, fingerprint, key);
	pthread_mutex_lock(&lock);
	known = ocsp_cache_find(key);
	if (known)
		*out = *known;
	pthread_mutex_unlock(&lock);
	return known;
}

bool ocsp_revoked(const struct ocsp_answer *answer, const char *subject,
		  struct verdict *verdict, uint8_t *alert)
{
	char when[CERT_TIME_TEXT];
	ASN1_TIME *time;

	if (answer->status != OCSP_REVOKED)
		return false;
	time = ASN1_TIME_set(NULL, answer->revoked_at);
	cert_time_print(time, when);
	ASN1_TIME_free(time);
	verdict_set(verdict, KTLSGATE_REFUSAL_BAD_CERTIFICATE,
		    "certificate %s was revoked on %s: %s (OCSP)", subject,
		    when, answer->reason < 0 ? "no reason given" :
		    OCSP_crl_reason_str(answer->reason));
	*alert = SSL_AD_CERTIFICATE_REVOKED;
	return true;
}

bool ocsp_judge(const struct gate_config *gate, const struct identity *identity,
		struct verdict *verdict, uint8_t *alert)
{
	struct ocsp_answer answer;

	return !look_up(gate, identity->chain[0].fingerprint, &answer) ||
	       !ocsp_revoked(&answer, identity->subject, verdict, alert);
}

bool ocsp_knows(const struct gate_config *gate, const struct identity *identity)
{
	struct ocsp_answer answer;

	return gate->ocsp == OCSP_OFF || !identity->subject ||
	       (look_up(gate, identity->chain[0].fingerprint, &answer) &&
		answer.status == OCSP_GOOD);
}
