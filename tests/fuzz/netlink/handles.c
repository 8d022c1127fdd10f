// SPDX-License-Identifier: GPL-2.0-or-later
/* Descriptors: those that a handoff takes, and all the others. */
#include <errno.h>
#include <fcntl.h>
#include <linux/tls.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "netlink.h"

#ifndef TCP_ULP
#define TCP_ULP 31
#endif
#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

union keys {
	struct tls_crypto_info info;
	struct tls12_crypto_info_aes_gcm_128 aes_128;
	struct tls12_crypto_info_aes_gcm_256 aes_256;
	struct tls12_crypto_info_aes_ccm_128 ccm;
	struct tls12_crypto_info_chacha20_poly1305 chacha;
};

static socklen_t make_keys(struct fuzz *f, union keys *keys)
{
	static const struct { uint16_t type; socklen_t size; } ciphers[] = {
		{ TLS_CIPHER_AES_GCM_128, sizeof(keys->aes_128) },
		{ TLS_CIPHER_AES_GCM_256, sizeof(keys->aes_256) },
		{ TLS_CIPHER_AES_CCM_128, sizeof(keys->ccm) },
		{ TLS_CIPHER_CHACHA20_POLY1305, sizeof(keys->chacha) },
	};
	int which = chance(f, 2) ? 0 : below(f, 4);

	fill(f, keys, sizeof(*keys));
	keys->info.version = chance(f, 4) ? TLS_1_2_VERSION : TLS_1_3_VERSION;
	keys->info.cipher_type = ciphers[which].type;
	f->version = keys->info.version;
	f->secret = keys->info.version == TLS_1_2_VERSION ? 0 :
		    which == 1 ? 48 : 32;
	return ciphers[which].size;
}

static void keep_client(struct fuzz *f, int fd)
{
	int *slot = &f->client[f->clients++ % SOCKETS];

	if (*slot >= 0)
		close(*slot);
	*slot = fd;
}

/* A connect() that the alarm interrupted goes on by itself. Nobody would take what comes
 * of it, and after some hundred of them the queue is full.
 */
static void forget_strangers(struct fuzz *f)
{
	while (net_poll(f->helper, POLLIN, 0) & POLLIN)
		close(accept4(f->helper, NULL, NULL, SOCK_CLOEXEC));
}

/* Both ends of a new connection; the client's in *client. */
static int connected(struct fuzz *f, int *client)
{
	union net_addr to = net_loopback(AF_INET, net_port(f->helper));
	int fd;

	forget_strangers(f);
	*client = net_connect(&to);
	if (*client < 0)
		return -1;
	fd = accept4(f->helper, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0) {
		close(*client);
		return -1;
	}
	net_nonblock(*client, true);
	return fd;
}

/*
 * One that a handoff takes: kTLS both ways; not whole: or not quite. The client
 * has the same keys, or none and sends what it likes.
 */
static int handle_tls(struct fuzz *f, bool whole)
{
	union keys there, back;
	socklen_t size;
	int client, fd = connected(f, &client);

	if (fd < 0)
		return -1;
	size = make_keys(f, &there);
	back = there;
	fill(f, (uint8_t *)&back + sizeof(back.info),
	     sizeof(back) - sizeof(back.info));
	if (whole || !chance(f, 4))
		setsockopt(fd, SOL_TCP, TCP_ULP, "tls", 3);
	if (whole || !chance(f, 4))
		setsockopt(fd, SOL_TLS, TLS_TX, &back, size);
	if (whole || !chance(f, 4))
		setsockopt(fd, SOL_TLS, TLS_RX, &there, size);
	if (!chance(f, 4)) {
		setsockopt(client, SOL_TCP, TCP_ULP, "tls", 3);
		setsockopt(client, SOL_TLS, TLS_TX, &there, size);
		setsockopt(client, SOL_TLS, TLS_RX, &back, size);
	}
	if (!whole && chance(f, 4))
		shutdown(chance(f, 2) ? fd : client, below(f, 3));
	explicit_bzero(&there, sizeof(there));
	keep_client(f, client);
	return fd;
}

/* A duplicate, so that ours stays. */
static int again(int fd)
{
	return fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

static int plain(struct fuzz *f)
{
	int client, fd = connected(f, &client);

	if (fd >= 0)
		keep_client(f, client);
	return fd;
}

int handle_any(struct fuzz *f, bool relay)
{
	if (!f->world->admin || f->world->plain)
		return -1;
	if (!chance(f, 4))
		return relay ? plain(f) : handle_tls(f, true);
	switch (below(f, 20)) {
	case 0:
		return eventfd(0, EFD_CLOEXEC);
	case 1:
		return memfd_create("x", MFD_CLOEXEC);
	case 2:
		return open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	case 3:
		return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	case 4:
		return open("/dev/null", O_PATH | O_CLOEXEC);
	case 5:
		return epoll_create1(EPOLL_CLOEXEC);
	case 6:
		return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	case 7:
		return again(f->pipe[below(f, 2)]);
	case 8:
		return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	case 9:
		return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	case 10:
		return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
	case 11:
		return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC,
			      IPPROTO_MPTCP);
	case 12:
		return socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	case 13:
		return again(f->listener[below(f, 3)]);
	case 14:	/* one that was handed off already */
		return again(f->agent[below(f, SOCKETS)]);
	case 15:
		return again(f->elsewhere);
	case 16:
		return again(f->client[below(f, SOCKETS)]);
	case 17:
		return plain(f);
	default:
		return handle_tls(f, false);
	}
}
