// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What OCSP responders answer, over a connection of loopback as the helper makes
 * it. The first byte says what the rest is:
 *
 *	0	all bytes of the answer, HTTP and what follows
 *	1	a response in DER, with proper HTTP before it
 *	2	a ResponseData in DER, which the client's CA signs
 *
 * Nobody can sign but in the last, so only there an answer may count.
 */
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ocsp.h>

#include "../fuzz.h"
#include "mem.h"
#include "ocspquery.h"
#include "timers.h"

static struct {
	int listener, never;
	uint16_t port;
	/* Written before the connection is made, read until it is done. */
	const uint8_t *bytes;
	size_t size;
	sem_t done;
} responder;

/* All of the request first: bytes that were not read make close() a reset. */
static void answer_one(int fd)
{
	static const char end[] = "Content-Length: ";
	char request[8192];
	size_t got = 0, want = 0, sent = 0;
	ssize_t one;

	while (!want || got < want) {
		char *length, *body;

		one = read(fd, request + got, sizeof(request) - 1 - got);
		if (one <= 0)
			return;
		got += one;
		request[got] = '\0';
		body = strstr(request, "\r\n\r\n");
		length = strcasestr(request, end);
		if (body && length)
			want = body + 4 - request +
			       strtoul(length + strlen(end), NULL, 10);
	}
	while (sent < responder.size) {
		one = send(fd, responder.bytes + sent, responder.size - sent,
			   MSG_NOSIGNAL);
		if (one <= 0)
			return;
		sent += one;
	}
}

static void *respond(void *arg)
{
	for (;;) {
		int fd = accept4(responder.listener, NULL, NULL, SOCK_CLOEXEC);

		must(fd >= 0);
		answer_one(fd);
		close(fd);
		sem_post(&responder.done);
	}
	return arg;
}

static void start(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET };
	socklen_t size = sizeof(any);
	pthread_t thread;

	responder.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	responder.never = eventfd(0, EFD_CLOEXEC);
	any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	must(responder.listener >= 0 && responder.never >= 0 &&
	     !bind(responder.listener, (void *)&any, size) &&
	     !listen(responder.listener, 64) &&
	     !getsockname(responder.listener, (void *)&any, &size));
	responder.port = ntohs(any.sin_port);
	must(!sem_init(&responder.done, 0, 0));
	must(!pthread_create(&thread, NULL, respond, NULL));
}

static void ask(const void *bytes, size_t size, struct ocsp_answer *answer)
{
	struct ocsp_question question;
	struct blob der = {};
	X509 *leaf = fuzz_leaf(7);
	char url[64];

	if (!responder.port)
		start();
	responder.bytes = bytes;
	responder.size = size;
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/ask?x=y",
		 responder.port);
	must(ocsp_question_fill(&question, leaf, fuzz_ca(), url));
	question.deadline = now_ns() + 20000000000ULL;
	ocsp_query(&question, NULL, responder.never, answer, &der);
	/* libFuzzer's timer is a signal. */
	while (sem_wait(&responder.done))
		must(errno == EINTR);
	must(!!der.size == (answer->status != OCSP_NO_ANSWER));
	must(answer->status != OCSP_NO_ANSWER || *answer->why);
	/* Each answer was whole: nobody had to wait for the deadline. */
	must(now_ns() < question.deadline);
	blob_free(&der);
	ocsp_question_clear(&question);
	X509_free(leaf);
}

static void ask_der(const uint8_t *der, size_t size, struct ocsp_answer *answer)
{
	struct text all = {};

	text_printf(&all, "HTTP/1.0 200 OK\r\nContent-Type: application/ocsp-response\r\nContent-Length: %zu\r\n\r\n",
		    size);
	text_add(&all, (const char *)der, size);
	ask(all.data, all.length, answer);
	text_free(&all);
}

/* Of several answers about the certificate the first one counts. */
static int status_of(OCSP_BASICRESP *basic)
{
	X509 *leaf = fuzz_leaf(7);
	OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), leaf, fuzz_ca());
	int i = OCSP_resp_find(basic, id, -1), status = -1;

	if (i >= 0)
		status = OCSP_single_get0_status(OCSP_resp_get0(basic, i), NULL,
						 NULL, NULL, NULL);
	OCSP_CERTID_free(id);
	X509_free(leaf);
	return status;
}

/* Makes of all in @out one DER element. */
static void wrap(struct text *out, int tag)
{
	const int class = tag & 0xc0, number = tag & 0x1f;
	struct text inner = *out;
	unsigned char header[16], *at = header;

	memset(out, 0, sizeof(*out));
	ASN1_put_object(&at, !!(tag & 0x20), inner.length, number, class);
	text_add(out, (char *)header, at - header);
	text_add(out, inner.data, inner.length);
	text_free(&inner);
}

/* RFC 6960 4.2.1, by hand: OpenSSL signs only what it made itself. */
static void sign(const uint8_t *data, size_t size, struct text *out)
{
	static const char algorithm[] = "\x30\x05\x06\x03\x2b\x65\x70";
	static const char type[] = "\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x01";
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char signature[65] = { 0 };
	size_t length = 64;
	struct text basic = {};

	must(EVP_DigestSignInit(ctx, NULL, NULL, NULL, fuzz_key()) &&
	     EVP_DigestSign(ctx, signature + 1, &length, data, size));
	EVP_MD_CTX_free(ctx);
	text_add(&basic, (const char *)data, size);
	text_add(&basic, algorithm, sizeof(algorithm) - 1);
	text_add(&basic, "\x03\x41", 2);
	text_add(&basic, (char *)signature, sizeof(signature));
	wrap(&basic, 0x30);
	wrap(&basic, V_ASN1_OCTET_STRING);
	memset(out, 0, sizeof(*out));
	text_add(out, type, sizeof(type) - 1);
	text_add(out, basic.data, basic.length);
	wrap(out, 0x30);
	wrap(out, 0xa0);
	text_free(&basic);
	basic = *out;
	memset(out, 0, sizeof(*out));
	text_add(out, "\x0a\x01\x00", 3);
	text_add(out, basic.data, basic.length);
	wrap(out, 0x30);
	text_free(&basic);
}

static void ask_signed(const uint8_t *data, size_t size)
{
	struct ocsp_answer answer;
	OCSP_RESPONSE *whole;
	OCSP_BASICRESP *basic;
	const unsigned char *at;
	struct text der;
	int status = -1;

	sign(data, size, &der);
	ask_der((uint8_t *)der.data, der.length, &answer);
	at = (unsigned char *)der.data;
	whole = d2i_OCSP_RESPONSE(NULL, &at, der.length);
	basic = whole ? OCSP_response_get1_basic(whole) : NULL;
	if (basic)
		status = status_of(basic);
	must(answer.status != OCSP_GOOD || status == V_OCSP_CERTSTATUS_GOOD);
	must(answer.status != OCSP_REVOKED ||
	     status == V_OCSP_CERTSTATUS_REVOKED);
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(whole);
	text_free(&der);
	ERR_clear_error();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct ocsp_answer answer;

	switch (fuzz_byte(&in) % 3) {
	case 0:
		ask(in.data, in.size, &answer);
		must(answer.status == OCSP_NO_ANSWER);
		break;
	case 1:
		ask_der(in.data, in.size, &answer);
		must(answer.status == OCSP_NO_ANSWER);
		break;
	default:
		ask_signed(in.data, in.size);
	}
	return 0;
}
