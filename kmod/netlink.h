/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KTLSGATE_NETLINK_H
#define _KTLSGATE_NETLINK_H

#include <net/genetlink.h>

#include "netlink_gen.h"

#define KTLSGATE_VERSION	"0.1.0"

extern struct genl_family ktlsgate_family;

int ktlsgate_netlink_init(void);
void ktlsgate_netlink_exit(void);

/* Set the sentence and return the error. */
#define refuse(extack, err, sentence) ({		\
	NL_SET_ERR_MSG(extack, sentence);		\
	err;						\
})

#endif /* _KTLSGATE_NETLINK_H */
