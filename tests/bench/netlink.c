// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * usage: netlink
 * Prints what a message to the kernel by generic netlink takes at the least, with
 * libnl and with its answer, in nanoseconds of the processor: one that says nothing
 * and asks to be acknowledged (NLMSG_NOOP, NLM_F_ACK).
 */
#include <err.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

enum { WARM = 100, COUNT = 1000 };

static uint64_t spent(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void ask(struct nl_sock *kernel)
{
	struct nl_msg *nothing = nlmsg_alloc_size(NLMSG_HDRLEN);
	int error;

	if (!nothing || !nlmsg_put(nothing, NL_AUTO_PORT, NL_AUTO_SEQ,
				   NLMSG_NOOP, 0, NLM_F_ACK))
		errx(1, "out of memory");
	error = nl_send_sync(kernel, nothing);	/* which frees it */
	if (error)
		errx(1, "not acknowledged: %s", nl_geterror(error));
}

int main(void)
{
	struct nl_sock *kernel = nl_socket_alloc();
	uint64_t before;
	int i;

	if (!kernel || nl_connect(kernel, NETLINK_GENERIC))
		errx(1, "generic netlink");
	/* It would read each answer twice, to know its size. */
	nl_socket_disable_msg_peek(kernel);
	for (i = 0; i < WARM; i++)
		ask(kernel);
	before = spent();
	for (i = 0; i < COUNT; i++)
		ask(kernel);
	printf("%g\n", (double)(spent() - before) / COUNT);
	nl_socket_free(kernel);
	return 0;
}
