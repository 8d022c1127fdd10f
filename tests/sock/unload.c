// SPDX-License-Identifier: GPL-2.0-or-later
/* The module stays as long as a connection lives, and then goes. */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "test.h"

static int unload(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? -errno : 0;
}

static int load(void)
{
	int fd = open(getenv("KMOD") ?: "", O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
	close(fd);
	return ret;
}

static bool loaded(void)
{
	return !access("/sys/module/ktlsgate", F_OK);
}

FIXTURE(unload) {
	struct pair p;
};

FIXTURE_SETUP(unload)
{
	struct pair_params params = {};

	if (!getenv("KMOD"))
		SKIP(return, "KMOD does not name the module");
	if (!loaded())
		ASSERT_EQ(0, load());
	ASSERT_EQ(0, pair_listen(&self->p, &params));
}

FIXTURE_TEARDOWN(unload)
{
	/* Others need it, whatever came of this. */
	if (!loaded())
		EXPECT_EQ(0, load());
	EXPECT_EQ(0, pair_close(&self->p));
}

TEST_F(unload, refused_while_queued)
{
	struct pair_params params = {};
	struct tls_client client;

	ASSERT_EQ(0, pair_queue(&self->p, &params, &client, NULL));
	EXPECT_EQ(-EWOULDBLOCK, unload("ktlsgate"));
	EXPECT_TRUE(loaded());
	close(self->p.listener);
	self->p.listener = -1;
	EXPECT_TRUE(NET_WAIT(!unload("ktlsgate")));
	tls_close(&client);
}

TEST_F(unload, refused_while_accepted)
{
	struct pair_params params = {};
	struct tls_client client;
	char b;
	int fd;

	ASSERT_EQ(0, pair_queue(&self->p, &params, &client, NULL));
	fd = pair_accept(&self->p);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EWOULDBLOCK, unload("ktlsgate"));
	EXPECT_TRUE(loaded());
	/* And it works on. */
	ASSERT_EQ(1, write(fd, "x", 1));
	EXPECT_EQ(1, tls_read(&client, &b, 1));
	close(fd);
	EXPECT_TRUE(NET_WAIT(!unload("ktlsgate")));
	EXPECT_FALSE(loaded());
	tls_close(&client);
}

/* Gates do not hold it; they are gone when it comes back. */
TEST_F(unload, with_gates)
{
	struct gate_info info;

	ASSERT_TRUE(NET_WAIT(!unload("ktlsgate")));
	EXPECT_FALSE(loaded());
	ASSERT_EQ(0, load());
	gate_close(&self->p.nl);
	ASSERT_EQ(0, gate_open(&self->p.nl));
	EXPECT_EQ(-ENOENT, gate_get(&self->p.nl, GATE_NAME, &info));
	ASSERT_EQ(0, gate_add(&self->p.nl, GATE_NAME,
			      net_port(self->p.listener)));
}

/* Without the module nothing of it is left in kTLS: that can go, too. */
TEST_F(unload, nothing_left_in_tls)
{
	struct pair_params params = {};
	struct tls_client client;
	int fd, i;

	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, pair_queue(&self->p, &params, &client, NULL));
		fd = pair_accept(&self->p);
		ASSERT_LE(0, fd);
		close(fd);
		tls_close(&client);
	}
	ASSERT_TRUE(NET_WAIT(!unload("ktlsgate")));
	EXPECT_TRUE(NET_WAIT(!unload("tls")));
}

TEST_F(unload, again_and_again)
{
	struct pair_params params = {};
	struct tls_client client;
	int fd, i;

	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, pair_queue(&self->p, &params, &client, NULL));
		fd = pair_accept(&self->p);
		ASSERT_LE(0, fd);
		close(fd);
		tls_close(&client);
		ASSERT_TRUE(NET_WAIT(!unload("ktlsgate")));
		ASSERT_EQ(0, load());
		gate_close(&self->p.nl);
		ASSERT_EQ(0, gate_open(&self->p.nl));
		ASSERT_EQ(0, gate_add(&self->p.nl, GATE_NAME,
				      net_port(self->p.listener)));
	}
}

TEST_HARNESS_MAIN
