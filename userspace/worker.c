// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "handshake.h"
#include "log.h"
#include "mem.h"
#include "ocspstep.h"
#include "relay.h"
#include "worker.h"

#define EVENTS		256
#define PAUSE_NS	100000000ULL
#define FAREWELL_NS	3000000000ULL	/* for what goes on when stopping */

static void watch(struct worker *worker, struct port *port, int operation)
{
	struct epoll_event event = {
		.events = EPOLLIN, .data.ptr = &port->source,
	};

	if (epoll_ctl(worker->epoll, operation, port->fd, &event) &&
	    operation == EPOLL_CTL_ADD)
		log_msg(LOG_ERR, "worker %u: cannot watch a socket: %s",
			worker->index, strerror(errno));
}

/* Descriptors or memory ran out: the backlog keeps clients for a moment. */
static void pause_accepting(struct worker *worker)
{
	size_t i;

	if (worker->paused)
		return;
	if (!worker->short_since) {
		log_msg(LOG_ERR, "worker %u: cannot accept: %s; clients wait",
			worker->index, strerror(errno));
		worker->short_since = now_ns();
	}
	worker->paused = true;
	for (i = 0; i < worker->port_count; i++)
		watch(worker, worker->ports[i], EPOLL_CTL_DEL);
	timers_set(&worker->timers, &worker->accept_pause,
		   now_ns() + PAUSE_NS);
}

static void resume_accepting(struct timer *timer)
{
	struct worker *worker = (struct worker *)((char *)timer -
				offsetof(struct worker, accept_pause));
	size_t i;

	worker->paused = false;
	for (i = 0; i < worker->port_count; i++)
		watch(worker, worker->ports[i], EPOLL_CTL_ADD);
}

static void tell_enough(struct worker *worker)
{
	if (!worker->short_since)
		return;
	log_msg(LOG_NOTICE, "worker %u: accepts again, after %llu ms",
		worker->index, (unsigned long long)
		(now_ns() - worker->short_since) / 1000000);
	worker->short_since = 0;
}

/*
 * One at a time: to ask whether there is another makes the kernel allocate a socket
 * for nothing, and epoll tells it with whatever else has happened.
 */
static void accept_client(struct worker *worker, struct port *port)
{
	struct sockaddr_storage from;
	socklen_t size = sizeof(from);
	int fd;

	fd = accept4(port->fd, (struct sockaddr *)&from, &size,
		     SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0) {
		tell_enough(worker);
		handshake_begin(worker, port->gate, fd, &from);
		return;
	}
	if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
	    errno == ENOBUFS)
		pause_accepting(worker);
}

static struct port *find_port(struct worker *worker, int fd)
{
	size_t i;

	for (i = 0; i < worker->port_count; i++)
		if (worker->ports[i]->fd == fd)
			return worker->ports[i];
	return NULL;
}

static void serve_socket(struct worker *worker, int fd, struct gate *gate)
{
	struct port *port;

	if (fd < 0)
		return;
	port = find_port(worker, fd);
	if (port) {
		gate_put(port->gate);
		port->gate = gate_get(gate);
		port->kept = true;
		return;
	}
	port = xcalloc(1, sizeof(*port));
	port->source.kind = SOURCE_LISTENER;
	port->fd = fd;
	port->gate = gate_get(gate);
	port->kept = true;
	worker->ports = xrealloc(worker->ports, worker->port_count + 1,
				 sizeof(*worker->ports));
	worker->ports[worker->port_count++] = port;
	if (!worker->paused)
		watch(worker, port, EPOLL_CTL_ADD);
}

/* Forgets the sockets that are not kept. */
static void drop_ports(struct worker *worker)
{
	size_t i, left = 0;

	for (i = 0; i < worker->port_count; i++) {
		struct port *port = worker->ports[i];

		if (port->kept) {
			worker->ports[left++] = port;
			continue;
		}
		watch(worker, port, EPOLL_CTL_DEL);
		gate_put(port->gate);
		free(port);
	}
	worker->port_count = left;
}

static void take_snapshot(struct worker *worker)
{
	const struct snapshot *next;
	size_t i;

	next = atomic_exchange(&worker->next, NULL);
	if (!next)
		return;
	for (i = 0; i < worker->port_count; i++)
		worker->ports[i]->kept = false;
	for (i = 0; i < next->count; i++) {
		const struct serving *one = &next->gates[i];

		serve_socket(worker, one->listeners->ipv4[worker->index],
			     one->gate);
		serve_socket(worker, one->listeners->ipv6[worker->index],
			     one->gate);
	}
	drop_ports(worker);
	sem_post(&worker->taken);
}

static void serve_timers(struct worker *worker)
{
	uint64_t now = now_ns();
	struct timer *timer;

	while ((timer = timers_due(&worker->timers, now)))
		timer->expired(timer);
}

/*
 * Listening sockets come last: a snapshot taken in the same round may free
 * what their events point to, so these are looked up again by epoll.
 */
static bool serve_events(struct worker *worker, struct epoll_event *events,
			 int count)
{
	bool woken = false;
	uint64_t value;
	int i;

	for (i = 0; i < count; i++) {
		struct source *source = events[i].data.ptr;

		if (source->kind == SOURCE_HANDSHAKE)
			handshake_event((struct handshake *)source,
					events[i].events);
		else if (source->kind == SOURCE_RELAY)
			relay_event(source, events[i].events);
		else if (source->kind == SOURCE_LISTENER)
			accept_client(worker, (struct port *)source);
		else
			woken = true;
	}
	if (woken && read(worker->wake_fd, &value, sizeof(value)) < 0 &&
	    errno != EAGAIN)
		log_msg(LOG_ERR, "worker %u: eventfd: %s", worker->index,
			strerror(errno));
	return woken;
}

static void *worker_main(void *arg)
{
	struct epoll_event events[EVENTS];
	struct worker *worker = arg;
	uint64_t until = 0;
	char name[16];

	snprintf(name, sizeof(name), "worker %u", worker->index);
	pthread_setname_np(pthread_self(), name);
	for (;;) {
		int count;

		count = epoll_wait(worker->epoll, events, EVENTS,
				   timers_wait(&worker->timers, now_ns()));
		if (count > 0 && serve_events(worker, events, count)) {
			ocspstep_answers(worker);
			take_snapshot(worker);
		}
		serve_timers(worker);
		handshake_bury(worker);
		relay_bury(worker);
		if (!atomic_load(&worker->stop))
			continue;
		if (!until) {
			until = now_ns() + FAREWELL_NS;
			timers_set(&worker->timers, &worker->accept_pause,
				   until);
		}
		if ((!worker->handshake_count && !worker->relays) ||
		    now_ns() >= until)
			break;
	}
	handshake_end_all(worker);
	ocspstep_answers(worker);
	relay_end_all(worker);
	return NULL;
}

struct worker *worker_start(unsigned int index, int main_fd,
			    atomic_bool *agent_changed, char **error)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct worker *worker = xcalloc(1, sizeof(*worker));
	sigset_t all, old;
	int failed;

	worker->index = index;
	worker->main_fd = main_fd;
	worker->agent_changed = agent_changed;
	worker->wake.kind = SOURCE_WAKE;
	worker->accept_pause.expired = resume_accepting;
	sem_init(&worker->taken, 0, 0);
	worker->lib = OSSL_LIB_CTX_new();
	worker->epoll = epoll_create1(EPOLL_CLOEXEC);
	worker->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	worker->ocsp.wake_fd = worker->wake_fd;
	event.data.ptr = &worker->wake;
	if (!worker->lib || worker->epoll < 0 || worker->wake_fd < 0 ||
	    epoll_ctl(worker->epoll, EPOLL_CTL_ADD, worker->wake_fd, &event)) {
		*error = xasprintf("cannot start worker %u: %s", index,
				   strerror(errno));
		return NULL;
	}
	/* The administrator's providers and policies hold here as well. */
	OSSL_LIB_CTX_load_config(worker->lib, NULL);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	failed = pthread_create(&worker->thread, NULL, worker_main, worker);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (!failed)
		return worker;
	*error = xasprintf("cannot start worker %u: %s", index,
			   strerror(failed));
	return NULL;
}

static void wake(struct worker *worker)
{
	uint64_t one = 1;

	while (write(worker->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

void worker_serve(struct worker *worker, const struct snapshot *snapshot)
{
	atomic_store(&worker->next, snapshot);
	wake(worker);
	while (sem_wait(&worker->taken))
		;
}

void worker_stop(struct worker *worker)
{
	static const struct snapshot nothing;

	worker_serve(worker, &nothing);
	atomic_store(&worker->stop, true);
	wake(worker);
	pthread_join(worker->thread, NULL);
}

void worker_free(struct worker *worker)
{
	ocspstep_answers(worker);
	close(worker->epoll);
	close(worker->wake_fd);
	timers_free(&worker->timers);
	OSSL_LIB_CTX_free(worker->lib);
	free(worker->ports);
	free(worker);
}
