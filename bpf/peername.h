/* SPDX-License-Identifier: GPL-2.0 */
/* The map of bpf/peername.bpf.c, filled by ktlsgated. */
#ifndef KTLSGATE_PEERNAME_H
#define KTLSGATE_PEERNAME_H

#include <linux/types.h>

/* Value of "names": the client behind a relayed connection. */
struct peername {
	__u32	address[4];	/* network byte order, IPv4 as v4-mapped */
	__u32	port;		/* network byte order */
};

#endif
