/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KTLSGATE_NETLINK_H
#define _KTLSGATE_NETLINK_H

#include <net/genetlink.h>

#include "netlink_gen.h"

#define KTLSGATE_VERSION	"0.1.0"

extern struct genl_family ktlsgate_family;

int ktlsgate_netlink_init(void);
void ktlsgate_netlink_exit(void);

struct sk_buff *ktlsgate_reply(struct genl_info *info, u8 command, size_t size,
			       void **header);
int ktlsgate_reply_end(struct genl_info *info, struct sk_buff *skb,
		       void *header, int err);

/* Put into the generated table, which cannot say .start. */
int ktlsgate_conn_dump_start(struct netlink_callback *cb);

/* Set the sentence and return the error. */
#define refuse(extack, err, sentence) ({		\
	NL_SET_ERR_MSG(extack, sentence);		\
	err;						\
})

#define refuse_no_memory(extack)	\
	refuse(extack, -ENOMEM, "the kernel has no memory for it")

/* Whether an attribute is not there, which is then said. */
#define netlink_missing(info, attr, what) ({				\
	struct genl_info *__info = (info);				\
	bool __missing = !__info->attrs[attr];				\
									\
	if (__missing)							\
		NL_SET_ERR_MSG(__info->extack, what " is missing");	\
	__missing;							\
})

#endif /* _KTLSGATE_NETLINK_H */
