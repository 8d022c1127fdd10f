// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "describe.h"
#include "log.h"
#include "mem.h"
#include "state.h"

#define REFUSALS_NAME "refusals.json"

static const char *state_path(void)
{
	const char *path = secure_getenv("KTLSGATED_STATE");

	return path && *path ? path : STATE_FILE;
}

/* systemd has made it for the service; a helper run by hand makes it. */
static void make_folder(const char *path)
{
	char *folder = xstrdup(path);
	char *end = strrchr(folder, '/');

	if (end && end != folder) {
		*end = '\0';
		if (!mkdir(folder, 0755))
			chmod(folder, 0755);
	}
	free(folder);
}

static bool write_all(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left) {
		ssize_t done = write(fd, text, left);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return false;
		text += done;
		left -= done;
	}
	return true;
}

static bool replace(const char *path, const char *text, mode_t mode)
{
	char *new = xasprintf("%s.new", path);
	int fd, saved;
	bool good;

	/* Not one that somebody laid there: it would be written through. */
	unlink(new);
	fd = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	good = fd >= 0 && !fchmod(fd, mode) && write_all(fd, text);
	saved = errno;
	if (fd >= 0)
		close(fd);
	if (good) {
		good = !rename(new, path);
		saved = errno;
	}
	if (!good && fd >= 0)
		unlink(new);
	free(new);
	errno = saved;
	return good;
}

static void put_time(struct json_object *object, const char *key)
{
	time_t now = time(NULL);
	char text[32];
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	describe_text(object, key, text);
}

/* Puts @gates. */
static bool write_document(const char *path, struct json_object *gates,
			   mode_t mode)
{
	struct json_object *all = json_object_new_object();
	const char *text;
	int saved;
	bool good;

	describe_number(all, "pid", getpid());
	put_time(all, "since");
	json_object_object_add(all, "gates", gates);
	text = json_object_to_json_string_ext(all, JSON_C_TO_STRING_PRETTY |
					      JSON_C_TO_STRING_NOSLASHESCAPE);
	make_folder(path);
	good = replace(path, text, mode);
	saved = errno;
	json_object_put(all);
	errno = saved;
	return good;
}

/* A full disk is told once, not every second. */
static bool tell(bool good, bool *failing, const char *path, const char *what)
{
	if (!good && !*failing)
		log_msg(LOG_WARNING, "cannot write %s: %s: ktlsgate gate show does not tell %s",
			path, strerror(errno), what);
	if (good && *failing)
		log_msg(LOG_NOTICE, "%s is written again", path);
	*failing = !good;
	return good;
}

bool state_write(struct json_object *gates)
{
	const char *path = state_path();
	static bool failing;

	return tell(write_document(path, gates, 0644), &failing, path,
		    "what is in force");
}

static char *refusals_path(void)
{
	const char *path = state_path(), *name = strrchr(path, '/');

	return xasprintf("%.*s" REFUSALS_NAME,
			 name ? (int)(name + 1 - path) : 0, path);
}

bool state_write_refusals(struct json_object *gates)
{
	char *path = refusals_path();
	static bool failing;
	bool good;

	good = tell(write_document(path, gates, 0600), &failing, path,
		    "who was refused");
	free(path);
	return good;
}

void state_remove(void)
{
	char *refusals = refusals_path();

	unlink(state_path());
	unlink(refusals);
	free(refusals);
}
