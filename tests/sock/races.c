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
#include <linux/tls.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "agent.h"
#include "relays.h"

#ifndef SOL_TLS
#define SOL_TLS 282
#endif

#define THREADS 4
#define SOCKETS 8
#define LISTENERS 2
#define CLIENTS 6
#define IDS 16

/*
 * The table that the threads share are these numbers. Nothing else is ever opened at
 * them, so that who is late with a call meets a closed descriptor or a connection, and
 * never a client's end, or one on its way through a handoff.
 */
#define FIRST_SOCKET 500
#define FIRST_LISTENER (FIRST_SOCKET + SOCKETS)

/* What waits in spite of all is interrupted so often: a close() that lingers. */
#define INTERRUPT_MS 5

struct race {
	const struct pair_params *params;
	bool relayed;
	struct pair *p;
	struct net_listen listen;
	uint64_t seed;
	long operations;	/* of each thread */
	uint32_t ids[IDS];	/* handed off last */
	int handed_off, accepted, killed;
	int running;
	char wrong[640];	/* what must not be */
};

struct racer {
	struct race *race;
	int number;
	struct agent agent;
};

struct client {
	struct tls_client tls;
	struct tls_raw raw;	/* TLS 1.3 */
};

FIXTURE(race) {
	struct pair p;
};

FIXTURE_VARIANT(race) {
	struct pair_params params;
	bool relayed;
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

static void count(int *what)
{
	__atomic_fetch_add(what, 1, __ATOMIC_RELAXED);
}

/* A timer for this thread alone. */
static timer_t interrupt_often(void)
{
	struct itimerspec often = {
		.it_interval.tv_nsec = INTERRUPT_MS * 1000000,
		.it_value.tv_nsec = INTERRUPT_MS * 1000000,
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

static void listen_anew(struct race *race, int number)
{
	int fd = net_listen(&race->listen);

	if (fd < 0)
		return;
	net_timeout(fd, INTERRUPT_MS);
	dup2(fd, number);
	close(fd);
}

static void accept_one(struct race *race, struct agent *a, int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC |
			 (agent_chance(a, 2) ? SOCK_NONBLOCK : 0));

	if (fd < 0)
		return;
	count(&race->accepted);
	net_timeout(fd, INTERRUPT_MS);
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

/* What kTLS calls the keys of TLS 1.3 that a secret stands for, or any of TLS 1.2. */
static void make_keys(struct race *race, const struct tls_raw *raw,
		      struct tls12_crypto_info_aes_gcm_128 *keys)
{
	memset(keys, 0, sizeof(*keys));
	keys->info.version = race->params->tls.version == TLS1_2_VERSION ?
			     TLS_1_2_VERSION : TLS_1_3_VERSION;
	keys->info.cipher_type = TLS_CIPHER_AES_GCM_128;
	memcpy(keys->key, raw->key, sizeof(keys->key));
	memcpy(keys->salt, raw->iv, sizeof(keys->salt));
	memcpy(keys->iv, raw->iv + sizeof(keys->salt), sizeof(keys->iv));
}

static int install(int fd, int direction,
		   const struct tls12_crypto_info_aes_gcm_128 *keys)
{
	setsockopt(fd, SOL_TCP, TCP_ULP, "tls", sizeof("tls"));
	return setsockopt(fd, SOL_TLS, direction, keys, sizeof(*keys));
}

/* kTLS without a handshake, which would take most of the time. */
static int encrypt(struct race *race, struct client *client,
		   struct tls_server *server, struct agent *a)
{
	struct tls12_crypto_info_aes_gcm_128 there, back;
	struct tls_client other = { .suite = 0x1301, .secret_len = 32 };
	struct tls_raw raw;
	int i;

	for (i = 0; i < 32; i++) {
		client->tls.secret[i] = server->secret_rx[i] = agent_pick(a, 256);
		other.secret[i] = server->secret_tx[i] = agent_pick(a, 256);
	}
	client->tls.suite = other.suite;
	client->tls.secret_len = server->secret_len = other.secret_len;
	if (tls_raw_open(&client->raw, &client->tls) ||
	    tls_raw_open(&raw, &other))
		return -1;
	make_keys(race, &client->raw, &there);
	make_keys(race, &raw, &back);
	server->suite = other.suite;
	server->version = there.info.version;
	if (server->version == TLS_1_2_VERSION) {
		server->suite = 0xc02f;
		if (install(client->tls.fd, TLS_TX, &there))
			return -1;
	}
	return install(server->fd, TLS_RX, &there) ?:
	       install(server->fd, TLS_TX, &back);
}

/* The end that is handed off: of a client, or over loopback of the helper. */
static int dial(struct race *race, struct client *client,
		struct tls_server *server, struct gate_handoff *h,
		struct agent *a)
{
	static union net_addr peer, local;

	memset(client, 0, sizeof(*client));
	memset(server, 0, sizeof(*server));
	server->fd = connect_pair(race->p, &client->tls.fd);
	if (server->fd < 0)
		return -1;
	if (!race->relayed) {
		if (encrypt(race, client, server, a))
			return -1;
		gate_handoff_init(h, server, GATE_NAME);
		return 0;
	}
	peer = address("192.0.2.7", 40007);
	local = address("198.51.100.9", 9092);
	*h = (struct gate_handoff){
		.fd = server->fd, .gate = GATE_NAME,
		.principal = GATE_PRINCIPAL, .version = TLS1_VERSION,
		.suite = 0xc013, .path = KTLSGATE_PATH_RELAY, .reason = REASON,
		.peer = &peer, .local = &local,
	};
	return 0;
}

/*
 * The agent may not listen, or have too many, and a thread of it may just have made a
 * child, which has all descriptors for a moment.
 */
static void hand_off(struct race *race, struct gate_nl *nl, struct client *client,
		     struct agent *a)
{
	struct tls_server server;
	struct gate_handoff h;
	uint32_t id;
	int err;

	if (dial(race, client, &server, &h, a)) {
		snprintf(race->wrong, sizeof(race->wrong), "no connection");
		client->tls.fd = -1;
		return;
	}
	net_timeout(client->tls.fd, INTERRUPT_MS);
	err = gate_handoff(nl, &h, &id);
	if (!err) {
		count(&race->handed_off);
		__atomic_store_n(&race->ids[agent_pick(a, IDS)], id,
				 __ATOMIC_RELAXED);
		return;
	}
	if (err != -ECONNREFUSED && err != -EAGAIN && err != -EBUSY &&
	    err != -ENOENT)
		snprintf(race->wrong, sizeof(race->wrong), "handoff: %d %s", err,
			 nl->text);
	tls_close(&client->tls);
}

static void client_sends(struct race *race, struct client *client, int type,
			 const void *data, size_t size)
{
	if (race->relayed)
		send(client->tls.fd, data, size, MSG_NOSIGNAL);
	else if (race->params->tls.version != TLS1_2_VERSION)
		tls_raw_send(&client->raw, type, data, size);
	else
		tls_send_record(&client->tls, type, data, size);
}

static void client_updates(struct race *race, struct client *client, bool request)
{
	const uint8_t update[] = { 24, 0, 0, 1, request };

	client_sends(race, client, 22, update, sizeof(update));
	if (!race->relayed)
		tls_raw_update(&client->raw);
}

static void client_leaves(struct client *client, bool reset)
{
	struct linger now = { .l_onoff = 1 };

	if (reset)
		setsockopt(client->tls.fd, SOL_SOCKET, SO_LINGER, &now,
			   sizeof(now));
	tls_close(&client->tls);
}

static void client_acts(struct race *race, struct client *client, struct agent *a)
{
	static const uint8_t ends[][2] = { { 1, 0 }, { 2, 40 }, { 1, 90 } };
	int i;

	switch (agent_pick(a, 24)) {
	case 0 ... 8:
		client_sends(race, client, 23, a->buffer,
			     1 + agent_pick(a, agent_chance(a, 4) ? 16000 : 500));
		break;
	case 9 ... 12:
		/* The end of TLS 1.2. */
		if (race->params->tls.version != TLS1_2_VERSION ||
		    agent_chance(a, 16))
			client_updates(race, client, agent_chance(a, 2));
		break;
	case 13 ... 20:
		for (i = 0; i < 16; i++)
			if (recv(client->tls.fd, a->buffer, AGENT_BUFFER,
				 MSG_DONTWAIT) <= 0)
				break;
		break;
	case 21:
		i = agent_pick(a, 3);
		client_sends(race, client, 21, ends[i], 2);
		break;
	case 22:
		if (agent_chance(a, 2))
			send(client->tls.fd, "\x17\3\3\0\x20 bad", 9,
			     MSG_NOSIGNAL);
		else
			shutdown(client->tls.fd, SHUT_WR);
		break;
	default:
		client_leaves(client, agent_chance(a, 2));
	}
}

static void *clients(void *arg)
{
	struct racer *racer = arg;
	struct race *race = racer->race;
	struct client all[CLIENTS];
	struct gate_nl nl;
	int i;

	if (gate_open(&nl))
		return "no netlink";
	for (i = 0; i < CLIENTS; i++)
		all[i].tls.fd = -1;
	while (__atomic_load_n(&race->running, __ATOMIC_RELAXED)) {
		i = agent_pick(&racer->agent, CLIENTS);
		if (all[i].tls.fd < 0)
			hand_off(race, &nl, &all[i], &racer->agent);
		else
			client_acts(race, &all[i], &racer->agent);
	}
	for (i = 0; i < CLIENTS; i++)
		if (all[i].tls.fd >= 0)
			tls_close(&all[i].tls);
	gate_close(&nl);
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
		id = __atomic_load_n(&race->ids[agent_pick(a, IDS)],
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
				count(&race->killed);
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
		agent, agent, agent, agent, clients, administrator,
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
	};
	close(self->p.listener);
	self->p.listener = -1;
	for (i = 0; i < LISTENERS; i++)
		listen_anew(&race, FIRST_LISTENER + i);
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
