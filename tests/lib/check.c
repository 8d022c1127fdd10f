// SPDX-License-Identifier: GPL-2.0-or-later
/* What must be so after every test. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "gate.h"

long check_tls_stat(const char *name)
{
	FILE *f = fopen("/proc/thread-self/net/tls_stat", "r");
	long value = -1, n;
	char word[64];

	if (!f)
		return -1;
	while (fscanf(f, "%63s %ld", word, &n) == 2)
		if (!strcmp(word, name))
			value = n;
	fclose(f);
	return value;
}

int check_nothing_left(void)
{
	struct gate_stats stats;
	struct gate_nl nl;
	int ret = 0;

	if (!NET_WAIT(check_tls_stat("TlsCurrTxSw") <= 0 &&
		      check_tls_stat("TlsCurrRxSw") <= 0)) {
		fprintf(stderr, "# left: TlsCurrTxSw %ld TlsCurrRxSw %ld\n",
			check_tls_stat("TlsCurrTxSw"),
			check_tls_stat("TlsCurrRxSw"));
		ret = -1;
	}
	if (gate_open(&nl))
		return -1;
	if (!NET_WAIT(!gate_stats(&nl, &stats) && !stats.connections)) {
		fprintf(stderr, "# left: %u connections, %u queued (%d)\n",
			stats.connections, stats.queued, nl.err);
		ret = -1;
	}
	gate_close(&nl);
	return ret;
}
