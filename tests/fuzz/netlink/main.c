// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Three worlds, each a network namespace with two processes that fuzz it: root,
 * root of a user namespace who is nobody outside, and nobody.
 *
 *	SEED		the same calls again (printed)
 *	OPERATIONS	of all worlds (20000, divided by SCALE_DIVISOR)
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "gate.h"
#include "netlink.h"
#include "random.h"

#define NOBODY 65534
#define PROCESSES 2

uint64_t pick(struct fuzz *f)
{
	return random_next(&f->random);
}

uint32_t below(struct fuzz *f, uint32_t limit)
{
	return limit ? pick(f) % limit : 0;
}

void fill(struct fuzz *f, void *data, size_t size)
{
	uint8_t *at = data;

	for (; size >= 8; at += 8, size -= 8)
		memcpy(at, &(uint64_t){ pick(f) }, 8);
	memcpy(at, &(uint64_t){ pick(f) }, size);
}

void count(struct fuzz *f, const char *what, int err)
{
	struct count *counts = f->world->counts;
	int i;

	/* Two processes may both take a new place: one is lost, once. */
	for (i = 0; i < COUNTS; i++) {
		if (!counts[i].what) {
			counts[i].err = err;
			counts[i].what = what;
		}
		if (counts[i].what == what && counts[i].err == err) {
			__atomic_fetch_add(&counts[i].times, 1,
					   __ATOMIC_RELAXED);
			return;
		}
	}
}

void wrong(struct fuzz *f, const char *what, int err)
{
	if (__atomic_fetch_add(&f->world->failures, 1, __ATOMIC_RELAXED) < 20)
		printf("# %s: %s: %s: %s (%d)\n", f->world->name,
		       f->asked ? f->asked : "a call", what,
		       strerror(err < 0 ? -err : 0), err);
}

static int open_world(struct fuzz *f)
{
	struct net_listen how = { .family = AF_INET, .nonblock = true };
	int i;

	for (i = 0; i < SOCKETS; i++)
		f->agent[i] = f->client[i] = -1;
	how.reuseport = true;
	for (i = 0; i < 3; i++) {
		how.family = i == 1 ? AF_INET6 : AF_INET;
		f->listener[i] = net_listen(&how);
		if (f->listener[i] < 0)
			return -1;
	}
	how.family = AF_INET;
	how.nonblock = false;
	f->helper = net_listen(&how);
	f->file = memfd_create("file", MFD_CLOEXEC);
	if (f->helper < 0 || f->file < 0 || ftruncate(f->file, 65536) ||
	    pipe2(f->pipe, O_CLOEXEC | O_NONBLOCK))
		return -1;
	net_timeout(f->helper, NET_DEADLINE_MS);
	return messages_open(f);
}

/* Interrupts what waits in spite of all: a close() that lingers. */
static void on_alarm(int number)
{
}

/* Each tenth: a million operations on a debug kernel take the better part of an hour. */
static void progress(const struct world *world, unsigned long done,
		     unsigned long operations, time_t began)
{
	if (operations >= 10000 && done % (operations / 10) == 0)
		printf("# %s: %lu of each %lu operations in %ld s\n",
		       world->name, done, operations,
		       (long)(time(NULL) - began));
}

static int fuzz(struct world *world, uint64_t seed, unsigned long operations,
		int elsewhere, bool tells)
{
	struct itimerval often = {
		.it_interval.tv_usec = 200000, .it_value.tv_usec = 200000,
	};
	struct fuzz f = {
		.world = world, .random = seed, .elsewhere = elsewhere,
	};
	struct sigaction action = { .sa_handler = on_alarm };
	time_t began = time(NULL);
	unsigned long done;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGIO, SIG_IGN);
	signal(SIGURG, SIG_IGN);
	if (open_world(&f)) {
		perror("# open");
		return 1;
	}
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	for (done = 1; done <= operations; done++) {
		if (!world->plain && chance(&f, 2))
			calls_one(&f);
		else
			messages_one(&f);
		if (tells)
			progress(world, done, operations, began);
	}
	return 0;
}

/* The same namespaces for all that is forked from here. */
static int enter(struct world *world, bool user)
{
	char map[32];
	int fd;

	if (world->admin && !user)
		return net_unshare();
	/* Nobody's own namespaces, not those of root. */
	if (!world->admin && net_unshare())
		return -1;
	if (setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY) ||
	    prctl(PR_SET_DUMPABLE, 1))
		return -1;
	if (!user)
		return 0;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return -1;
	snprintf(map, sizeof(map), "0 %d 1", NOBODY);
	fd = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, map, strlen(map)) < 0)
		return -1;
	close(fd);
	return net_lo_up();
}

static int run(struct world *world, bool user, uint64_t seed,
	       unsigned long operations)
{
	struct fuzz sweeper = { .world = world };
	int elsewhere = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int i, status, failed = 0;

	if (enter(world, user)) {
		perror("# namespace");
		return 1;
	}
	for (i = 0; i < PROCESSES; i++)
		if (!fork())
			exit(fuzz(world, seed + i, operations / PROCESSES,
				  elsewhere, !i));
	close(elsewhere);
	for (i = 0; i < PROCESSES; i++) {
		wait(&status);
		if (status)
			printf("# %s: a process ended with %#x\n", world->name,
			       status);
		failed |= status;
	}
	if (messages_sweep(&sweeper) || check_nothing_left())
		failed = 1;
	return failed || world->failures;
}

static bool succeeded(const struct world *world, const char *what)
{
	int i;

	for (i = 0; i < COUNTS && world->counts[i].what; i++)
		if (!strcmp(world->counts[i].what, what) &&
		    !world->counts[i].err)
			return true;
	return false;
}

/*
 * Whether it came behind a handoff, where most of the code is. Fewer operations
 * may not, nor who may hand nothing off.
 */
static bool went_deep(const struct world *world, unsigned long operations)
{
	static const char *const steps[] = {
		"gate-add", "handoff", "accept", "recvmsg",
		"getsockopt ktlsgate", "conn-kill",
	};
	size_t i;

	if (!world->admin || operations < 5000)
		return true;
	for (i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		if (!succeeded(world, steps[i])) {
			printf("# %s: no %s succeeded\n", world->name, steps[i]);
			return false;
		}
	}
	return true;
}

static void tell(const struct world *world)
{
	int i;

	for (i = 0; i < COUNTS && world->counts[i].what; i++)
		printf("# %-7s %-22s %8lu %s\n", world->name,
		       world->counts[i].what, world->counts[i].times,
		       world->counts[i].err ?
		       strerrorname_np(-world->counts[i].err) ?
		       strerrorname_np(-world->counts[i].err) : "?" : "done");
	printf("# %s: %u connections handed off or seen\n", world->name,
	       world->id_count);
}

static unsigned long setting(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoul(text, NULL, 0) : otherwise;
}

int main(void)
{
	static const struct {
		const char *name;
		bool admin, user, plain;
		int part;	/* of 10 */
	} worlds[] = {
		{ "root", true, false, false, 6 },
		{ "user", true, true, false, 3 },
		{ "nobody", false, false, true, 1 },
	};
	unsigned long operations = setting("OPERATIONS", 20000 /
					   setting("SCALE_DIVISOR", 1));
	uint64_t seed = setting("SEED", time(NULL) ^ (uint64_t)getpid() << 32);
	int i, failed = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("TAP version 13\n1..3\n# SEED=%llu OPERATIONS=%lu\n",
	       (unsigned long long)seed, operations);
	for (i = 0; i < 3; i++) {
		struct world *world = mmap(NULL, sizeof(*world),
					   PROT_READ | PROT_WRITE,
					   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		unsigned long part = operations * worlds[i].part / 10;
		int status;

		world->name = worlds[i].name;
		world->admin = worlds[i].admin;
		world->plain = worlds[i].plain;
		if (!fork())
			exit(run(world, worlds[i].user, seed + 1000 * i, part));
		wait(&status);
		tell(world);
		if (!went_deep(world, part))
			status = 1;
		printf("%s %d %s: %lu operations\n", status ? "not ok" : "ok",
		       i + 1, world->name, part);
		failed |= status;
	}
	return failed ? 1 : 0;
}
