// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <zlib.h>

#include "doctor.h"
#include "process.h"
#include "util.h"

/* The module is made for this and later, see kmod/compat. */
#define OLDEST_MAJOR	6
#define OLDEST_MINOR	1

/* Smaller, and kTLS's sendfile crawls when the MSS is large. */
#define LOWAT_SMALL	16384

static const struct {
	const char *name;
	const char *why;
} kernel_options[] = {
	{ "CONFIG_INET", "TCP/IP" },
	{ "CONFIG_TLS", "kTLS" },
	{ "CONFIG_BPF_SYSCALL", "steering" },
	{ "CONFIG_CRYPTO_AES", "AES" },
	{ "CONFIG_CRYPTO_GCM", "AES-GCM" },
	{ "CONFIG_CRYPTO_HMAC", "key updates" },
	{ "CONFIG_CRYPTO_SHA256", "key updates" },
	{ "CONFIG_CRYPTO_SHA512", "key updates" },
};

/* Is name (".../tls.ko", compressed or not) in a list of module files? */
static bool in_module_list(const char *list, const char *name)
{
	struct utsname uts;
	bool found = false;
	char *path, *text, *at;
	size_t len = strlen(name);

	if (uname(&uts))
		return false;
	path = xasprintf("/lib/modules/%s/%s", uts.release, list);
	text = read_file(path);
	free(path);
	for (at = text; at && !found; ) {
		at = strstr(at, name);
		if (!at)
			break;
		found = (at == text || at[-1] == '/') &&
			strchr(":.\n", at[len]);
		at += len;
	}
	free(text);
	return found;
}

static void check_version(struct doctor *d)
{
	unsigned int major = 0, minor = 0;
	struct utsname uts;

	if (uname(&uts) || sscanf(uts.release, "%u.%u", &major, &minor) != 2) {
		doctor_say(d, DOCTOR_INFO, "kernel", NULL,
			   "the kernel's version is unknown");
		return;
	}
	if (major < OLDEST_MAJOR ||
	    (major == OLDEST_MAJOR && minor < OLDEST_MINOR))
		doctor_say(d, DOCTOR_WARN, "kernel",
			   "boot 6.1 or a later one",
			   "kernel %s is older than the module was made for",
			   uts.release);
	else
		doctor_say(d, DOCTOR_OK, "kernel", NULL, "kernel %s",
			   uts.release);
}

static void check_module(struct doctor *d)
{
	char *version;

	if (access("/sys/module/ktlsgate", F_OK)) {
		if (in_module_list("modules.dep", "ktlsgate.ko"))
			doctor_say(d, DOCTOR_FAIL, "module",
				   "modprobe ktlsgate",
				   "the module ktlsgate is not loaded");
		else
			doctor_say(d, DOCTOR_FAIL, "module",
				   "make && make install, then modprobe ktlsgate",
				   "the module ktlsgate is neither loaded nor installed for this kernel");
		return;
	}
	d->module = true;
	version = read_line("/sys/module/ktlsgate/version");
	if (version && strcmp(version, KTLSGATE_VERSION))
		doctor_say(d, DOCTOR_WARN, "module",
			   "install both from one release, then rmmod ktlsgate && modprobe ktlsgate",
			   "module ktlsgate %s, but this command is %s",
			   version, KTLSGATE_VERSION);
	else
		doctor_say(d, DOCTOR_OK, "module", NULL,
			   "module ktlsgate %s loaded", version ?: "");
	free(version);
}

static void check_tls(struct doctor *d)
{
	if (!access("/sys/module/tls", F_OK) ||
	    !access("/proc/net/tls_stat", F_OK))
		doctor_say(d, DOCTOR_OK, "tls", NULL, "tls.ko loaded");
	else if (in_module_list("modules.builtin", "tls.ko"))
		doctor_say(d, DOCTOR_OK, "tls", NULL,
			   "kTLS is built into the kernel");
	else if (in_module_list("modules.dep", "tls.ko"))
		doctor_say(d, DOCTOR_OK, "tls", NULL,
			   "tls.ko is installed, it is loaded when needed");
	else
		doctor_say(d, DOCTOR_FAIL, "tls",
			   "boot a kernel with CONFIG_TLS=m, such as Debian's linux-image-amd64",
			   "tls.ko is neither loaded nor installed for this kernel");
}

/* The kernel's configuration as text, NULL if it is nowhere. */
static char *read_kernel_config(void)
{
	struct utsname uts;
	size_t len = 0, room = 1024 * 1024;
	gzFile file;
	char *path, *text;
	int n;

	if (uname(&uts))
		return NULL;
	file = gzopen("/proc/config.gz", "re");
	if (!file) {
		path = xasprintf("/boot/config-%s", uts.release);
		/* zlib passes plain files through */
		file = gzopen(path, "re");
		free(path);
	}
	if (!file) {
		path = xasprintf("/lib/modules/%s/config", uts.release);
		file = gzopen(path, "re");
		free(path);
	}
	if (!file)
		return NULL;
	text = xmalloc(room + 1);
	while (len < room && (n = gzread(file, text + len, room - len)) > 0)
		len += n;
	gzclose(file);
	text[len] = '\0';
	return text;
}

static bool option_is_on(const char *config, const char *name)
{
	size_t len = strlen(name);
	const char *at = config;

	while ((at = strstr(at, name))) {
		if ((at == config || at[-1] == '\n') && at[len] == '=')
			return at[len + 1] == 'y' || at[len + 1] == 'm';
		at += len;
	}
	return false;
}

static void check_init_on_alloc(struct doctor *d, const char *config)
{
	char *cmdline = read_line("/proc/cmdline");
	const char *given = cmdline ? strstr(cmdline, "init_on_alloc=") : NULL;
	bool on;

	if (given)
		on = given[strlen("init_on_alloc=")] == '1';
	else if (config)
		on = option_is_on(config, "CONFIG_INIT_ON_ALLOC_DEFAULT_ON");
	else
		on = false;
	if (on)
		doctor_say(d, DOCTOR_INFO, "init_on_alloc", NULL,
			   "init_on_alloc is on: the kernel clears each page that a record is encrypted into, which costs some speed and is no fault");
	free(cmdline);
}

static void check_options(struct doctor *d)
{
	char *config = read_kernel_config();
	unsigned int missing = 0;
	size_t i;

	check_init_on_alloc(d, config);
	if (!config) {
		doctor_say(d, DOCTOR_INFO, "options", NULL,
			   "kernel options not checked: neither /proc/config.gz nor a config file in /boot is there");
		return;
	}
	for (i = 0; i < ARRAY_SIZE(kernel_options); i++) {
		if (option_is_on(config, kernel_options[i].name))
			continue;
		missing++;
		doctor_say(d, DOCTOR_FAIL, "options",
			   "boot a kernel that has it",
			   "kernel option %s is off (%s)",
			   kernel_options[i].name, kernel_options[i].why);
	}
	if (!missing)
		doctor_say(d, DOCTOR_OK, "options", NULL,
			   "kernel options: TCP/IP, kTLS, BPF, AES-GCM and HMAC are there");
	free(config);
}

void doctor_kernel(struct doctor *d)
{
	check_version(d);
	check_module(d);
	check_tls(d);
	check_options(d);
}

static void check_lowat(struct doctor *d)
{
	char *text = read_line("/proc/sys/net/ipv4/tcp_notsent_lowat");

	/* the default is the largest number there is */
	if (text && strtoul(text, NULL, 10) <= LOWAT_SMALL)
		doctor_say(d, DOCTOR_WARN, "tcp_notsent_lowat",
			   "sysctl net.ipv4.tcp_notsent_lowat=131072, or more",
			   "tcp_notsent_lowat is %s: sendfile over kTLS gets very slow when the MSS is large",
			   text);
	else if (text)
		doctor_say(d, DOCTOR_OK, "tcp_notsent_lowat", NULL,
			   "tcp_notsent_lowat is %s",
			   strcmp(text, "4294967295") ? text : "unlimited");
	free(text);
}

/* "TlsDecryptError   3" */
static unsigned long tls_counter(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	if (!at)
		return 0;
	return strtoul(at + strlen(name), NULL, 10);
}

static void check_tls_stat(struct doctor *d)
{
	char *text = read_file("/proc/self/net/tls_stat");

	if (!text)
		return;
	doctor_say(d, DOCTOR_INFO, "tls_stat", NULL,
		   "kTLS in this network namespace: %lu sockets send and %lu receive; %lu records did not decrypt, %lu failed to rekey",
		   tls_counter(text, "TlsCurrTxSw ") +
		   tls_counter(text, "TlsCurrTxDevice "),
		   tls_counter(text, "TlsCurrRxSw ") +
		   tls_counter(text, "TlsCurrRxDevice "),
		   tls_counter(text, "TlsDecryptError "),
		   tls_counter(text, "TlsTxRekeyError ") +
		   tls_counter(text, "TlsRxRekeyError "));
	free(text);
}

void doctor_network(struct doctor *d)
{
	check_lowat(d);
	check_tls_stat(d);
}
