/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_PUMP_H
#define TESTS_PUMP_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tls.h"

/*
 * A client that sends and receives at the same time, with KeyUpdates spread
 * over what it sends, in a thread of its own. When all is sent and `expect`
 * bytes have come it sends close_notify, and reads to the end.
 */
struct pump {
	struct tls_client *client;
	size_t send, expect;	/* bytes */
	size_t chunk;		/* bytes of one write, 0: 65536 */
	int updates;		/* to send */
	bool request;		/* with update_requested */
	bool alone;		/* flushed with nothing behind them */
	/* results */
	size_t sent, got;
	uint64_t hash_sent, hash_got;
	char failure[160];	/* "": none */
	pthread_t thread;
};

int pump_start(struct pump *p);
void pump_join(struct pump *p);
/* FNV-1a */
uint64_t pump_hash(uint64_t hash, const void *buf, size_t len);
#define PUMP_HASH 0xcbf29ce484222325ull

/* The agent's side: what comes goes back, until its end. 0, or -1 and errno. */
int pump_echo(int agent);

/* What pump_file(), a thread, sends by sendfile(). */
struct pump_file {
	int fd;
	int file;
	size_t len;
	int failed;	/* errno */
};

void *pump_file(void *sender);

#endif
