// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The netlink interface: strict policies, a sentence with each refusal, and gates
 * as objects. Who may ask what: privileges.c.
 */
#include <fcntl.h>

#include "test.h"

#define PORT 9092

FIXTURE(netlink) {
	struct gate_nl nl;
};

FIXTURE_SETUP(netlink)
{
	ASSERT_EQ(0, net_unshare());
	ASSERT_EQ(0, gate_open(&self->nl));
}

FIXTURE_TEARDOWN(netlink)
{
	gate_close(&self->nl);
	EXPECT_EQ(0, check_nothing_left());
}

#define MSG(command) gate_msg(&self->nl, KTLSGATE_CMD_##command, 0)

/* Refused with this errno and a sentence. */
#define EXPECT_REFUSED(error, message)					\
do {									\
	EXPECT_EQ(-(error), gate_send(&self->nl, (message), NULL, NULL)) { \
		TH_LOG("said: %s", self->nl.text);			\
	}								\
	EXPECT_STRNE("", self->nl.text);				\
} while (0)

static struct nl_msg *add(struct gate_nl *nl, const char *name, int port)
{
	struct nl_msg *msg = gate_msg(nl, KTLSGATE_CMD_GATE_ADD, 0);

	if (name)
		nla_put_string(msg, KTLSGATE_A_GATE_NAME, name);
	if (port >= 0)
		nla_put_u16(msg, KTLSGATE_A_GATE_PORT, port);
	return msg;
}

TEST_F(netlink, gate_lifecycle)
{
	struct gate_info info;
	struct gate_stats stats;

	ASSERT_EQ(0, gate_add(&self->nl, "a", PORT));
	ASSERT_EQ(0, gate_get(&self->nl, "a", &info));
	EXPECT_STREQ("a", info.name);
	EXPECT_EQ(PORT, info.port);
	EXPECT_EQ(KTLSGATE_GATE_STATE_UP, info.state);
	EXPECT_EQ(0, info.listener);
	EXPECT_EQ(0, info.connections);
	ASSERT_EQ(0, gate_stats(&self->nl, &stats));
	EXPECT_EQ(1, stats.gates);
	EXPECT_STRNE("", stats.version);
	ASSERT_EQ(0, gate_set_state(&self->nl, "a", KTLSGATE_GATE_STATE_DOWN));
	ASSERT_EQ(0, gate_get(&self->nl, "a", &info));
	EXPECT_EQ(KTLSGATE_GATE_STATE_DOWN, info.state);
	ASSERT_EQ(0, gate_del(&self->nl, "a"));
	EXPECT_EQ(-ENOENT, gate_get(&self->nl, "a", &info));
	EXPECT_STRNE("", self->nl.text);
	ASSERT_EQ(0, gate_stats(&self->nl, &stats));
	EXPECT_EQ(0, stats.gates);
}

TEST_F(netlink, gate_added_down)
{
	struct nl_msg *msg = add(&self->nl, "a", PORT);
	struct gate_info info;

	nla_put_u32(msg, KTLSGATE_A_GATE_STATE, KTLSGATE_GATE_STATE_DOWN);
	ASSERT_EQ(0, gate_send(&self->nl, msg, NULL, NULL));
	ASSERT_EQ(0, gate_get(&self->nl, "a", &info));
	EXPECT_EQ(KTLSGATE_GATE_STATE_DOWN, info.state);
}

TEST_F(netlink, gate_port_changes)
{
	struct nl_msg *msg;
	struct gate_info info;

	ASSERT_EQ(0, gate_add(&self->nl, "a", PORT));
	msg = MSG(GATE_SET);
	nla_put_string(msg, KTLSGATE_A_GATE_NAME, "a");
	nla_put_u16(msg, KTLSGATE_A_GATE_PORT, PORT + 1);
	ASSERT_EQ(0, gate_send(&self->nl, msg, NULL, NULL));
	ASSERT_EQ(0, gate_get(&self->nl, "a", &info));
	EXPECT_EQ(PORT + 1, info.port);
	/* The old one is free again, the new one taken. */
	EXPECT_EQ(0, gate_add(&self->nl, "b", PORT));
	EXPECT_EQ(-EEXIST, gate_add(&self->nl, "c", PORT + 1));
}

TEST_F(netlink, gate_taken)
{
	union net_addr addr = net_loopback(AF_INET, PORT);

	ASSERT_EQ(0, gate_add(&self->nl, "a", PORT));
	EXPECT_REFUSED(EEXIST, add(&self->nl, "a", PORT + 1));
	EXPECT_REFUSED(EEXIST, add(&self->nl, "b", PORT));
	/* Another address of the same port is another gate. */
	EXPECT_EQ(0, gate_add_at(&self->nl, "c", &addr));
	EXPECT_EQ(-EEXIST, gate_add_at(&self->nl, "d", &addr));
}

TEST_F(netlink, gate_unknown)
{
	struct nl_msg *msg = MSG(GATE_DEL);

	nla_put_string(msg, KTLSGATE_A_GATE_NAME, "nosuch");
	EXPECT_REFUSED(ENOENT, msg);
	msg = MSG(GATE_SET);
	nla_put_string(msg, KTLSGATE_A_GATE_NAME, "nosuch");
	nla_put_u32(msg, KTLSGATE_A_GATE_STATE, 0);
	EXPECT_REFUSED(ENOENT, msg);
	msg = MSG(GATE_GET);
	nla_put_string(msg, KTLSGATE_A_GATE_NAME, "nosuch");
	EXPECT_REFUSED(ENOENT, msg);
}

TEST_F(netlink, gate_names)
{
	EXPECT_EQ(0, gate_send(&self->nl, add(&self->nl,
			       "0123456789012345678901234567890", PORT),
			       NULL, NULL));
	EXPECT_NE(0, gate_send(&self->nl, add(&self->nl,
			       "01234567890123456789012345678901", PORT + 1),
			       NULL, NULL));
	EXPECT_NE(0, gate_send(&self->nl, add(&self->nl, "", PORT + 1), NULL,
			       NULL));
	EXPECT_REFUSED(EINVAL, add(&self->nl, "a b", PORT + 1));
	EXPECT_REFUSED(EINVAL, add(&self->nl, "a\n", PORT + 1));
}

TEST_F(netlink, gate_missing_attributes)
{
	EXPECT_REFUSED(EINVAL, add(&self->nl, NULL, PORT));
	EXPECT_REFUSED(EINVAL, add(&self->nl, "a", -1));
	EXPECT_REFUSED(EINVAL, MSG(GATE_GET));
	EXPECT_REFUSED(EINVAL, MSG(GATE_DEL));
	EXPECT_REFUSED(EINVAL, MSG(GATE_SET));
}

TEST_F(netlink, gate_bad_values)
{
	struct nl_msg *msg;

	EXPECT_NE(0, gate_send(&self->nl, add(&self->nl, "a", 0), NULL, NULL));
	msg = add(&self->nl, "a", PORT);
	nla_put(msg, KTLSGATE_A_GATE_ADDRESS, 5, "12345");
	EXPECT_REFUSED(EINVAL, msg);
	msg = add(&self->nl, "a", PORT);
	nla_put(msg, KTLSGATE_A_GATE_ADDRESS, 17, "0123456789abcdefg");
	EXPECT_NE(0, gate_send(&self->nl, msg, NULL, NULL));
	msg = add(&self->nl, "a", PORT);
	nla_put_u32(msg, KTLSGATE_A_GATE_STATE, 2);
	EXPECT_NE(0, gate_send(&self->nl, msg, NULL, NULL));
}

/* Unknown, out of place, too short: strict validation takes none of it. */
TEST_F(netlink, strict_attributes)
{
	struct nl_msg *msg;

	msg = add(&self->nl, "a", PORT);
	nla_put_u32(msg, KTLSGATE_A_GATE_MAX + 1, 1);
	EXPECT_REFUSED(EINVAL, msg);
	/* known, but only of replies */
	msg = add(&self->nl, "a", PORT);
	nla_put_u32(msg, KTLSGATE_A_GATE_CONNECTIONS, 1);
	EXPECT_REFUSED(EINVAL, msg);
	msg = gate_msg(&self->nl, KTLSGATE_CMD_GATE_ADD, 0);
	nla_put_string(msg, KTLSGATE_A_GATE_NAME, "a");
	nla_put_u8(msg, KTLSGATE_A_GATE_PORT, 80);
	EXPECT_NE(0, gate_send(&self->nl, msg, NULL, NULL));
	msg = add(&self->nl, "a", PORT);
	nla_put_u32(msg, KTLSGATE_A_GATE_PORT, PORT);
	EXPECT_NE(0, gate_send(&self->nl, msg, NULL, NULL));
	msg = MSG(STATS_GET);
	nla_put_u32(msg, KTLSGATE_A_STATS_GATES, 1);
	EXPECT_REFUSED(EINVAL, msg);
}

TEST_F(netlink, unknown_command)
{
	EXPECT_EQ(-EOPNOTSUPP,
		  gate_send(&self->nl,
			    gate_msg(&self->nl, KTLSGATE_CMD_MAX + 1, 0), NULL,
			    NULL));
	/* A dump where there is none, one where there is only a dump. */
	EXPECT_EQ(-EOPNOTSUPP,
		  gate_send(&self->nl, gate_msg(&self->nl,
						KTLSGATE_CMD_GATE_ADD,
						NLM_F_DUMP), NULL, NULL));
}

/* What a dump is refused for, its last message says. */
TEST_F(netlink, dump_filter)
{
	struct nl_msg *msg = gate_msg(&self->nl, KTLSGATE_CMD_CONN_GET,
				      NLM_F_DUMP);

	nla_put(msg, KTLSGATE_A_CONN_PEER_ADDRESS, 5, "12345");
	EXPECT_REFUSED(EINVAL, msg);

	msg = gate_msg(&self->nl, KTLSGATE_CMD_CONN_GET, NLM_F_DUMP);
	nla_put(msg, KTLSGATE_A_CONN_PEER_ADDRESS, 4, "1234");
	EXPECT_EQ(0, gate_send(&self->nl, msg, NULL, NULL));
}

/* The policy is checked before anything is consumed. */
TEST_F(netlink, handoff_policy)
{
	struct nl_msg *msg;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	ASSERT_LE(0, fd);
	EXPECT_REFUSED(EINVAL, MSG(HANDOFF));

	msg = MSG(HANDOFF);
	nla_put_s32(msg, KTLSGATE_A_HANDOFF_FD, -1);
	nla_put_string(msg, KTLSGATE_A_HANDOFF_GATE, "a");
	EXPECT_NE(0, gate_send(&self->nl, msg, NULL, NULL));

	msg = MSG(HANDOFF);
	nla_put_s32(msg, KTLSGATE_A_HANDOFF_FD, fd);
	nla_put_u32(msg, KTLSGATE_A_HANDOFF_ID, 7);
	EXPECT_REFUSED(EINVAL, msg);

	EXPECT_EQ(0, fcntl(fd, F_GETFD) & ~FD_CLOEXEC);
	close(fd);
}

TEST_F(netlink, handoff_without_gate)
{
	struct nl_msg *msg = MSG(HANDOFF);
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	nla_put_s32(msg, KTLSGATE_A_HANDOFF_FD, fd);
	EXPECT_REFUSED(EINVAL, msg);
	/* Past policy and permission: consumed, as the header says. */
	EXPECT_EQ(-1, fcntl(fd, F_GETFD));
	EXPECT_EQ(EBADF, errno);
}

TEST_F(netlink, conn_unknown)
{
	struct gate_conn conn;

	EXPECT_EQ(-ENOENT, gate_conn_get(&self->nl, 4711, &conn));
	EXPECT_STRNE("", self->nl.text);
	EXPECT_EQ(-ENOENT, gate_conn_kill(&self->nl, 4711, -1));
	EXPECT_STRNE("", self->nl.text);
	EXPECT_REFUSED(EINVAL, MSG(CONN_GET));
	EXPECT_REFUSED(EINVAL, MSG(CONN_KILL));
}

static int count(struct genlmsghdr *hdr, struct nlattr **attrs, void *arg)
{
	(*(int *)arg)++;
	return 0;
}

/* More gates than one message holds: the dump goes on where it stopped. */
TEST_F(netlink, gate_dump)
{
	char name[16];
	int i, n = 0;

	for (i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "gate%d", i);
		ASSERT_EQ(0, gate_add(&self->nl, name, 1000 + i));
	}
	ASSERT_EQ(0, gate_send(&self->nl, gate_msg(&self->nl,
						   KTLSGATE_CMD_GATE_GET,
						   NLM_F_DUMP), count, &n));
	EXPECT_EQ(300, n);
}

static struct nl_msg *refusal(struct gate_nl *nl, const char *gate, int code)
{
	struct nl_msg *msg = gate_msg(nl, KTLSGATE_CMD_REFUSE, 0);

	nla_put_string(msg, KTLSGATE_A_REFUSED_GATE, gate);
	nla_put_u32(msg, KTLSGATE_A_REFUSED_CODE, code);
	nla_put_string(msg, KTLSGATE_A_REFUSED_REASON, "because");
	nla_put(msg, KTLSGATE_A_REFUSED_PEER_ADDRESS, 4, "\12\0\4\7");
	return msg;
}

TEST_F(netlink, refuse)
{
	struct gate_info info;
	struct nl_msg *msg;

	ASSERT_EQ(0, gate_add(&self->nl, "a", PORT));
	EXPECT_EQ(0, gate_send(&self->nl,
			       refusal(&self->nl, "a",
				       KTLSGATE_REFUSAL_NOT_TLS), NULL, NULL));
	ASSERT_EQ(0, gate_get(&self->nl, "a", &info));
	EXPECT_EQ(1, info.refusals);
	EXPECT_EQ(1, info.refused_by[KTLSGATE_REFUSAL_NOT_TLS]);
	EXPECT_EQ(0, info.refused_by[KTLSGATE_REFUSAL_TIMEOUT]);

	EXPECT_REFUSED(ENOENT, refusal(&self->nl, "nosuch", 1));
	EXPECT_NE(0, gate_send(&self->nl,
			       refusal(&self->nl, "a",
				       KTLSGATE_REFUSAL_SOURCE_LIMIT + 1),
			       NULL, NULL));
	EXPECT_REFUSED(EINVAL, MSG(REFUSE));
	msg = MSG(REFUSE);
	nla_put_string(msg, KTLSGATE_A_REFUSED_GATE, "a");
	nla_put_u32(msg, KTLSGATE_A_REFUSED_CODE, 1);
	nla_put_string(msg, KTLSGATE_A_REFUSED_REASON, "because");
	nla_put(msg, KTLSGATE_A_REFUSED_PEER_ADDRESS, 5, "12345");
	EXPECT_REFUSED(EINVAL, msg);
}

/* Enough, and not so many that looking for one takes long: for anybody's. */
TEST_F(netlink, gates_have_a_limit)
{
	char name[16];
	int i;

	for (i = 0; i < 1024; i++) {
		snprintf(name, sizeof(name), "g%d", i);
		ASSERT_EQ(0, gate_add(&self->nl, name, 1 + i));
	}
	EXPECT_REFUSED(ENOSPC, add(&self->nl, "more", PORT));
	ASSERT_EQ(0, gate_del(&self->nl, "g7"));
	EXPECT_EQ(0, gate_add(&self->nl, "more", PORT));
}

TEST_HARNESS_MAIN
