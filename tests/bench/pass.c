// SPDX-License-Identifier: GPL-2.0-or-later
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pass.h"

union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int))];
};

void pass_give(int to, int fd)
{
	union control control = {};
	char byte = 0;
	struct iovec vec = { .iov_base = &byte, .iov_len = sizeof(byte) };
	struct msghdr message = {
		.msg_iov = &vec, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	if (sendmsg(to, &message, 0) != sizeof(byte))
		err(1, "giving a socket away");
	close(fd);
}

int pass_take(int from)
{
	union control control = {};
	char byte;
	struct iovec vec = { .iov_base = &byte, .iov_len = sizeof(byte) };
	struct msghdr message = {
		.msg_iov = &vec, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	ssize_t got = recvmsg(from, &message, 0);
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	int fd;

	if (got == 0)
		exit(0);
	if (got < 0 || !header || header->cmsg_type != SCM_RIGHTS)
		err(1, "taking a socket");
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}
