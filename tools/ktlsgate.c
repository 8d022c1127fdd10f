// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ktlsgate: show and change gates and connections
 */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "commands.h"
#include "format.h"
#include "util.h"

#define NETNS_DIR "/run/netns"

static const char usage[] =
"Usage: ktlsgate [ OPTIONS ] OBJECT [ COMMAND ]\n"
"\n"
"  ktlsgate gate show [ NAME ]\n"
"  ktlsgate gate add NAME port PORT [ address ADDR|any ] [ state up|down ]\n"
"                         [ key-records N ]\n"
"  ktlsgate gate set NAME [ port PORT ] [ address ADDR|any ] [ state up|down ]\n"
"                         [ key-records N ]\n"
"  ktlsgate gate del NAME\n"
"  ktlsgate conn show [ FILTER ]\n"
"  ktlsgate conn kill FILTER [ alert ALERT ]\n"
"      FILTER := id N | [ gate NAME ] [ principal P ] [ peer ADDR[:PORT] ]\n"
"                | all (kill only)\n"
"  ktlsgate stats [ gate NAME ]\n"
"  ktlsgate monitor [ gate NAME ]\n"
"  ktlsgate doctor [ FILE ]\n"
"\n"
"OPTIONS:\n"
"  -j        JSON; monitor: one object a line\n"
"  -p        with -j: indented\n"
"  -s        more: counters, certificates, reasons\n"
"  -n NETNS  in this network namespace: a name of ip-netns(8) or a path\n"
"  -V        version\n"
"  -h        this text\n"
"\n"
"See ktlsgate(8).\n";

static const struct {
	const char *word;
	int (*run)(struct args *a);
} commands[] = {
	{ "gate",	gate_command },
	{ "conn",	conn_command },
	{ "stats",	stats_command },
	{ "monitor",	monitor_command },
	{ "doctor",	doctor_command },
};

/* Before anything opens a socket. */
static bool enter_netns(const char *name)
{
	char *path = strchr(name, '/') ? xstrdup(name) :
					 xasprintf(NETNS_DIR "/%s", name);
	char *shown = escape_text(name);
	bool ok = false;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		complain("-n: no network namespace '%s' in " NETNS_DIR ": %s",
			 shown, strerror(errno));
	else if (setns(fd, CLONE_NEWNET))
		complain("-n: cannot enter network namespace '%s': %s", shown,
			 errno == EPERM ?
			 "it needs CAP_SYS_ADMIN, run it as root" :
			 strerror(errno));
	else
		ok = true;
	if (fd >= 0)
		close(fd);
	free(shown);
	free(path);
	return ok;
}

static int run(struct args *a)
{
	const char *word = args_next(a);
	size_t i;

	if (!word) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(word, commands[i].word))
			return commands[i].run(a);
	if (!strcmp(word, "help")) {
		fputs(usage, stdout);
		return EXIT_OK;
	}
	return args_unknown(a, word, "gate, conn, stats, monitor, doctor");
}

int main(int argc, char **argv)
{
	struct options options = { 0 };
	struct args args = { .options = &options };
	const char *netns = NULL;
	int opt;

	setlocale(LC_CTYPE, "");
	/* options stand before the object, as in ip(8) */
	while ((opt = getopt(argc, argv, "+jpsn:Vh")) != -1) {
		switch (opt) {
		case 'j':
			options.json = true;
			break;
		case 'p':
			options.pretty = true;
			break;
		case 's':
			options.stats = true;
			break;
		case 'n':
			netns = optarg;
			break;
		case 'V':
			printf("ktlsgate %s\n", KTLSGATE_VERSION);
			return EXIT_OK;
		case 'h':
			fputs(usage, stdout);
			return EXIT_OK;
		default:
			fputs("See ktlsgate -h.\n", stderr);
			return EXIT_USAGE;
		}
	}
	if (netns && !enter_netns(netns))
		return EXIT_KERNEL;
	args.arg = argv + optind;
	return run(&args);
}
