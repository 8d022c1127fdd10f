// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/http.h>

#include "certs.h"
#include "mem.h"
#include "ocsphttp.h"
#include "timers.h"

/* A response has one certificate in it, seldom two. */
#define RESPONSE_MAX 65536

struct target {
	char *host;
	char *port;
	char *path;
};

/* Until @fd is ready; false with errno when it is too late, or all ends. */
static bool wait_for(int fd, short events, uint64_t deadline, int stop_fd)
{
	struct pollfd fds[] = {
		{ .fd = fd, .events = events },
		{ .fd = stop_fd, .events = POLLIN },
	};
	uint64_t now = now_ns();
	int ready;

	do {
		ready = poll(fds, 2, now < deadline ?
			     (int)((deadline - now) / 1000000) + 1 : 0);
		now = now_ns();
	} while (ready < 0 && errno == EINTR);
	if (ready > 0 && !fds[1].revents)
		return true;
	if (ready >= 0)
		errno = ready ? ECANCELED : ETIMEDOUT;
	return false;
}

static int connect_one(const struct addrinfo *to, uint64_t deadline,
		       int stop_fd)
{
	int fd, error = 0;
	socklen_t size = sizeof(error);

	fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		    0);
	if (fd < 0)
		return -1;
	if (!connect(fd, to->ai_addr, to->ai_addrlen))
		return fd;
	if (errno == EINPROGRESS && wait_for(fd, POLLOUT, deadline, stop_fd) &&
	    !getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size)) {
		if (!error)
			return fd;
		errno = error;
	}
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* Each address but the last gets half of the time that is left. */
static int dial(const struct target *target, uint64_t deadline, int stop_fd,
		struct ocsp_answer *answer)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *all, *one;
	int fd = -1, error;

	error = getaddrinfo(target->host, target->port, &hints, &all);
	if (error) {
		ocsp_no_answer(answer, "%s", gai_strerror(error));
		return -1;
	}
	for (one = all; one && fd < 0; one = one->ai_next) {
		uint64_t now = now_ns(), until = deadline;

		if (one->ai_next && now < deadline)
			until = now + (deadline - now) / 2;
		fd = connect_one(one, until, stop_fd);
	}
	if (fd < 0)
		ocsp_no_answer(answer, "cannot connect: %s", strerror(errno));
	freeaddrinfo(all);
	return fd;
}

static OSSL_HTTP_REQ_CTX *prepare(const struct target *target, BIO *bio,
				  const OCSP_REQUEST *request)
{
	OSSL_HTTP_REQ_CTX *http = OSSL_HTTP_REQ_CTX_new(bio, bio, 0);
	bool numeric6 = strchr(target->host, ':');
	char *host;
	bool good;

	host = xasprintf("%s%s%s:%s", numeric6 ? "[" : "", target->host,
			 numeric6 ? "]" : "", target->port);
	good = http &&
	       OSSL_HTTP_REQ_CTX_set_request_line(http, 1, NULL, NULL,
						  target->path) &&
	       OSSL_HTTP_REQ_CTX_add1_header(http, "Host", host) &&
	       OSSL_HTTP_REQ_CTX_set_expected(http, "application/ocsp-response",
					      1, 0, 0) &&
	       OSSL_HTTP_REQ_CTX_set1_req(http, "application/ocsp-request",
					  ASN1_ITEM_rptr(OCSP_REQUEST),
					  (const ASN1_VALUE *)request);
	free(host);
	if (good) {
		OSSL_HTTP_REQ_CTX_set_max_response_length(http, RESPONSE_MAX);
		return http;
	}
	OSSL_HTTP_REQ_CTX_free(http);
	return NULL;
}

static OCSP_RESPONSE *exchange(OSSL_HTTP_REQ_CTX *http, BIO *bio, int fd,
			       uint64_t deadline, int stop_fd,
			       struct ocsp_answer *answer)
{
	ASN1_VALUE *response = NULL;

	for (;;) {
		int result;

		result = OSSL_HTTP_REQ_CTX_nbio_d2i(http, &response,
						    ASN1_ITEM_rptr(OCSP_RESPONSE));
		if (result == 1)
			return (OCSP_RESPONSE *)response;
		if (result != -1) {
			ocsp_no_answer(answer, "no OCSP response over HTTP: %s",
				       openssl_reason());
			return NULL;
		}
		if (!wait_for(fd, BIO_should_write(bio) ? POLLOUT : POLLIN,
			      deadline, stop_fd)) {
			ocsp_no_answer(answer, "no response: %s",
				       strerror(errno));
			return NULL;
		}
	}
}

static OCSP_RESPONSE *ask(const struct target *target, OCSP_REQUEST *request,
			  uint64_t deadline, int stop_fd,
			  struct ocsp_answer *answer)
{
	int fd = dial(target, deadline, stop_fd, answer);
	OCSP_RESPONSE *response = NULL;
	OSSL_HTTP_REQ_CTX *http;
	BIO *bio;

	if (fd < 0)
		return NULL;
	bio = BIO_new_socket(fd, BIO_CLOSE);
	http = bio ? prepare(target, bio, request) : NULL;
	if (http)
		response = exchange(http, bio, fd, deadline, stop_fd, answer);
	else
		ocsp_no_answer(answer, "no request: %s", openssl_reason());
	OSSL_HTTP_REQ_CTX_free(http);
	if (bio)
		BIO_free(bio);
	else
		close(fd);
	return response;
}

OCSP_RESPONSE *ocsp_http(const struct ocsp_question *question,
			 OCSP_REQUEST *request, int stop_fd,
			 struct ocsp_answer *answer)
{
	OCSP_RESPONSE *response = NULL;
	struct target target = {};
	char *query = NULL, *path = NULL;

	if (OSSL_HTTP_parse_url(question->url, NULL, NULL, &target.host,
				&target.port, NULL, &path, &query, NULL)) {
		bool more = query && *query;

		target.path = xasprintf("%s%s%s", path, more ? "?" : "",
					more ? query : "");
		response = ask(&target, request, question->deadline, stop_fd,
			       answer);
		free(target.path);
	} else {
		ocsp_no_answer(answer, "its URL cannot be read");
	}
	OPENSSL_free(target.host);
	OPENSSL_free(target.port);
	OPENSSL_free(path);
	OPENSSL_free(query);
	return response;
}
