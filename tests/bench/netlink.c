// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * usage: netlink
 * Prints what it takes to tell the kernel of a connection and to hear its answer,
 * without what it then does, in nanoseconds of the processor: a handoff with the
 * secrets and no identity, of a descriptor that is not open.
 */
#include <err.h>
#include <limits.h>
#include <linux/ktlsgate.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>

#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

enum { WARM = 100, COUNT = 1000, SECRET = 32 };

static uint64_t spent(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void ask(struct nl_sock *kernel, int family)
{
	static const char secret[SECRET];
	struct nl_msg *msg = nlmsg_alloc_size(512);
	int error;

	if (!msg || !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0,
				 NLM_F_ACK, KTLSGATE_CMD_HANDOFF,
				 KTLSGATE_FAMILY_VERSION) ||
	    nla_put_s32(msg, KTLSGATE_A_HANDOFF_FD, INT_MAX) ||
	    nla_put_string(msg, KTLSGATE_A_HANDOFF_GATE, "kafka") ||
	    nla_put(msg, KTLSGATE_A_HANDOFF_SECRET_RX, SECRET, secret) ||
	    nla_put(msg, KTLSGATE_A_HANDOFF_SECRET_TX, SECRET, secret))
		errx(1, "out of memory");
	error = nl_send_sync(kernel, msg);	/* which frees it */
	if (error != -NLE_BAD_SOCK)
		errx(1, "a handoff of nothing: %s", nl_geterror(error));
}

int main(void)
{
	struct nl_sock *kernel = nl_socket_alloc();
	int i, family, on = 1;
	uint64_t before;

	if (!kernel || genl_connect(kernel))
		errx(1, "generic netlink");
	/* As the helper has it: no answer is read twice, to know its size, and none
	 * has the message in it.
	 */
	nl_socket_disable_msg_peek(kernel);
	setsockopt(nl_socket_get_fd(kernel), SOL_NETLINK, NETLINK_CAP_ACK, &on,
		   sizeof(on));
	family = genl_ctrl_resolve(kernel, KTLSGATE_FAMILY_NAME);
	if (family < 0)
		errx(1, "no module");
	for (i = 0; i < WARM; i++)
		ask(kernel, family);
	before = spent();
	for (i = 0; i < COUNT; i++)
		ask(kernel, family);
	printf("%g\n", (double)(spent() - before) / COUNT);
	nl_socket_free(kernel);
	return 0;
}
