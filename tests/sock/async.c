// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ciphers that work asynchronously: pcrypt laid over the usual ones, for as
 * long as a test takes. Records are still being encrypted when the key changes.
 */
#include <linux/cryptouser.h>
#include <linux/netlink.h>
#include <sys/mman.h>

#include "pump.h"
#include "test.h"

/* As in the kernel's <linux/crypto.h>, which no header for programs has. */
#define ALG_TYPE_AEAD 3
#define ALG_TYPE_MASK 15

struct driver {
	char name[CRYPTO_MAX_NAME];
	int priority, users;
};

FIXTURE(async) {
	struct pair p;
	struct driver driver;
};

FIXTURE_VARIANT(async) {
	struct pair_params params;
	const char *cipher;
	uint32_t key_records;
};

#define ADD(name, algorithm, tls_version, tls_suite, records)		\
FIXTURE_VARIANT_ADD(async, name) {					\
	.params.tls = { .version = tls_version, .suite = tls_suite },	\
	.cipher = algorithm, .key_records = records,			\
}

ADD(aes128gcm, "gcm(aes)", TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256", 0);
ADD(aes128gcm_own, "gcm(aes)", TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256", 5);
ADD(aes256gcm, "gcm(aes)", TLS1_3_VERSION, "TLS_AES_256_GCM_SHA384", 0);
ADD(chacha20, "rfc7539(chacha20,poly1305)", TLS1_3_VERSION,
    "TLS_CHACHA20_POLY1305_SHA256", 0);
ADD(aes128ccm, "ccm(aes)", TLS1_3_VERSION, "TLS_AES_128_CCM_SHA256", 0);
ADD(tls12, "gcm(aes)", TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256", 0);

/* The one that the kernel prefers; false when it has none yet. */
static bool find_driver(const char *cipher, struct driver *best)
{
	char line[256], name[CRYPTO_MAX_NAME] = "";
	FILE *f = fopen("/proc/crypto", "r");
	struct driver d = {};

	best->priority = -1;
	while (f && fgets(line, sizeof(line), f)) {
		sscanf(line, "name : %63s", name);
		sscanf(line, "driver : %63s", d.name);
		sscanf(line, "priority : %d", &d.priority);
		if (sscanf(line, "refcnt : %d", &d.users) == 1 &&
		    !strcmp(name, cipher) && d.priority > best->priority)
			*best = d;
	}
	if (f)
		fclose(f);
	return best->priority >= 0;
}

static int open_crypto(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_CRYPTO);
}

/* 0 or -errno */
static int request_crypto(int type, const struct crypto_user_alg *alg)
{
	struct {
		struct nlmsghdr header;
		struct crypto_user_alg alg;
	} request = {
		.header = { .nlmsg_len = sizeof(request), .nlmsg_type = type,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
		.alg = *alg,
	};
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
	} reply = { .error.error = -EIO };
	int fd = open_crypto();

	if (fd < 0)
		return -errno;
	net_timeout(fd, NET_DEADLINE_MS);
	if (send(fd, &request, sizeof(request), 0) == sizeof(request))
		recv(fd, &reply, sizeof(reply), 0);
	close(fd);
	return reply.error.error;
}

static int make_driver(const char *name)
{
	struct crypto_user_alg alg = { .cru_type = ALG_TYPE_AEAD,
				       .cru_mask = ALG_TYPE_MASK };
	int err;

	if (strlen(name) >= sizeof(alg.cru_name))
		return -ENAMETOOLONG;
	strcpy(alg.cru_name, name);
	err = request_crypto(CRYPTO_MSG_NEWALG, &alg);
	return err == -EEXIST ? 0 : err;
}

static int delete_driver(const char *driver)
{
	struct crypto_user_alg alg = {};

	strcpy(alg.cru_driver_name, driver);
	return request_crypto(CRYPTO_MSG_DELALG, &alg);
}

/* pcrypt has a higher priority than what it lies over. */
FIXTURE_SETUP(async)
{
	int fd = open_crypto(), err;
	char name[128];

	if (fd < 0)
		SKIP(return, "this kernel has no crypto_user");
	close(fd);
	ASSERT_EQ(0, make_driver(variant->cipher));
	ASSERT_TRUE(find_driver(variant->cipher, &self->driver));
	snprintf(name, sizeof(name), "pcrypt(%s)", self->driver.name);
	err = make_driver(name);
	if (err == -ENOENT)
		SKIP(return, "this kernel has no pcrypt");
	ASSERT_EQ(0, err);
	ASSERT_TRUE(find_driver(variant->cipher, &self->driver));
	EXPECT_STREQ(name, self->driver.name);
	ASSERT_EQ(0, pair_listen(&self->p, &variant->params));
	ASSERT_EQ(0, gate_set_key_records(&self->p.nl, GATE_NAME,
					  variant->key_records));
	ASSERT_EQ(0, pair_queue(&self->p, &variant->params, &self->p.client,
				&self->p.id));
	self->p.agent = pair_accept(&self->p);
	ASSERT_LE(0, self->p.agent);
	/* kTLS has taken it, both ways. */
	ASSERT_TRUE(find_driver(variant->cipher, &self->driver));
	EXPECT_LE(3, self->driver.users);
}

FIXTURE_TEARDOWN(async)
{
	EXPECT_EQ(0, pair_close(&self->p));
	EXPECT_TRUE(NET_WAIT(!delete_driver(self->driver.name)));
}

#define UPDATES (variant->params.tls.version == TLS1_3_VERSION ? 50 : 0)

TEST_F(async, echo)
{
	struct pump pump = { .client = &self->p.client, .send = 1 << 20,
			     .expect = 1 << 20, .updates = UPDATES,
			     .request = true };

	ASSERT_EQ(0, pump_start(&pump));
	EXPECT_EQ(0, pump_echo(self->p.agent));
	pair_close_agent(&self->p);
	pump_join(&pump);
	EXPECT_STREQ("", pump.failure);
	EXPECT_EQ(pump.sent, pump.got);
	EXPECT_EQ(pump.hash_sent, pump.hash_got);
	EXPECT_EQ(UPDATES > 0, self->p.client.updates_in > 0);
}

/* KeyUpdates are asked for and answered between the pages of a file. */
TEST_F(async, sendfile)
{
	struct pump_file sender = { self->p.agent, -1, 2 << 20, 0 };
	struct pump pump = { .client = &self->p.client, .send = 1 << 20,
			     .expect = sender.len, .updates = UPDATES,
			     .request = true };
	char *data = malloc(sender.len);
	uint64_t hash = PUMP_HASH;
	static char b[65536];
	pthread_t thread;
	ssize_t n;

	pair_fill(data, sender.len, 5);
	sender.file = memfd_create("file", MFD_CLOEXEC);
	ASSERT_EQ(0, pair_send(sender.file, data, sender.len));
	ASSERT_EQ(0, pump_start(&pump));
	ASSERT_EQ(0, pthread_create(&thread, NULL, pump_file, &sender));
	while ((n = read(self->p.agent, b, sizeof(b))) > 0)
		hash = pump_hash(hash, b, n);
	EXPECT_EQ(0, n);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, sender.failed);
	pair_close_agent(&self->p);
	pump_join(&pump);
	EXPECT_STREQ("", pump.failure);
	EXPECT_EQ(pump.hash_sent, hash);
	EXPECT_EQ(pump_hash(PUMP_HASH, data, sender.len), pump.hash_got);
	free(data);
	close(sender.file);
}

/* The last record is still being encrypted when the agent closes. */
TEST_F(async, close_behind_a_write)
{
	static char data[100000], got[sizeof(data)];
	char b;

	pair_fill(data, sizeof(data), 3);
	ASSERT_EQ(0, pair_send(self->p.agent, data, sizeof(data)));
	pair_close_agent(&self->p);
	EXPECT_EQ(sizeof(data), tls_read_all(&self->p.client, got,
					     sizeof(got)));
	EXPECT_EQ(0, memcmp(data, got, sizeof(data)));
	EXPECT_EQ(0, tls_read(&self->p.client, &b, 1));
	EXPECT_TRUE(tls_got_close_notify(&self->p.client));
}

/* And when it is killed, or the client goes. */
TEST_F(async, torn)
{
	static char data[100000];

	ASSERT_EQ(0, net_nonblock(self->p.agent, true));
	ASSERT_LT(0, write(self->p.agent, data, sizeof(data)));
	ASSERT_EQ(0, gate_conn_kill(&self->p.nl, self->p.id, 80));
	EXPECT_EQ(-1, write(self->p.agent, data, 1));
	tls_close(&self->p.client);
}

TEST_HARNESS_MAIN
