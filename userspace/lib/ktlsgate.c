// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "ktlsgate.h"

/* Most names fit at once; for others the kernel tells how long they are. */
#define FIRST_TRY 512

/* A socket that came through no gate does not know the level, for which kernels
 * have two errors.
 */
static int ask(int fd, int option, void *value, socklen_t *size)
{
	int err = getsockopt(fd, SOL_KTLSGATE, option, value, size);

	if (err && errno == EOPNOTSUPP)
		errno = ENOPROTOOPT;
	return err;
}

int ktlsgate_peer_info(int fd, struct ktlsgate_peer_info *info)
{
	socklen_t size = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return ask(fd, KTLSGATE_PEER_INFO, info, &size);
}

static char *get_string(int fd, int option)
{
	socklen_t size = FIRST_TRY;
	char *text = malloc(size);

	while (text) {
		char *longer;
		int saved;

		if (!ask(fd, option, text, &size))
			return text;
		saved = errno;
		longer = saved == ERANGE ? realloc(text, size) : NULL;
		if (!longer) {
			free(text);
			if (saved != ERANGE)
				errno = saved;
		}
		text = longer;
	}
	return NULL;
}

char *ktlsgate_peer_principal(int fd)
{
	return get_string(fd, KTLSGATE_PEER_PRINCIPAL);
}

char *ktlsgate_peer_subject(int fd)
{
	return get_string(fd, KTLSGATE_PEER_SUBJECT);
}

char *ktlsgate_peer_issuer(int fd)
{
	return get_string(fd, KTLSGATE_PEER_ISSUER);
}

char *ktlsgate_peer_spiffe_id(int fd)
{
	return get_string(fd, KTLSGATE_PEER_SPIFFE_ID);
}

char *ktlsgate_peer_server_name(int fd)
{
	return get_string(fd, KTLSGATE_PEER_SERVER_NAME);
}

char *ktlsgate_peer_gate(int fd)
{
	return get_string(fd, KTLSGATE_PEER_GATE);
}
