// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "log.h"
#include "mem.h"
#include "ocsppool.h"

#define THREADS		32
#define PER_RESPONDER	8
#define WAITING_MAX	4096
#define STOP_SECONDS	2

static struct {
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct ocsp_job *first, **last;	/* waiting */
	unsigned int waiting;
	unsigned int idle;
	unsigned int threads;
	pthread_t thread[THREADS];
	char *busy_with[THREADS];	/* responders */
	bool stop;
	int stop_fd;
} pool = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.more = PTHREAD_COND_INITIALIZER,
	.last = &pool.first,
	.stop_fd = -1,
};

static bool has_room(const char *responder)
{
	unsigned int busy = 0, i;

	for (i = 0; i < pool.threads; i++)
		if (pool.busy_with[i] && !strcmp(pool.busy_with[i], responder))
			busy++;
	return busy < PER_RESPONDER;
}

/* The first whose responder has room. */
static struct ocsp_job *take_job(void)
{
	struct ocsp_job **link = &pool.first, *job;

	while (*link && !has_room((*link)->responder))
		link = &(*link)->next;
	job = *link;
	if (!job)
		return NULL;
	*link = job->next;
	if (!*link)
		pool.last = link;
	pool.waiting--;
	return job;
}

static void *pool_main(void *arg)
{
	unsigned int number = (uintptr_t)arg;
	OSSL_LIB_CTX *lib = OSSL_LIB_CTX_new();

	pthread_setname_np(pthread_self(), "ocsp");
	if (lib)
		OSSL_LIB_CTX_load_config(lib, NULL);
	pthread_mutex_lock(&pool.lock);
	while (!pool.stop) {
		struct ocsp_job *job = take_job();

		if (!job) {
			pool.idle++;
			pthread_cond_wait(&pool.more, &pool.lock);
			pool.idle--;
			continue;
		}
		/* The job is gone once it has run. */
		pool.busy_with[number] = xstrdup(job->responder);
		pthread_mutex_unlock(&pool.lock);
		job->run(job, lib, pool.stop_fd);
		pthread_mutex_lock(&pool.lock);
		free(pool.busy_with[number]);
		pool.busy_with[number] = NULL;
	}
	pthread_mutex_unlock(&pool.lock);
	OSSL_LIB_CTX_free(lib);
	return NULL;
}

static void start_thread(void)
{
	sigset_t all, old;
	int failed;

	if (pool.stop_fd < 0)
		pool.stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	failed = pthread_create(&pool.thread[pool.threads], NULL, pool_main,
				(void *)(uintptr_t)pool.threads);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (failed)
		log_msg(LOG_ERR, "cannot start a thread for OCSP: %s",
			strerror(failed));
	else
		pool.threads++;
}

bool ocsp_pool_add(struct ocsp_job *job)
{
	bool good;

	pthread_mutex_lock(&pool.lock);
	if (pool.waiting >= pool.idle && pool.threads < THREADS)
		start_thread();
	good = !pool.stop && pool.threads && pool.waiting < WAITING_MAX;
	if (good) {
		job->next = NULL;
		*pool.last = job;
		pool.last = &job->next;
		pool.waiting++;
		pthread_cond_signal(&pool.more);
	}
	pthread_mutex_unlock(&pool.lock);
	return good;
}

bool ocsp_pool_stop(void)
{
	struct timespec until;
	uint64_t one = 1;
	bool all = true;
	unsigned int i;

	pthread_mutex_lock(&pool.lock);
	pool.stop = true;
	pthread_cond_broadcast(&pool.more);
	pthread_mutex_unlock(&pool.lock);
	if (pool.stop_fd >= 0 && write(pool.stop_fd, &one, sizeof(one)) < 0)
		log_msg(LOG_DEBUG, "eventfd: %s", strerror(errno));
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += STOP_SECONDS;
	for (i = 0; i < pool.threads; i++)
		all &= !pthread_timedjoin_np(pool.thread[i], NULL, &until);
	return all;
}
