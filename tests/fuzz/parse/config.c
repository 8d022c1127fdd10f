// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The configuration, a whole file. It is refused with a reason and a line that
 * the file has, or each value of each gate is in its range.
 */
#include <linux/ktlsgate.h>

#include "../fuzz.h"
#include "admission.h"
#include "config.h"
#include "mem.h"
#include "spiffe.h"

static void check_gate(const struct gate_config *gate)
{
	size_t i;

	must(gate->name && *gate->name &&
	     strlen(gate->name) <= KTLSGATE_NAME_MAX);
	must(gate->port >= 1 && gate->port <= 65535);
	must(gate->steering == !gate->listen_port);
	must(gate->pair_count >= 1 && gate->pair_count <= CONFIG_MAX_PAIRS);
	for (i = 0; i < gate->pair_count; i++)
		must(gate->pairs[i].certificate && gate->pairs[i].private_key);
	must(!gate->principal_mapping_rules || !gate->principal_regex);
	must(gate->spiffe_bundles.count % 2 == 0);
	must(!gate->spiffe_trust_domain ||
	     !spiffe_check_domain(gate->spiffe_trust_domain,
				  strlen(gate->spiffe_trust_domain)));
	for (i = 0; i < gate->allow.count; i++)
		must(!admission_check(gate->allow.text[i]));
	for (i = 0; i < gate->deny.count; i++)
		must(!admission_check(gate->deny.text[i]));
	must(gate->handshake_timeout >= 100 &&
	     gate->handshake_timeout <= 300000);
	must(gate->ocsp_timeout >= 100 && gate->ocsp_timeout <= 60000);
	for (i = 0; i < gate->plaintext_from_count; i++)
		must(gate->plaintext_from[i].length <=
		     address_size(&gate->plaintext_from[i].address) * 8);
}

static void check_config(const struct config *config)
{
	size_t i, k;

	must(config->workers <= CONFIG_MAX_WORKERS);
	must(config->gate_count <= CONFIG_MAX_GATES);
	for (i = 0; i < config->gate_count; i++) {
		check_gate(&config->gates[i]);
		for (k = 0; k < i; k++)
			must(strcmp(config->gates[i].name,
				    config->gates[k].name));
	}
}

static void check_report(const struct report *report, int lines)
{
	size_t i;

	for (i = 0; i < report->count; i++) {
		char *line = report_line(report, &report->findings[i]);

		must(report->findings[i].line >= 0 &&
		     report->findings[i].line <= lines);
		must(*report->findings[i].text && *line);
		free(line);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct report report = { .file = fuzz_file(data, size) };
	struct config *config = config_load(&report);
	int lines = 2;
	size_t i;

	/* CR, LF and the three of Unicode, at most. */
	for (i = 0; i < size; i++)
		lines += data[i] == '\n' || data[i] == '\r' || data[i] > 0x7f ||
			 !data[i];
	must(!config == (report.errors > 0));
	check_report(&report, lines);
	if (config)
		check_config(config);
	config_put(config);
	report_free(&report);
	return 0;
}
