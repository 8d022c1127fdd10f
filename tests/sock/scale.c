// SPDX-License-Identifier: GPL-2.0-or-later
/* Many connections: at the same time, and one after the other. */
#include <sys/resource.h>

#include "test.h"

#define CONCURRENT_MAX 2000
#define CONCURRENT (CONCURRENT_MAX / divisor())
#define SEQUENTIAL (10000 / divisor())

/* A kernel with KASAN and lockdep in emulation takes ten times as long. */
static int divisor(void)
{
	const char *text = getenv("SCALE_DIVISOR");

	return text && atoi(text) > 0 ? atoi(text) : 1;
}

FIXTURE(scale) {
	struct pair p;
};

FIXTURE_SETUP(scale)
{
	struct rlimit limit = { 16384, 16384 };
	struct pair_params params = {};

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	ASSERT_EQ(0, pair_listen(&self->p, &params));
}

FIXTURE_TEARDOWN(scale)
{
	EXPECT_EQ(0, pair_close(&self->p));
}

static int count(struct genlmsghdr *hdr, struct nlattr **attrs, void *arg)
{
	(*(int *)arg)++;
	return 0;
}

static int dumped(struct gate_nl *nl)
{
	int n = 0, err;

	err = gate_send(nl, gate_msg(nl, KTLSGATE_CMD_CONN_GET, NLM_F_DUMP),
			count, &n);
	return err ? err : n;
}

/* All live at once, each is used, none is mixed up with another. */
TEST_F_TIMEOUT(scale, concurrent, 1200)
{
	static struct tls_client clients[CONCURRENT_MAX];
	static int fds[CONCURRENT_MAX];
	struct pair_params params = {};
	struct gate_stats stats;
	uint32_t token;
	int i;

	for (i = 0; i < CONCURRENT; i++) {
		ASSERT_EQ(0, pair_queue(&self->p, &params, &clients[i], NULL));
		fds[i] = pair_accept(&self->p);
		ASSERT_LE(0, fds[i]);
	}
	EXPECT_EQ(CONCURRENT, dumped(&self->p.nl));
	EXPECT_EQ(CONCURRENT, check_tls_stat("TlsCurrTxSw"));
	for (i = 0; i < CONCURRENT; i++)
		ASSERT_EQ(sizeof(i), tls_write(&clients[i], &i, sizeof(i)));
	for (i = 0; i < CONCURRENT; i++) {
		ASSERT_EQ(0, pair_recv(fds[i], &token, sizeof(token)));
		ASSERT_EQ(i, token);
		token += 1000000;
		ASSERT_EQ(0, pair_send(fds[i], &token, sizeof(token)));
	}
	for (i = 0; i < CONCURRENT; i++) {
		ASSERT_EQ(sizeof(token), tls_read_all(&clients[i], &token,
						      sizeof(token)));
		ASSERT_EQ(i + 1000000, token);
	}
	/* Some closed by the agent first, some by the client. */
	for (i = 0; i < CONCURRENT; i++) {
		if (i % 2)
			close(fds[i]);
		tls_close(&clients[i]);
		if (i % 2 == 0)
			close(fds[i]);
	}
	ASSERT_EQ(0, gate_stats(&self->p.nl, &stats));
	EXPECT_EQ(0, stats.connections);
	EXPECT_EQ(CONCURRENT, stats.closed);
}

/*
 * The handshake is OpenSSL's time, not the module's: one TLS 1.3 handshake
 * for each connection, by several processes.
 */
static int connect_and_close(struct pair *p, int n)
{
	struct pair_params params = {};
	struct tls_client client;
	struct gate_nl nl;
	char b;
	int i, fd;

	/* A netlink socket of its own: answers must not be mixed up. */
	if (gate_open(&nl))
		return 1;
	p->nl = nl;
	for (i = 0; i < n; i++) {
		struct tls_server server;

		if (pair_dial(p, &params.tls, &client, &server) ||
		    gate_handoff_server(&p->nl, &server, GATE_NAME, NULL))
			return 2;
		fd = accept(p->listener, NULL, NULL);
		if (fd < 0)
			return 3;
		close(fd);
		if (tls_read(&client, &b, 1) > 0)
			return 4;
		tls_close(&client);
	}
	return 0;
}

TEST_F_TIMEOUT(scale, connect_and_close, 2400)
{
	struct gate_stats stats;
	const int workers = 2;
	pid_t pids[2];
	int i, status;

	for (i = 0; i < workers; i++) {
		pids[i] = fork();
		if (!pids[i]) {
			/* Each its own helper: who dials is who accepts. */
			self->p.helper = net_listen(&(struct net_listen){
				.family = AF_INET });
			self->p.dialled = net_loopback(AF_INET,
						net_port(self->p.helper));
			_exit(connect_and_close(&self->p,
						SEQUENTIAL / workers));
		}
	}
	for (i = 0; i < workers; i++) {
		ASSERT_EQ(pids[i], waitpid(pids[i], &status, 0));
		EXPECT_EQ(0, status);
	}
	ASSERT_EQ(0, gate_stats(&self->p.nl, &stats));
	EXPECT_EQ(SEQUENTIAL, stats.handoffs);
	EXPECT_EQ(SEQUENTIAL, stats.closed);
	EXPECT_EQ(0, stats.connections);
	EXPECT_EQ(0, stats.handoff_failures);
}

TEST_HARNESS_MAIN
