// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * usage: client [OPTION...] fetch|produce|echo SIZE COUNT
 *        client [OPTION...] full|resumed|idle COUNT
 *
 *   -p PORT    where to
 *   -a CA      TLS 1.3, the server's certificate by this CA; else plaintext
 *   -c CERTIFICATE -k KEY
 *   -s SUITE   the only cipher suite
 *   -g GROUPS  OpenSSL's list of groups
 *   -w COUNT   requests before it is measured
 *   -m FOLDER  the cgroup that is measured; -t PID: whose wakeups are counted
 *   -x         tell a profiler below the guest: code at METER_MARK is run when
 *              the measurement begins, and when it ends
 *
 * fetch, produce and echo make COUNT requests on one connection; full and resumed
 * make COUNT connections with one echo each, and end them when all is measured;
 * idle keeps COUNT of them, says so, and ends with its input. One line of JSON.
 */
#include <err.h>
#include <malloc.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <netinet/tcp.h>
#include <openssl/ssl.h>

#include "ask.h"
#include "meter.h"

struct conn {
	int fd;
	SSL *ssl;
};

static int port = 9092;
static SSL_CTX *ctx;
static SSL_SESSION *session;
static char buffer[ASK_SIZE_MAX];

/* --- the report --------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void report(const struct meter *from, const struct meter *to,
		   uint64_t *latency, int count)
{
	qsort(latency, count, sizeof(*latency), by_value);
	printf("{\"count\": %d, \"server\": %llu, \"kthreads\": %llu, \"wakeups\": %llu, \"clock\": %llu, \"p50\": %llu, \"p99\": %llu}\n",
	       count, (unsigned long long)(to->group - from->group),
	       (unsigned long long)(to->kthreads - from->kthreads),
	       (unsigned long long)(to->wakeups - from->wakeups),
	       (unsigned long long)(to->clock - from->clock),
	       (unsigned long long)latency[count / 2],
	       (unsigned long long)latency[count - 1 - count / 100]);
}

/* --- one connection ----------------------------------------------------- */

static void receive(struct conn *c, char *to, size_t len)
{
	ssize_t got;

	while (len) {
		got = c->ssl ? SSL_read(c->ssl, to, len) : read(c->fd, to, len);
		if (got <= 0)
			errx(1, "the answer ends early");
		to += got;
		len -= got;
	}
}

static void transmit(struct conn *c, const char *from, size_t len)
{
	ssize_t sent;

	while (len) {
		sent = c->ssl ? SSL_write(c->ssl, from, len) :
				write(c->fd, from, len);
		if (sent <= 0)
			errx(1, "the request is not taken");
		from += sent;
		len -= sent;
	}
}

static int on_session(SSL *ssl, SSL_SESSION *new)
{
	(void)ssl;
	SSL_SESSION_free(session);
	session = new;
	return 1;
}

static struct conn dial(bool resume)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct conn c = { .fd = socket(AF_INET, SOCK_STREAM, 0) };
	int one = 1;

	if (c.fd < 0 || connect(c.fd, (struct sockaddr *)&to, sizeof(to)))
		err(1, "connect");
	setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (!ctx)
		return c;
	c.ssl = SSL_new(ctx);
	SSL_set_fd(c.ssl, c.fd);
	if (resume)
		SSL_set_session(c.ssl, session);
	if (SSL_connect(c.ssl) != 1)
		errx(1, "no handshake");
	if (!SSL_session_reused(c.ssl) == resume)
		errx(1, resume ? "not resumed" : "resumed");
	return c;
}

static void hang_up(struct conn *c)
{
	if (c->ssl) {
		SSL_shutdown(c->ssl);
		SSL_free(c->ssl);
	}
	close(c->fd);
}

static void request(struct conn *c, enum ask_op op, uint32_t size)
{
	static char message[sizeof(struct ask) + ASK_SIZE_MAX];
	struct ask ask = { .op = op, .size = size };

	memcpy(message, &ask, sizeof(ask));
	transmit(c, message, sizeof(ask) + (op == ASK_FETCH ? 0 : size));
	receive(c, buffer, op == ASK_PRODUCE ? sizeof(ask) : size);
}

/* The first answer is looked at: what comes fast but wrong counts for nothing. */
static void check_fetch(uint32_t size)
{
	uint32_t i;

	for (i = 0; i < size; i++)
		if ((uint8_t)buffer[i] != ask_byte(i))
			errx(1, "byte %u is wrong", i);
}

static void requests(enum ask_op op, uint32_t size, int warm, int count)
{
	uint64_t *latency = calloc(count, sizeof(*latency)), began;
	struct conn c = dial(false);
	struct meter before, after;
	int i;

	for (i = 0; i < warm; i++) {
		request(&c, op, size);
		if (!i && op == ASK_FETCH)
			check_fetch(size);
	}
	before = meter_read();
	for (i = 0; i < count; i++) {
		began = meter_now();
		request(&c, op, size);
		latency[i] = meter_now() - began;
	}
	after = meter_read();
	report(&before, &after, latency, count);
	hang_up(&c);
}

/* --- many connections --------------------------------------------------- */

static struct conn greeted(bool resume)
{
	struct conn c = dial(resume);

	request(&c, ASK_ECHO, 1);
	return c;
}

static void connections(bool resume, int warm, int count)
{
	uint64_t *latency = calloc(count, sizeof(*latency)), began;
	struct conn *all = calloc(count, sizeof(*all));
	struct meter before, after;
	int i;

	for (i = 0; i < warm; i++) {
		struct conn c = greeted(resume && i);

		hang_up(&c);
	}
	before = meter_read();
	for (i = 0; i < count; i++) {
		began = meter_now();
		all[i] = greeted(resume);
		latency[i] = meter_now() - began;
	}
	after = meter_read();
	report(&before, &after, latency, count);
	for (i = 0; i < count; i++)
		hang_up(&all[i]);
}

/* Only the sockets stay: what a client keeps is not what is measured. A session
 * whose connection was not shut down could not be resumed.
 */
static void idle(int count)
{
	struct conn c;
	char byte;
	int i;

	c = greeted(false);
	hang_up(&c);
	printf("begin\n");
	fflush(stdout);
	if (read(0, &byte, 1) != 1)
		return;
	for (i = 0; i < count; i++) {
		c = greeted(ctx != NULL);
		if (c.ssl) {
			SSL_set_quiet_shutdown(c.ssl, 1);
			SSL_shutdown(c.ssl);
			BIO_set_close(SSL_get_rbio(c.ssl), BIO_NOCLOSE);
			SSL_free(c.ssl);
		}
	}
	malloc_trim(0);
	printf("idle\n");
	fflush(stdout);
	if (read(0, &byte, 1) < 0)
		err(1, "read");
}

/* --- options ------------------------------------------------------------ */

struct options {
	const char *ca, *certificate, *key, *suite, *group;
};

static void tls(const struct options *o)
{
	ctx = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT |
				       SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(ctx, on_session);
	if (!SSL_CTX_load_verify_file(ctx, o->ca) ||
	    (o->suite && !SSL_CTX_set_ciphersuites(ctx, o->suite)) ||
	    (o->group && !SSL_CTX_set1_groups_list(ctx, o->group)))
		errx(1, "CA, cipher suite or group");
	if (o->certificate &&
	    (SSL_CTX_use_certificate_file(ctx, o->certificate,
					  SSL_FILETYPE_PEM) != 1 ||
	     SSL_CTX_use_PrivateKey_file(ctx, o->key, SSL_FILETYPE_PEM) != 1))
		errx(1, "client certificate");
}

static int operation(const char *name)
{
	static const char * const names[] = {
		[ASK_FETCH] = "fetch",
		[ASK_PRODUCE] = "produce",
		[ASK_ECHO] = "echo",
	};
	int i;

	for (i = 0; i < 3; i++)
		if (!strcmp(name, names[i]))
			return i;
	return -1;
}

int main(int argc, char **argv)
{
	struct rlimit files = { 65536, 65536 };
	struct options o = {};
	int option, warm = 2;

	signal(SIGPIPE, SIG_IGN);
	setrlimit(RLIMIT_NOFILE, &files);
	while ((option = getopt(argc, argv, "p:a:c:k:s:g:w:m:t:x")) != -1) {
		switch (option) {
		case 'p': port = atoi(optarg); break;
		case 'a': o.ca = optarg; break;
		case 'c': o.certificate = optarg; break;
		case 'k': o.key = optarg; break;
		case 's': o.suite = optarg; break;
		case 'g': o.group = optarg; break;
		case 'w': warm = atoi(optarg); break;
		case 'm': meter_group = optarg; break;
		case 't': meter_watched = atoi(optarg); break;
		case 'x': meter_profile(); break;
		default: return 2;
		}
	}
	argv += optind;
	argc -= optind;
	if (o.ca)
		tls(&o);
	if (argc == 3 && operation(argv[0]) >= 0 && atoi(argv[2]) > 0)
		requests(operation(argv[0]), atoi(argv[1]), warm, atoi(argv[2]));
	else if (argc == 2 && !strcmp(argv[0], "idle"))
		idle(atoi(argv[1]));
	else if (argc == 2 && atoi(argv[1]) > 0)
		connections(!strcmp(argv[0], "resumed"), warm, atoi(argv[1]));
	else
		errx(2, "usage: client [OPTION...] fetch|produce|echo SIZE COUNT\n"
		     "       client [OPTION...] full|resumed|idle COUNT");
	return 0;
}
