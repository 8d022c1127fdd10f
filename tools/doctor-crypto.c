// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "doctor.h"
#include "process.h"
#include "util.h"

struct driver {
	char name[128];
	long priority;
};

/* One line "key   : value" of /proc/crypto; false if it is not key's. */
static bool field(const char *line, const char *key, const char **value)
{
	size_t len = strlen(key);

	if (strncmp(line, key, len) || !strchr(" \t:", line[len]))
		return false;
	*value = strstr(line, ": ");
	if (!*value)
		return false;
	*value += 2;
	return true;
}

/*
 * The driver that crypto_alloc_aead(algorithm) takes: the one of the highest
 * priority. Internal ones are parts of others.
 */
static bool find_driver(const char *crypto, const char *algorithm,
			struct driver *best)
{
	char *text = xstrdup(crypto), *rest = text, *line;
	bool match = false, internal = false;
	struct driver this = { .priority = -1 };
	const char *value;

	best->priority = -1;
	while ((line = strsep(&rest, "\n"))) {
		if (field(line, "name", &value)) {
			match = !strcmp(value, algorithm);
			internal = false;
			this.priority = -1;
		} else if (field(line, "driver", &value)) {
			snprintf(this.name, sizeof(this.name), "%s", value);
		} else if (field(line, "priority", &value)) {
			this.priority = strtol(value, NULL, 10);
		} else if (field(line, "internal", &value)) {
			internal = !strcmp(value, "yes");
		} else if (!*line) {
			/* an entry ends */
			if (match && !internal &&
			    this.priority > best->priority)
				*best = this;
			match = false;
		}
	}
	free(text);
	return best->priority >= 0;
}

/* Drivers that use the CPU's instructions say so in their names. */
static bool is_fast(const char *driver)
{
	static const char *const mark[] = {
		"aesni", "vaes", "avx", "-ce", "neon", "simd", "p8_", "p10",
		"s390", "qat",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(mark); i++)
		if (strstr(driver, mark[i]))
			return true;
	return false;
}

/* Does the CPU have AES instructions, and which module uses them? */
static const char *aes_module(void)
{
	char *text = read_file("/proc/cpuinfo"), *flags, *end;
	const char *module = NULL;
	struct utsname uts;

	if (!text || uname(&uts))
		goto out;
	flags = strstr(text, "\nflags");
	if (!flags)
		flags = strstr(text, "\nFeatures");
	if (!flags)
		goto out;
	end = strchr(flags + 1, '\n');
	if (end) {
		/* the last flag ends like the others */
		end[0] = ' ';
		end[1] = '\0';
	}
	if (!strstr(flags, " aes "))
		goto out;
	if (!strcmp(uts.machine, "x86_64"))
		module = "modprobe aesni_intel, and a file in /etc/modules-load.d/ with aesni_intel in it";
	else if (!strcmp(uts.machine, "aarch64"))
		module = "modprobe ghash-ce aes-ce-blk, and a file in /etc/modules-load.d/ with both in it";
out:
	free(text);
	return module;
}

static void check_gcm(struct doctor *d, const char *crypto)
{
	const char *module = aes_module();
	struct driver driver;
	bool found = find_driver(crypto, "gcm(aes)", &driver);

	if (found && is_fast(driver.name))
		doctor_say(d, DOCTOR_OK, "aes_gcm", NULL, "AES-GCM by %s",
			   driver.name);
	else if (module && found)
		doctor_say(d, DOCTOR_WARN, "aes_gcm", module,
			   "AES-GCM by %s, although the CPU has AES instructions: about ten times slower",
			   driver.name);
	else if (module)
		doctor_say(d, DOCTOR_WARN, "aes_gcm", module,
			   "no driver for AES-GCM is loaded, the generic one would be taken although the CPU has AES instructions: about ten times slower");
	else
		doctor_say(d, DOCTOR_INFO, "aes_gcm", NULL,
			   "AES-GCM by %s: the CPU has no AES instructions",
			   found ? driver.name : "the generic driver");
}

static void check_chacha(struct doctor *d, const char *crypto)
{
	struct driver driver;

	if (find_driver(crypto, "rfc7539(chacha20,poly1305)", &driver))
		doctor_say(d, DOCTOR_OK, "chacha20_poly1305", NULL,
			   "ChaCha20-Poly1305 by %s", driver.name);
	else
		doctor_say(d, DOCTOR_INFO, "chacha20_poly1305", NULL,
			   "ChaCha20-Poly1305 was not used yet, its driver is chosen when it is");
}

void doctor_crypto(struct doctor *d)
{
	char *crypto = read_file("/proc/crypto");

	if (!crypto) {
		doctor_say(d, DOCTOR_INFO, "aes_gcm", NULL,
			   "encryption drivers not checked: /proc/crypto is not there");
		return;
	}
	check_gcm(d, crypto);
	check_chacha(d, crypto);
	free(crypto);
}
