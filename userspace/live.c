// SPDX-License-Identifier: GPL-2.0-or-later
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <linux/ktlsgate.h>

#include "channelconns.h"
#include "judge.h"
#include "live.h"
#include "log.h"
#include "mem.h"
#include "netns.h"
#include "ocsplive.h"
#include "timers.h"

/* OCSP is asked again about live connections in such a distance at most. */
#define ASKING_NS	5000000000ULL

/* Connections that have to go, found while the kernel tells of all. */
struct doomed {
	struct {
		uint32_t id;
		uint8_t alert;
		char *why;
	} *conn;
	size_t count;
};

struct look {
	const struct gate *gate;
	size_t judged;
	struct doomed doomed;
};

/* All of it under the lock. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t thread;
	bool running;
	bool stop;
	bool review;
	struct gate **gates;
	size_t count;
} live = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void doom(struct look *look, uint32_t id, uint8_t alert, char *why)
{
	struct doomed *doomed = &look->doomed;

	/* It grows by halves: there may be tens of thousands. */
	if (!(doomed->count & (doomed->count - 1)))
		doomed->conn = xrealloc(doomed->conn, doomed->count ?
					2 * doomed->count : 1,
					sizeof(*doomed->conn));
	doomed->conn[doomed->count].id = id;
	doomed->conn[doomed->count].alert = alert;
	doomed->conn[doomed->count++].why = why;
}

static void on_ended(const struct live_conn *conn, void *arg)
{
	doom(arg, conn->id, SSL_AD_CERTIFICATE_EXPIRED,
	     xasprintf("certificate %s, or one of its chain, expired",
		       conn->identity.subject));
}

static void on_live(const struct live_conn *conn, void *arg)
{
	struct look *look = arg;
	struct verdict verdict;
	uint8_t alert;

	look->judged++;
	if (look->gate->cfg->ocsp != OCSP_OFF && conn->has_chain &&
	    conn->identity.chain_count)
		ocsplive_meet(look->gate->cfg,
			      conn->identity.chain[0].fingerprint);
	verdict_init(&verdict);
	if (!judge_live(look->gate, &conn->identity, conn->has_chain, &verdict,
			&alert))
		doom(look, conn->id, alert, xstrdup(verdict.reason));
	verdict_free(&verdict);
}

static void cut(const struct gate *gate, struct doomed *doomed,
		uint32_t reason)
{
	struct log_fields fields = { .gate = gate->cfg->name };
	size_t i, count = 0;

	for (i = 0; i < doomed->count; i++) {
		/* One that ended by itself meanwhile is as good. */
		if (!channel_conn_kill(gate->ns->live, doomed->conn[i].id,
				       reason, doomed->conn[i].alert,
				       doomed->conn[i].why)) {
			count++;
			log_with(LOG_DEBUG, &fields,
				 "gate %s: connection %u cut: %s", fields.gate,
				 doomed->conn[i].id, doomed->conn[i].why);
		}
		free(doomed->conn[i].why);
	}
	if (count)
		log_with(LOG_NOTICE, &fields, "gate %s: %zu connections cut, %s",
			 fields.gate, count,
			 reason == KTLSGATE_CLOSE_REASON_REFUSED ?
			 "they would not be let in any more" :
			 "their certificates expired");
	free(doomed->conn);
}

static void failed(const struct gate *gate)
{
	struct log_fields fields = { .gate = gate->cfg->name };

	log_with(LOG_ERR, &fields,
		 "gate %s: the kernel did not tell its connections, none was judged again: %s",
		 fields.gate, channel_message(gate->ns->live));
}

static void end_expired(const struct gate *gate)
{
	struct look look = { .gate = gate };

	if (!gate->cfg->cut_expired)
		return;
	if (channel_conns(gate->ns->live, gate->cfg->name, time(NULL),
			  on_ended, &look))
		channel_resolve(gate->ns->live);
	cut(gate, &look.doomed, KTLSGATE_CLOSE_REASON_CERTIFICATE_EXPIRED);
}

static void review(const struct gate *gate)
{
	struct log_fields fields = { .gate = gate->cfg->name };
	struct look look = { .gate = gate };
	uint64_t began = now_ns();

	if (!gate->cfg->cut_refused)
		return;
	if (channel_conns(gate->ns->live, gate->cfg->name, 0, on_live,
			  &look))
		failed(gate);
	log_with(LOG_DEBUG, &fields,
		 "gate %s: %zu live connections judged again in %llu ms",
		 fields.gate, look.judged,
		 (unsigned long long)(now_ns() - began) / 1000000);
	cut(gate, &look.doomed, KTLSGATE_CLOSE_REASON_REFUSED);
}

/* With references of their own, for they may be replaced meanwhile. */
static struct gate **gates_now(size_t *count)
{
	struct gate **gates = xcalloc(live.count + 1, sizeof(*gates));
	size_t i;

	for (i = 0; i < live.count; i++)
		gates[i] = gate_get(live.gates[i]);
	*count = live.count;
	return gates;
}

static void drop(struct gate **gates, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		gate_put(gates[i]);
	free(gates);
}

static void round_of(bool all)
{
	struct gate **gates;
	size_t count, i;

	gates = gates_now(&count);
	pthread_mutex_unlock(&live.lock);
	for (i = 0; i < count; i++) {
		if (all)
			review(gates[i]);
		end_expired(gates[i]);
	}
	if (all)
		ocsplive_sweep();
	drop(gates, count);
	pthread_mutex_lock(&live.lock);
}

static void *live_main(void *arg)
{
	uint64_t next_asking = 0;
	struct timespec until;

	(void)arg;
	pthread_setname_np(pthread_self(), "live");
	pthread_mutex_lock(&live.lock);
	while (!live.stop) {
		bool asking = now_ns() >= next_asking && ocsplive_due();
		bool all = live.review || asking;

		if (asking)
			next_asking = now_ns() + ASKING_NS;
		live.review = false;
		round_of(all);
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec++;
		while (!live.stop && !live.review &&
		       !pthread_cond_timedwait(&live.changed, &live.lock,
					       &until))
			;
	}
	pthread_mutex_unlock(&live.lock);
	return NULL;
}

char *live_start(void)
{
	pthread_condattr_t clock;
	sigset_t all, old;
	int error;

	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&live.changed, &clock);
	pthread_condattr_destroy(&clock);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	error = pthread_create(&live.thread, NULL, live_main, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	live.running = !error;
	return error ? xasprintf("cannot start the thread that watches live connections: %s",
				 strerror(error)) : NULL;
}

void live_stop(void)
{
	if (!live.running)
		return;
	pthread_mutex_lock(&live.lock);
	live.stop = true;
	pthread_cond_signal(&live.changed);
	pthread_mutex_unlock(&live.lock);
	pthread_join(live.thread, NULL);
	drop(live.gates, live.count);
	live.gates = NULL;
	live.count = 0;
}

void live_serve(struct gate *const *gates, size_t count)
{
	struct gate **copy = xcalloc(count + 1, sizeof(*copy)), **old;
	size_t i, old_count;

	for (i = 0; i < count; i++)
		copy[i] = gate_get(gates[i]);
	pthread_mutex_lock(&live.lock);
	old = live.gates;
	old_count = live.count;
	live.gates = copy;
	live.count = count;
	live.review = true;
	pthread_cond_signal(&live.changed);
	pthread_mutex_unlock(&live.lock);
	drop(old, old_count);
}

void live_review(void)
{
	pthread_mutex_lock(&live.lock);
	live.review = true;
	pthread_cond_signal(&live.changed);
	pthread_mutex_unlock(&live.lock);
}
