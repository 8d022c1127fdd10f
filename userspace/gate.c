// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>

#include "crlset.h"
#include "describe.h"
#include "gate.h"
#include "mem.h"
#include "peername.h"
#include "profile.h"
#include "tlsctx.h"

static bool make_contexts(struct gate *gate, const struct cert_files *files,
			  OSSL_LIB_CTX *const *libs, unsigned int ciphers,
			  struct report *report)
{
	unsigned int i;

	for (i = 0; i < gate->workers; i++) {
		gate->slot[i].ctx = tlsctx_new(gate->cfg, files, gate->crls,
					       ciphers, libs[i], report);
		if (!gate->slot[i].ctx)
			return false;
		staples_enable(gate->slot[i].ctx, gate->staples);
	}
	return true;
}

/* NULL where the system's trust store decides. */
static struct anchors *make_anchors(const struct gate_config *cfg,
				    const struct cert_files *files,
				    const struct certs *certs,
				    OSSL_LIB_CTX *lib)
{
	struct anchors *anchors;

	if (!files->bundles.count && !certs->ca)
		return NULL;
	anchors = anchors_new();
	if (files->bundles.count)
		bundles_anchors(cfg, &files->bundles, lib, anchors);
	else
		anchors_add(anchors, NULL, certs->ca);
	return anchors;
}

static void check_files(struct gate *gate, const struct cert_files *files,
			OSSL_LIB_CTX *lib, unsigned int ciphers,
			enum severity dates, struct report *report)
{
	const struct gate_config *cfg = gate->cfg;
	struct certs certs;

	if (!certs_parse(cfg, files, lib, &certs, report))
		return;
	certs_check(cfg, files, &certs, dates, report);
	gate->anchors = make_anchors(cfg, files, &certs, lib);
	gate->crls = crls_read(cfg, &certs, lib, dates, report);
	gate->staples = staples_get(cfg, &certs, report);
	gate->description = describe_gate(cfg, &certs, gate->crls,
					  ciphers);
	/* A name is unique in its namespace only. */
	describe_number(gate->description, "netns-cookie", gate->ns->cookie);
	certs_free(&certs);
}

static void compile_mapping(struct gate *gate, struct report *report)
{
	const struct gate_config *cfg = gate->cfg;
	struct place place = config_place(cfg, GATE_NAME);
	char *error;

	if (!cfg->principal_mapping_rules && !cfg->principal_regex)
		return;
	gate->mapping = mapping_new(cfg->principal_mapping_rules,
				    cfg->principal_regex, &error);
	if (gate->mapping)
		return;
	report_add(report, SEVERITY_ERROR, &place, "%s", error);
	free(error);
}

/* The gate serves all the same: who cannot be relayed is refused. */
static void open_peername(const struct gate_config *cfg, struct report *report)
{
	struct place place = config_place(cfg, GATE_RELAY);
	char *error = cfg->relay ? peername_open() : NULL;

	if (error)
		report_add(report, SEVERITY_WARNING, &place,
			   "clients that kTLS cannot carry will be refused, for accept() in the agent would not name them: %s",
			   error);
	free(error);
}

struct gate *gate_new(struct config *config, const struct gate_config *cfg,
		      struct netns *ns, OSSL_LIB_CTX *const *libs,
		      unsigned int workers, unsigned int ciphers,
		      enum severity dates, struct report *report)
{
	size_t errors = report->errors;
	struct cert_files files;
	struct gate *gate;

	if (!cert_files_read(cfg, &files, report))
		return NULL;
	gate = xcalloc(1, sizeof(*gate));
	atomic_init(&gate->refs, 1);
	lograte_init(&gate->lograte);
	gate->config = config_get(config);
	gate->cfg = cfg;
	gate->ns = netns_get(ns);
	gate->workers = workers;
	gate->slot = aligned_alloc(64, workers * sizeof(*gate->slot));
	if (!gate->slot)
		abort();
	for (unsigned int i = 0; i < workers; i++)
		gate->slot[i] = (struct gate_slot){};
	check_files(gate, &files, libs[0], ciphers, dates, report);
	if (report->errors == errors)
		make_contexts(gate, &files, libs, ciphers, report);
	profile_check(cfg, ciphers, report);
	cert_files_free(&files);
	compile_mapping(gate, report);
	gate->admission = admission_new(cfg);
	gate->refusals = refusals_new();
	gate->sources = sources_new();
	open_peername(cfg, report);
	if (report->errors == errors)
		return gate;
	gate_put(gate);
	return NULL;
}

void gate_succeed(struct gate *gate, const struct gate *old)
{
	refusals_put(gate->refusals);
	gate->refusals = refusals_get(old->refusals);
	sources_put(gate->sources);
	gate->sources = sources_get(old->sources);
}

struct gate *gate_get(struct gate *gate)
{
	atomic_fetch_add_explicit(&gate->refs, 1, memory_order_relaxed);
	return gate;
}

void gate_put(struct gate *gate)
{
	unsigned int i;

	if (!gate || atomic_fetch_sub(&gate->refs, 1) > 1)
		return;
	lograte_tell(&gate->lograte, gate->cfg->name, true);
	for (i = 0; i < gate->workers; i++)
		SSL_CTX_free(gate->slot[i].ctx);
	free(gate->slot);
	json_object_put(gate->description);
	mapping_free(gate->mapping);
	anchors_free(gate->anchors);
	admission_free(gate->admission);
	refusals_put(gate->refusals);
	sources_put(gate->sources);
	crls_free(gate->crls);
	staples_put(gate->staples);
	netns_put(gate->ns);
	config_put(gate->config);
	free(gate);
}

void gate_replaced(struct gate *gate)
{
	atomic_store(&gate->replaced, true);
}
