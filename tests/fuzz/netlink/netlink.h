/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fuzzer of what the module takes from user space: netlink messages made
 * from the spec, and system calls on gated sockets. One struct fuzz is one
 * process.
 */
#ifndef TESTS_FUZZ_NETLINK_H
#define TESTS_FUZZ_NETLINK_H

#include <linux/ktlsgate.h>
#include <linux/ktlsgate_sockopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net.h"

enum type { TYPE_PAD, TYPE_U8, TYPE_U16, TYPE_U32, TYPE_U64, TYPE_S32,
	    TYPE_STRING, TYPE_BINARY, TYPE_FLAG, TYPE_NEST };

/* As the spec has them; a list ends with a name that is NULL. */
struct attribute {
	const char *name;
	int number;
	enum type type;
	uint64_t min, max;	/* of the value, or of the length */
	unsigned int exact;
	const struct attribute *nested;
};

struct operation {
	const char *name;
	int cmd;
	bool admin, dump;
	uint64_t request;	/* bit i: attributes[i] belongs to a request */
	const struct attribute *attributes;
};

#define SOCKETS 8	/* of each kind that a process keeps */
#define COUNTS 160	/* different answers that are told apart */

struct count {
	const char *what;
	int err;
	unsigned long times;
};

/* Shared by the processes of one world. */
struct world {
	const char *name;
	bool admin;		/* may change anything */
	bool plain;		/* the module's operations alone, no sockets */
	struct count counts[COUNTS];
	uint32_t ids[32];	/* of connections, the latest */
	uint32_t id_count;
	unsigned long failures;
};

struct fuzz {
	struct world *world;
	uint64_t random;
	int netlink, family;
	const char *asked;	/* the operation of the last request */
	uint32_t seq;
	int helper;		/* where clients connect */
	int listener[3];	/* the agent's */
	int agent[SOCKETS];	/* accepted, -1: none */
	int client[SOCKETS];
	size_t agents, clients;	/* where the next one goes */
	int file, pipe[2], elsewhere;	/* elsewhere: another namespace's socket */
	uint16_t version;	/* of the last keys */
	size_t secret;		/* bytes of their traffic secrets, 0: none */
};

uint64_t pick(struct fuzz *f);
uint32_t below(struct fuzz *f, uint32_t limit);
static inline bool chance(struct fuzz *f, uint32_t of)
{
	return !below(f, of);
}
void fill(struct fuzz *f, void *data, size_t size);

/* Counts the answer to one call. */
void count(struct fuzz *f, const char *what, int err);
/* What must not be: tells it, and the world has failed. */
void wrong(struct fuzz *f, const char *what, int err);

/* messages.c: one request and its answer. */
int messages_open(struct fuzz *f);
void messages_one(struct fuzz *f);
/* Everything that is there, without trouble: 0 or -errno. */
int messages_sweep(struct fuzz *f);

/*
 * handles.c: a descriptor of any kind for a handoff, more often than not one that
 * fits; -1: none came about.
 */
int handle_any(struct fuzz *f, bool relay);

/* calls.c: one system call on a gated socket, or by its client. */
void calls_one(struct fuzz *f);

#endif
