// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Several threads of one agent do what they like to the same gated sockets and
 * listeners at the same moment, while their clients and the administrator do theirs.
 * What is looked for are reports of the kernel and what is left behind.
 *
 *	SEED		begins alike (printed); which thread is first differs
 *	OPERATIONS	of the agent's threads in each test (40000, divided by
 *			SCALE_DIVISOR)
 */
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "race.h"
#include "test.h"

#define THREADS 4
#define SOCKETS 8
#define LISTENERS 2

/*
 * The table that the threads share are these numbers. Nothing else is ever opened at
 * them, so that who is late with a call meets a closed descriptor or a connection, and
 * never a client's end, or one on its way through a handoff.
 */
#define FIRST_SOCKET 500
#define FIRST_LISTENER (FIRST_SOCKET + SOCKETS)

FIXTURE(race) {
	struct pair p;
};

FIXTURE_VARIANT(race) {
	struct pair_params params;
	bool relayed, multipath;
};

FIXTURE_VARIANT_ADD(race, tls13) {
};

FIXTURE_VARIANT_ADD(race, tls12) {
	.params.tls.version = TLS1_2_VERSION,
};

FIXTURE_VARIANT_ADD(race, ipv6) {
	.params.family = AF_INET6,
};

FIXTURE_VARIANT_ADD(race, mapped) {
	.params.mapped = true,
};

FIXTURE_VARIANT_ADD(race, relayed) {
	.relayed = true,
};

/* The listeners are those of Go's servers. */
FIXTURE_VARIANT_ADD(race, multipath) {
	.multipath = true,
};

FIXTURE_SETUP(race)
{
	ASSERT_EQ(0, pair_listen(&self->p, &variant->params));
}

FIXTURE_TEARDOWN(race)
{
	EXPECT_EQ(0, pair_close(&self->p));
}

static void on_alarm(int number)
{
}

static long setting(const char *name, long otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoul(text, NULL, 0) : otherwise;
}

/* A timer for this thread alone. */
static timer_t interrupt_often(void)
{
	struct itimerspec often = {
		.it_interval.tv_nsec = RACE_INTERRUPT_MS * 1000000,
		.it_value.tv_nsec = RACE_INTERRUPT_MS * 1000000,
	};
	struct sigevent event = {
		.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGALRM,
	};
	timer_t timer;

	event._sigev_un._tid = gettid();
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) ||
	    timer_settime(timer, 0, &often, NULL))
		abort();
	return timer;
}

static int listen_anew(struct race *race, int number)
{
	int fd = net_listen(&race->listen);

	if (fd < 0)
		return -1;
	net_timeout(fd, RACE_INTERRUPT_MS);
	dup2(fd, number);
	close(fd);
	return 0;
}

static void accept_one(struct race *race, struct agent *a, int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC |
			 (agent_chance(a, 2) ? SOCK_NONBLOCK : 0));

	if (fd < 0)
		return;
	race_count(&race->accepted);
	net_timeout(fd, RACE_INTERRUPT_MS);
	/* What was there is closed, whoever uses it. */
	dup2(fd, FIRST_SOCKET + agent_pick(a, SOCKETS));
	close(fd);
}

static void act_on_listener(struct race *race, struct agent *a)
{
	int listener = FIRST_LISTENER + agent_pick(a, LISTENERS);

	switch (agent_pick(a, 40)) {
	case 0:
		listen_anew(race, listener);
		break;
	case 1:
		shutdown(listener, SHUT_RDWR);
		listen(listener, 1 + agent_pick(a, 8));
		break;
	case 2 ... 4:
		agent_acts(a, listener);
		break;
	default:
		accept_one(race, a, listener);
	}
}

static void *agent(void *arg)
{
	struct racer *racer = arg;
	struct race *race = racer->race;
	struct agent *a = &racer->agent;
	timer_t timer = interrupt_often();
	long i;

	for (i = 0; i < race->operations; i++) {
		if (agent_chance(a, 12))
			act_on_listener(race, a);
		else if (agent_chance(a, 200))
			close(FIRST_SOCKET + agent_pick(a, SOCKETS));
		else
			agent_acts(a, FIRST_SOCKET + agent_pick(a, SOCKETS));
	}
	timer_delete(timer);
	__atomic_fetch_sub(&race->running, 1, __ATOMIC_RELAXED);
	return NULL;
}

static void *administrator(void *arg)
{
	struct racer *racer = arg;
	struct race *race = racer->race;
	struct agent *a = &racer->agent;
	struct gate_conn conn;
	struct gate_info info;
	struct gate_nl nl;
	uint32_t id;

	if (gate_open(&nl))
		return "no netlink";
	while (__atomic_load_n(&race->running, __ATOMIC_RELAXED)) {
		id = __atomic_load_n(&race->ids[agent_pick(a, RACE_IDS)],
				     __ATOMIC_RELAXED);
		switch (agent_pick(a, 16)) {
		case 0:
			if (!gate_del(&nl, GATE_NAME) &&
			    gate_add(&nl, GATE_NAME, race->listen.port))
				snprintf(race->wrong, sizeof(race->wrong),
					 "gate-add: %s", nl.text);
			break;
		case 1 ... 3:
			gate_set_key_records(&nl, GATE_NAME, agent_pick(a, 4));
			break;
		case 4 ... 6:
			if (!gate_conn_kill(&nl, id, agent_chance(a, 2) ? -1 :
					    (int)agent_pick(a, 100)))
				race_count(&race->killed);
			break;
		case 7 ... 8:
			gate_get(&nl, GATE_NAME, &info);
			break;
		default:
			gate_conn_get(&nl, id, &conn);
		}
		net_pause();
	}
	gate_close(&nl);
	return NULL;
}

static int start(struct race *race, struct racer *racers, pthread_t *threads)
{
	void *(*const what[])(void *) = {
		agent, agent, agent, agent, race_clients,
		administrator,
	};
	int i;

	race->running = THREADS;
	for (i = 0; i < THREADS + 2; i++) {
		racers[i].race = race;
		if (agent_open(&racers[i].agent, race->seed + i) ||
		    pthread_create(&threads[i], NULL, what[i], &racers[i]))
			return -1;
	}
	return 0;
}

/* All that is queued yet is the kernel's to close. */
static void close_table(void)
{
	int fd;

	for (fd = FIRST_SOCKET; fd < FIRST_LISTENER + LISTENERS; fd++)
		close(fd);
}

TEST_F_TIMEOUT(race, race, 1200)
{
	static struct racer racers[THREADS + 2];
	struct sigaction action = { .sa_handler = on_alarm };
	pthread_t threads[THREADS + 2];
	struct race race = {
		.params = &variant->params, .relayed = variant->relayed,
		.p = &self->p,
		.seed = setting("SEED", time(NULL)),
		.operations = setting("OPERATIONS", 40000 /
				      setting("SCALE_DIVISOR", 1)) / THREADS,
	};
	void *wrong;
	int i;

	TH_LOG("SEED=%llu OPERATIONS=%ld", (unsigned long long)race.seed,
	       race.operations * THREADS);
	sigaction(SIGALRM, &action, NULL);
	signal(SIGIO, SIG_IGN);
	signal(SIGURG, SIG_IGN);
	race.listen = (struct net_listen){
		.family = variant->params.mapped ? AF_INET6 :
			  variant->params.family ?: AF_INET,
		.reuseport = true, .port = net_port(self->p.listener),
		.mptcp = variant->multipath,
	};
	close(self->p.listener);
	self->p.listener = -1;
	for (i = 0; i < LISTENERS; i++)
		ASSERT_EQ(0, listen_anew(&race, FIRST_LISTENER + i));
	ASSERT_EQ(0, start(&race, racers, threads));
	for (i = 0; i < THREADS + 2; i++) {
		ASSERT_EQ(0, pthread_join(threads[i], &wrong));
		EXPECT_EQ(NULL, wrong);
		agent_close(&racers[i].agent);
	}
	close_table();
	TH_LOG("%d handed off, %d accepted, %d killed", race.handed_off,
	       race.accepted, race.killed);
	EXPECT_STREQ("", race.wrong);
	EXPECT_LT(0, race.handed_off);
	EXPECT_LT(0, race.accepted);
	EXPECT_LT(0, race.killed);
}

TEST_HARNESS_MAIN
