// SPDX-License-Identifier: GPL-2.0-or-later
/* The module stays as long as a connection lives, and then goes. */
#include <sys/mman.h>
#include <sys/wait.h>

#include "fault.h"
#include "module.h"
#include "test.h"

FIXTURE(unload) {
	struct pair p;
};

FIXTURE_SETUP(unload)
{
	struct pair_params params = {};

	if (!getenv("KMOD"))
		SKIP(return, "KMOD does not name the module");
	if (!module_loaded("ktlsgate"))
		ASSERT_EQ(0, module_load());
	ASSERT_EQ(0, pair_listen(&self->p, &params));
}

FIXTURE_TEARDOWN(unload)
{
	/* Others need it, whatever came of this. */
	if (!module_loaded("ktlsgate"))
		EXPECT_EQ(0, module_load());
	EXPECT_EQ(0, pair_close(&self->p));
}

TEST_F(unload, refused_while_queued)
{
	struct pair_params params = {};
	struct tls_client client;

	ASSERT_EQ(0, pair_queue(&self->p, &params, &client, NULL));
	EXPECT_EQ(-EWOULDBLOCK, module_unload("ktlsgate"));
	EXPECT_TRUE(module_loaded("ktlsgate"));
	close(self->p.listener);
	self->p.listener = -1;
	EXPECT_TRUE(NET_WAIT(!module_unload("ktlsgate")));
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
	EXPECT_EQ(-EWOULDBLOCK, module_unload("ktlsgate"));
	EXPECT_TRUE(module_loaded("ktlsgate"));
	/* And it works on. */
	ASSERT_EQ(1, write(fd, "x", 1));
	EXPECT_EQ(1, tls_read(&client, &b, 1));
	close(fd);
	EXPECT_TRUE(NET_WAIT(!module_unload("ktlsgate")));
	EXPECT_FALSE(module_loaded("ktlsgate"));
	tls_close(&client);
}

/* The agent has closed and the client has not read: TCP has the pages of records that
 * the module kept for the next ones.
 */
TEST_F(unload, with_data_on_its_way)
{
	const int size = 128 << 10;
	char *data = malloc(size), *got = malloc(size);
	struct pair_params params = {};
	struct tls_client client;
	int fd;

	pair_fill(data, size, 3);
	ASSERT_EQ(0, pair_queue(&self->p, &params, &client, NULL));
	fd = pair_accept(&self->p);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, pair_send(fd, data, size));
	close(fd);
	ASSERT_TRUE(NET_WAIT(!module_unload("ktlsgate")));
	EXPECT_EQ(size, tls_read_all(&client, got, size));
	EXPECT_EQ(0, memcmp(data, got, size));
	tls_close(&client);
	free(data);
	free(got);
}

/* Gates do not hold it; they are gone when it comes back. */
TEST_F(unload, with_gates)
{
	struct gate_info info;

	ASSERT_TRUE(NET_WAIT(!module_unload("ktlsgate")));
	EXPECT_FALSE(module_loaded("ktlsgate"));
	ASSERT_EQ(0, module_load());
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
	ASSERT_TRUE(NET_WAIT(!module_unload("ktlsgate")));
	EXPECT_TRUE(NET_WAIT(!module_unload("tls")));
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
		ASSERT_TRUE(NET_WAIT(!module_unload("ktlsgate")));
		ASSERT_EQ(0, module_load());
		gate_close(&self->p.nl);
		ASSERT_EQ(0, gate_open(&self->p.nl));
		ASSERT_EQ(0, gate_add(&self->p.nl, GATE_NAME,
				      net_port(self->p.listener)));
	}
}

/* One connection through whatever module is there just now, if one is. */
static bool churn_once(struct pair *p)
{
	struct tls_params params = {};
	struct tls_client client;
	struct tls_server server;
	struct gate_nl nl;
	bool done = false;
	char b;
	int fd;

	if (!module_loaded("ktlsgate") || gate_open(&nl))
		return false;
	gate_add(&nl, GATE_NAME, net_port(p->listener));
	if (!pair_dial(p, &params, &client, &server)) {
		if (!gate_handoff_server(&nl, &server, GATE_NAME, NULL)) {
			fd = pair_accept(p);
			done = write(fd, "x", 1) == 1 &&
			       tls_read(&client, &b, 1) == 1;
			close(fd);
		}
		tls_close(&client);
	}
	gate_close(&nl);
	return done;
}

/* It comes and goes while connections do, each in its own time. */
TEST_F(unload, under_churn)
{
	unsigned int *done, before;
	int i, status;
	pid_t pid;

	done = mmap(NULL, sizeof(*done), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, done);
	pid = fork();
	if (!pid)
		for (;;)
			__atomic_add_fetch(done, churn_once(&self->p),
					   __ATOMIC_SEQ_CST);
	for (i = 0; i < 20; i++) {
		before = __atomic_load_n(done, __ATOMIC_SEQ_CST);
		ASSERT_TRUE(NET_WAIT(__atomic_load_n(done, __ATOMIC_SEQ_CST) >
				     before + i % 3));
		ASSERT_TRUE(NET_WAIT(!module_unload("ktlsgate")));
		ASSERT_EQ(0, module_load());
	}
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(SIGKILL, status);
	gate_close(&self->p.nl);
	ASSERT_EQ(0, gate_open(&self->p.nl));
}

/* No memory for a part of it: it is not loaded, and loads the next time. */
TEST_F(unload, load_without_memory)
{
	struct fault_round round;
	int err;

	if (fault_open())
		SKIP(return, "this kernel cannot inject faults");
	ASSERT_EQ(0, fault_all_modules());
	FOR_EACH_FAULT(&round) {
		ASSERT_TRUE(NET_WAIT(!module_unload("ktlsgate")));
		err = FAULTY(&round, module_load());
		EXPECT_EQ(!err, module_loaded("ktlsgate"));
		if (err) {
			EXPECT_TRUE(round.failed);
			EXPECT_EQ(-ENOMEM, err);
			ASSERT_EQ(0, module_load());
		}
	}
	fault_reached(&round, "loading the module");
	EXPECT_LT(3, round.nth - 2);
	gate_close(&self->p.nl);
	ASSERT_EQ(0, gate_open(&self->p.nl));
}

TEST_HARNESS_MAIN
