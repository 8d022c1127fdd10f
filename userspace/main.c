// SPDX-License-Identifier: GPL-2.0-or-later
/* ktlsgated: the handshake helper. Arguments, signals, and what comes when. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <systemd/sd-daemon.h>

#include "check.h"
#include "choice.h"
#include "crl.h"
#include "fdstore.h"
#include "identity.h"
#include "ktls.h"
#include "live.h"
#include "log.h"
#include "mem.h"
#include "netns.h"
#include "ocsppool.h"
#include "registry.h"
#include "secrets.h"
#include "sessions.h"
#include "staple.h"
#include "state.h"
#include "steer.h"
#include "verdict.h"
#include "watch.h"

#define SECOND 1000000000ULL
#define LOOK (SECOND / 4)	/* at files; two in a row make a change */

static const char usage[] =
	"ktlsgated [-c FILE]                      serve the gates of FILE\n"
	"ktlsgated --check FILE [--json]          tell what is wrong with FILE,\n"
	"                                         and what it would do\n"
	"ktlsgated --detach [--network-namespace NAME]\n"
	"                                         end steering: the agents' ports\n"
	"                                         are open to plaintext again\n"
	"ktlsgated --version | --help\n"
	"\n"
	"FILE is " CONFIG_FILE " if not given. See ktlsgated(8).\n";

struct helper {
	const char *file;
	struct worker *workers[CONFIG_MAX_WORKERS];
	unsigned int worker_count;
	struct registry *registry;
	struct config *config;		/* in force */
	struct watch *watch;		/* of its files */
	atomic_bool agent_changed;
	int event_fd;
	int signal_fd;
	uint64_t next_watch;		/* of agents */
	uint64_t next_look;		/* at files */
	bool state_due;			/* the state could not be written */
	time_t good_at;			/* see struct report; of the last
					 * renewal, if it was refused
					 */
};

static void notify(const struct helper *helper)
{
	sd_notifyf(0, "READY=1\nSTATUS=%zu gates, %u workers",
		   registry_count(helper->registry), helper->worker_count);
}

static unsigned int processors(void)
{
	cpu_set_t set;
	int count;

	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set))
		return 1;
	count = CPU_COUNT(&set);
	return count > CONFIG_MAX_WORKERS ? CONFIG_MAX_WORKERS : count;
}

/* What is wrong is in the report; false then, and nothing has changed. */
static bool apply(struct helper *helper, struct config *config,
		  struct report *report, enum severity dates)
{
	/* Looked at first: what changes while files are read is seen later. */
	struct watch *watch = watch_new(config);

	if (!registry_apply(helper->registry, config, dates, report)) {
		watch_free(watch);
		return false;
	}
	helper->state_due = !state_write(registry_describe(helper->registry));
	log_set_level(config->log_level);
	watch_free(helper->watch);
	helper->watch = watch;
	helper->good_at = 0;
	config_get(config);
	config_put(helper->config);
	helper->config = config;
	return true;
}

/* Certificates, keys, CAs or CRLs are other ones: the same gates with these. */
static void renew(struct helper *helper)
{
	struct report report = { .file = helper->file };

	if (apply(helper, helper->config, &report, SEVERITY_ERROR)) {
		report_log(&report);
		log_msg(LOG_INFO, "certificates, keys or CRLs changed: they are in force");
	} else {
		report_log(&report);
		log_msg(LOG_ERR, "certificates, keys or CRLs changed, with %zu errors: those before stay in force",
			report.errors);
		helper->good_at = report.good_at;
	}
	report_free(&report);
}

static void reload(struct helper *helper)
{
	struct report report = { .file = helper->file };
	struct config *config;
	bool good = false;

	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu",
		   (unsigned long long)now_ns() / 1000);
	config = config_load(&report);
	if (config && config->workers &&
	    config->workers != helper->worker_count)
		log_msg(LOG_WARNING, "%s: workers: changes with a restart only",
			helper->file);
	if (config)
		good = apply(helper, config, &report, SEVERITY_ERROR);
	report_log(&report);
	if (good)
		log_msg(LOG_INFO, "reloaded %s: %zu gates", helper->file,
			registry_count(helper->registry));
	else
		log_msg(LOG_ERR, "%s has %zu errors: the configuration before it stays in force",
			helper->file, report.errors);
	report_free(&report);
	config_put(config);
	notify(helper);
}

static bool start_workers(struct helper *helper, const struct config *config)
{
	char *error;

	helper->worker_count = config->workers ? config->workers :
			       processors();
	for (unsigned int i = 0; i < helper->worker_count; i++) {
		helper->workers[i] = worker_start(i, helper->event_fd,
						  &helper->agent_changed,
						  &error);
		if (helper->workers[i])
			continue;
		log_msg(LOG_CRIT, "%s", error);
		free(error);
		return false;
	}
	return true;
}

/* As many descriptors as allowed: each handshake is one. */
static void raise_limits(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files))
		return;
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}

static bool start(struct helper *helper, struct config *config,
		  struct report *report)
{
	unsigned int ciphers;
	char *error, *names;

	error = ktls_probe(&ciphers);
	if (error) {
		log_msg(LOG_CRIT, "%s", error);
		free(error);
		return false;
	}
	names = ktls_names(ciphers);
	log_msg(LOG_INFO, "kTLS carries %s", names);
	free(names);
	if (!start_workers(helper, config))
		return false;
	error = live_start();
	if (error) {
		log_msg(LOG_CRIT, "%s", error);
		free(error);
		return false;
	}
	helper->registry = registry_new(helper->workers, helper->worker_count,
					ciphers);
	/* An expired certificate is served: no other one is in force. */
	return apply(helper, config, report, SEVERITY_WARNING);
}

static int load_and_start(struct helper *helper)
{
	struct report report = { .file = helper->file };
	struct config *config = config_load(&report);
	bool good = config && start(helper, config, &report);

	report_log(&report);
	if (!good && report.errors)
		log_msg(LOG_CRIT, "%s has %zu errors: not started",
			helper->file, report.errors);
	report_free(&report);
	config_put(config);
	return good ? 0 : 1;
}

/* False when it is time to end. */
static bool on_signal(struct helper *helper)
{
	struct signalfd_siginfo info;

	if (read(helper->signal_fd, &info, sizeof(info)) != sizeof(info))
		return true;
	if (info.ssi_signo != SIGHUP)
		return false;
	reload(helper);
	return true;
}

static void write_state(struct helper *helper)
{
	struct json_object *refusals = registry_refusals(helper->registry);

	if (refusals && !state_write_refusals(refusals))
		registry_refusals_untold(helper->registry);
	if (helper->state_due)
		helper->state_due =
			!state_write(registry_describe(helper->registry));
}

static void look_at_files(struct helper *helper)
{
	if (watch_changed(helper->watch) ||
	    (helper->good_at && time(NULL) > helper->good_at))
		renew(helper);
}

static void on_time(struct helper *helper)
{
	uint64_t now = now_ns();

	if (now >= helper->next_look) {
		helper->next_look = now + LOOK;
		look_at_files(helper);
	}
	if (now >= helper->next_watch) {
		helper->next_watch = now + SECOND;
		registry_watch(helper->registry);
		write_state(helper);
		staples_refresh();
	}
}

/* Milliseconds until on_time() has something to do. */
static int time_left(const struct helper *helper)
{
	uint64_t next = helper->next_look < helper->next_watch ?
			helper->next_look : helper->next_watch;
	uint64_t now = now_ns();

	return next > now ? (int)((next - now) / 1000000) + 1 : 0;
}

/* A worker met an agent that is not as it was. */
static void on_event(struct helper *helper)
{
	uint64_t value;

	if (read(helper->event_fd, &value, sizeof(value)) < 0)
		return;
	registry_watch(helper->registry);
	atomic_store(&helper->agent_changed, false);
}

static void serve(struct helper *helper)
{
	struct pollfd fds[] = {
		{ .fd = helper->signal_fd, .events = POLLIN },
		{ .fd = helper->event_fd, .events = POLLIN },
	};

	for (;;) {
		if (poll(fds, 2, time_left(helper)) < 0 && errno != EINTR)
			return;
		if (fds[0].revents & POLLIN && !on_signal(helper))
			return;
		if (fds[1].revents & POLLIN)
			on_event(helper);
		on_time(helper);
	}
}

static void stop(struct helper *helper)
{
	unsigned int i;
	bool ended;

	sd_notify(0, "STOPPING=1");
	log_msg(LOG_INFO, "ending: live connections go on, gates stay closed to plaintext");
	state_remove();
	for (i = 0; i < helper->worker_count; i++)
		worker_stop(helper->workers[i]);
	live_stop();
	ended = ocsp_pool_stop();
	registry_free(helper->registry);
	watch_free(helper->watch);
	config_put(helper->config);
	sessions_close();
	/* A resolver holds a thread: exit() would free OpenSSL under it. */
	if (!ended)
		_exit(0);
	for (i = 0; i < helper->worker_count; i++)
		worker_free(helper->workers[i]);
}

static bool open_signals(struct helper *helper)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	helper->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	helper->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return helper->signal_fd >= 0 && helper->event_fd >= 0;
}

static int run(const char *file)
{
	static struct helper helper;

	helper.file = file;
	if (!open_signals(&helper)) {
		log_msg(LOG_CRIT, "cannot watch signals: %s", strerror(errno));
		return 1;
	}
	raise_limits();
	fdstore_open();
	if (load_and_start(&helper))
		return 1;
	fdstore_sweep();
	helper.next_look = now_ns() + LOOK;
	helper.next_watch = now_ns() + SECOND;
	log_msg(LOG_INFO, "serving %zu gates with %u workers",
		registry_count(helper.registry), helper.worker_count);
	notify(&helper);
	serve(&helper);
	stop(&helper);
	return 0;
}

static int detach(const char *name)
{
	uint64_t cookie;
	char *error;
	int fd, result;

	fd = netns_file(name, &cookie, &error);
	result = fd < 0 ? -1 : steer_detach(cookie, &error);
	if (fd >= 0)
		close(fd);
	if (result < 0) {
		fprintf(stderr, "ktlsgated: %s\n", error);
		free(error);
		return 1;
	}
	printf("network namespace %s: %s\n", netns_label(name), result ?
	       "nothing was steered" :
	       "steering has ended, the agents' ports are open to plaintext");
	return 0;
}

int main(int argc, char **argv)
{
	enum { OPTION_CHECK = 256, OPTION_JSON, OPTION_DETACH, OPTION_NETNS };
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check", required_argument, NULL, OPTION_CHECK },
		{ "json", no_argument, NULL, OPTION_JSON },
		{ "detach", no_argument, NULL, OPTION_DETACH },
		{ "network-namespace", required_argument, NULL, OPTION_NETNS },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	const char *file = CONFIG_FILE, *check = NULL, *name = NULL;
	bool json = false, detaching = false;
	int option;

	while ((option = getopt_long(argc, argv, "c:Vh", options, NULL)) >= 0) {
		switch (option) {
		case 'c':
			file = optarg;
			break;
		case OPTION_CHECK:
			check = optarg;
			break;
		case OPTION_JSON:
			json = true;
			break;
		case OPTION_DETACH:
			detaching = true;
			break;
		case OPTION_NETNS:
			name = optarg;
			break;
		case 'V':
			printf("ktlsgated %s, %s\n", KTLSGATE_VERSION,
			       OpenSSL_version(OPENSSL_VERSION));
			return 0;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (optind != argc || (json && !check) || (name && !detaching)) {
		fputs(usage, stderr);
		return 2;
	}
	log_open();
	secrets_protect_process();
	verdict_open();
	choice_open();
	crls_open();
	identity_open();
	sessions_open();
	if (detaching)
		return detach(name);
	if (check)
		return check_file(check, json);
	return run(file);
}
