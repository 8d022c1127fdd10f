// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "in-force.h"
#include "json.h"
#include "netns.h"
#include "util.h"

#define REFUSALS_NAME "refusals.json"

struct in_force {
	struct json_object *document;
	uint64_t cookie;	/* of our network namespace */
};

/* It is left behind by a helper that was killed: what it says is over. */
static bool helper_runs(struct json_object *document)
{
	pid_t pid = json_number(document, "pid");

	return pid > 0 && (!kill(pid, 0) || errno != ESRCH);
}

static struct in_force *read_state(const char *what, const char *path)
{
	struct json_object *document;
	struct in_force *state;
	uint64_t cookie;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		if (errno != ENOENT && errno != EACCES)
			complain("%s: cannot read %s: %s", what, path,
				 strerror(errno));
		return NULL;
	}
	document = json_object_from_fd(fd);
	close(fd);
	if (!json_array(document, "gates")) {
		complain("%s: %s is not what ktlsgated writes", what, path);
		json_object_put(document);
		return NULL;
	}
	if (!helper_runs(document) || !netns_cookie(&cookie)) {
		json_object_put(document);
		return NULL;
	}
	state = xcalloc(1, sizeof(*state));
	state->document = document;
	state->cookie = cookie;
	return state;
}

static const char *state_path(void)
{
	return getenv("KTLSGATED_STATE") ?: IN_FORCE_FILE;
}

struct in_force *in_force_open(const char *what)
{
	return read_state(what, state_path());
}

struct in_force *in_force_open_refusals(const char *what)
{
	const char *beside = state_path(), *name = strrchr(beside, '/');
	struct in_force *state;
	char *path;

	path = xasprintf("%.*s" REFUSALS_NAME,
			 name ? (int)(name + 1 - beside) : 0, beside);
	state = read_state(what, path);
	free(path);
	return state;
}

void in_force_close(struct in_force *state)
{
	if (!state)
		return;
	json_object_put(state->document);
	free(state);
}

static struct json_object *find(const struct in_force *state, const char *name)
{
	struct json_object *gates = json_array(state->document, "gates");
	size_t i;

	for (i = 0; i < json_object_array_length(gates); i++) {
		struct json_object *gate = json_object_array_get_idx(gates, i);
		const char *its = json_string(gate, "name");

		if (its && !strcmp(its, name) &&
		    (uint64_t)json_number(gate, "netns-cookie") ==
		    state->cookie)
			return gate;
	}
	return NULL;
}

/* A line of text, which is freed. */
static void line(struct out *o, const char *label, char *text)
{
	out_string(o, OUT_DETAIL, NULL, label, text);
	free(text);
}

static const char *text_of(struct json_object *j, const char *key)
{
	return json_string(j, key) ?: "-";
}

static void print_tls(struct out *o, struct json_object *gate)
{
	line(o, "tls profile", xstrdup(json_string(gate, "tls-profile") ?:
				       "none"));
	line(o, "tls versions", xasprintf("%s to %s",
					  text_of(gate, "tls-min-version"),
					  text_of(gate, "tls-max-version")));
	line(o, "cipher suites", xstrdup(text_of(gate, "cipher-suites")));
	line(o, "groups", xstrdup(text_of(gate, "groups")));
	line(o, "relay", xstrdup(json_true(gate, "relay") ? "yes" : "no"));
}

/* "TLS 1.0, TLS 1.1: why", a line for each reason. */
static void print_lacks(struct out *o, struct json_object *gate)
{
	struct json_object *lacks = json_array(gate, "lacks");
	size_t count = lacks ? json_object_array_length(lacks) : 0, i;
	char *names = NULL;

	for (i = 0; i < count; i++) {
		struct json_object *one = json_object_array_get_idx(lacks, i);
		struct json_object *next = i + 1 < count ?
			json_object_array_get_idx(lacks, i + 1) : NULL;
		char *more;

		more = xasprintf("%s%s%s", names ?: "", names ? ", " : "",
				 text_of(one, "name"));
		free(names);
		names = more;
		if (next && !strcmp(text_of(one, "reason"),
				    text_of(next, "reason")))
			continue;
		line(o, "lacks", xasprintf("%s: %s", names,
					   text_of(one, "reason")));
		free(names);
		names = NULL;
	}
}

static void print_pair(struct out *o, struct json_object *pair)
{
	struct json_object *chain = json_array(pair, "chain");
	size_t i;

	line(o, "certificate",
	     xasprintf("%s of %s, %s to %s, key %s %d bits",
		       text_of(pair, "subject"), text_of(pair, "issuer"),
		       text_of(pair, "not-before"), text_of(pair, "not-after"),
		       text_of(pair, "key-type"),
		       (int)json_number(pair, "key-bits")));
	for (i = 0; chain && i < json_object_array_length(chain); i++) {
		struct json_object *one = json_object_array_get_idx(chain, i);

		line(o, "with", xasprintf("%s of %s, %s to %s",
					  text_of(one, "subject"),
					  text_of(one, "issuer"),
					  text_of(one, "not-before"),
					  text_of(one, "not-after")));
	}
}

static void print_certificates(struct out *o, struct json_object *gate)
{
	struct json_object *pairs = json_array(gate, "certificates");
	size_t i;

	for (i = 0; pairs && i < json_object_array_length(pairs); i++)
		print_pair(o, json_object_array_get_idx(pairs, i));
}

static void print_revocation(struct out *o, struct json_object *gate)
{
	struct json_object *list = json_array(gate, "crl");
	const char *ocsp = json_string(gate, "ocsp");
	size_t i;

	for (i = 0; list && i < json_object_array_length(list); i++) {
		struct json_object *one = json_object_array_get_idx(list, i);

		line(o, "crl", xasprintf("%s, %s to %s, %d revoked",
					 text_of(one, "issuer"),
					 text_of(one, "this-update"),
					 text_of(one, "next-update"),
					 (int)json_number(one, "revoked")));
	}
	if (ocsp && strcmp(ocsp, "off"))
		line(o, "ocsp", xstrdup(ocsp));
}

static void print_spiffe(struct out *o, struct json_object *gate)
{
	struct json_object *spiffe = json_member(gate, "spiffe"), *bundles;

	if (!spiffe)
		return;
	line(o, "spiffe id",
	     xasprintf("%s%s", json_string(spiffe, "trust-domain") ?:
		       "any trust domain",
		       json_string(spiffe, "workload-id") ?: ""));
	bundles = json_member(spiffe, "bundles");
	if (!bundles)
		return;
	json_object_object_foreach(bundles, domain, file)
		line(o, "spiffe bundle",
		     xasprintf("%s by %s", domain,
			       json_object_get_string(file)));
}

static void print_clients(struct out *o, struct json_object *gate)
{
	struct json_object *ca = json_member(gate, "client-ca");
	struct json_object *list = ca ? json_array(ca, "certificates") : NULL;
	size_t i;

	line(o, "client auth", xstrdup(text_of(gate, "client-auth")));
	print_spiffe(o, gate);
	for (i = 0; list && i < json_object_array_length(list); i++) {
		struct json_object *one = json_object_array_get_idx(list, i);

		line(o, "client ca", xasprintf("%s, until %s",
					       text_of(one, "subject"),
					       text_of(one, "not-after")));
	}
}

void in_force_print(struct in_force *state, struct out *o, const char *gate)
{
	struct json_object *found = state ? find(state, gate) : NULL;

	if (!found)
		return;
	out_json(o, "in_force", json_object_get(found));
	if (out_is_json(o))
		return;
	print_tls(o, found);
	print_lacks(o, found);
	print_certificates(o, found);
	print_clients(o, found);
	print_revocation(o, found);
}

static void print_refused(struct out *o, struct json_object *gate)
{
	struct json_object *list = json_array(gate, "refused-principals");
	uint64_t others = json_number(gate, "others");
	size_t i;

	for (i = 0; list && i < json_object_array_length(list); i++) {
		struct json_object *one = json_object_array_get_idx(list, i);

		line(o, "refused principal",
		     xasprintf("%" PRIu64 " %s",
			       (uint64_t)json_number(one, "count"),
			       text_of(one, "principal")));
	}
	if (others)
		line(o, "refused principal",
		     xasprintf("%" PRIu64 " of others", others));
}

void in_force_print_refusals(struct in_force *state, struct out *o,
			     const char *gate)
{
	struct json_object *found = state ? find(state, gate) : NULL;

	if (!found)
		return;
	out_json(o, "refused_principals", json_object_get(
			json_array(found, "refused-principals")));
	out_number(o, OUT_HIDDEN, "refused_others", NULL,
		   json_number(found, "others"));
	if (!out_is_json(o))
		print_refused(o, found);
}
