// SPDX-License-Identifier: GPL-2.0-or-later
/* What clients do while several threads of their agent race. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/tls.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "race.h"

#ifndef SOL_TLS
#define SOL_TLS 282
#endif

#define CLIENTS 6

struct client {
	struct tls_client tls;
	struct tls_raw raw;	/* TLS 1.3 */
};

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

static int relay(struct gate_handoff *h)
{
	static union net_addr peer, local;

	peer = net_loopback(AF_INET, 40007);
	peer.in.sin_addr.s_addr = inet_addr("192.0.2.7");
	local = net_loopback(AF_INET, 9092);
	local.in.sin_addr.s_addr = inet_addr("198.51.100.9");
	h->suite = 0xc013;
	h->path = KTLSGATE_PATH_RELAY;
	h->reason = "kTLS cannot carry ECDHE-RSA-AES128-SHA";
	h->peer = &peer;
	h->local = &local;
	return 0;
}

/* The end that is handed off: of a client, or over loopback of the helper. */
static int dial(struct race *race, struct client *client,
		struct tls_server *server, struct gate_handoff *h,
		struct agent *a)
{
	memset(client, 0, sizeof(*client));
	memset(server, 0, sizeof(*server));
	server->version = TLS1_VERSION;
	client->tls.fd = net_connect(&race->p->dialled);
	if (client->tls.fd < 0)
		return -1;
	net_timeout(client->tls.fd, RACE_INTERRUPT_MS);
	server->fd = accept4(race->p->helper, NULL, NULL, SOCK_CLOEXEC);
	if (server->fd < 0 ||
	    (!race->relayed && encrypt(race, client, server, a)))
		return -1;
	gate_handoff_init(h, server, GATE_NAME);
	return race->relayed ? relay(h) : 0;
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
	err = gate_handoff(nl, &h, &id);
	if (!err) {
		race_count(&race->handed_off);
		__atomic_store_n(&race->ids[agent_pick(a, RACE_IDS)], id,
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

void *race_clients(void *arg)
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
