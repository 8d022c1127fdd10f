// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "process.h"
#include "util.h"

#define READ_MAX (1024 * 1024)

static const char *const sbin[] = {
	"/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/bin",
};

extern char **environ;

/* PATH of a plain user leaves the sbin directories out. */
static int spawn(pid_t *pid, const posix_spawn_file_actions_t *actions,
		 const char *const argv[])
{
	char *const *args = (char *const *)argv;
	char *path;
	size_t i;
	int err;

	err = posix_spawnp(pid, argv[0], actions, NULL, args, environ);
	if (strchr(argv[0], '/'))
		return err;
	for (i = 0; i < ARRAY_SIZE(sbin) && err == ENOENT; i++) {
		path = xasprintf("%s/%s", sbin[i], argv[0]);
		err = posix_spawn(pid, path, actions, NULL, args, environ);
		free(path);
	}
	return err;
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000L + now.tv_nsec / 1000000;
}

/* Read fd to its end, or to the deadline (false). */
static bool collect(int fd, long deadline, char **output)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	size_t len = 0, room = 4096;
	char *buf = xmalloc(room);
	bool ended = false;
	ssize_t n;
	long left;

	while (!ended) {
		left = deadline - now_ms();
		if (left <= 0 || poll(&pfd, 1, left) == 0)
			break;
		if (len + 1 == room) {
			room *= 2;
			buf = xrealloc(buf, room);
		}
		n = read(fd, buf + len, room - len - 1);
		if (n > 0)
			len += n;
		else if (n == 0 || errno != EINTR)
			ended = true;
		if (len >= READ_MAX)
			ended = true;
	}
	buf[len] = '\0';
	*output = buf;
	return ended;
}

void process_run(const char *const argv[], bool with_stderr, int seconds,
		 struct process_result *result)
{
	posix_spawn_file_actions_t actions;
	int pipe_fd[2], status;
	pid_t pid;

	memset(result, 0, sizeof(*result));
	if (pipe2(pipe_fd, O_CLOEXEC)) {
		result->error = errno;
		result->output = xstrdup("");
		return;
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, pipe_fd[1], 1);
	if (with_stderr)
		posix_spawn_file_actions_adddup2(&actions, pipe_fd[1], 2);
	else
		posix_spawn_file_actions_addopen(&actions, 2, "/dev/null",
						 O_WRONLY, 0);
	result->error = spawn(&pid, &actions, argv);
	posix_spawn_file_actions_destroy(&actions);
	close(pipe_fd[1]);
	if (result->error) {
		result->output = xstrdup("");
	} else {
		if (!collect(pipe_fd[0], now_ms() + seconds * 1000L,
			     &result->output)) {
			kill(pid, SIGKILL);
			result->error = ETIMEDOUT;
		}
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		result->status = WIFEXITED(status) ? WEXITSTATUS(status) :
						     128 + WTERMSIG(status);
	}
	close(pipe_fd[0]);
}

char *read_file(const char *path)
{
	FILE *f = fopen(path, "re");
	size_t len = 0, n;
	char *buf;

	if (!f)
		return NULL;
	buf = xmalloc(READ_MAX + 1);
	while (len < READ_MAX) {
		n = fread(buf + len, 1, READ_MAX - len, f);
		if (!n)
			break;
		len += n;
	}
	fclose(f);
	buf[len] = '\0';
	return xrealloc(buf, len + 1);
}

char *read_line(const char *path)
{
	char *text = read_file(path);

	if (text)
		text[strcspn(text, "\n")] = '\0';
	return text;
}
