/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to channel*.c: one call of the kernel. A request is made, gets its
 * attributes, says what it expects as an answer, if any, and is sent.
 */
#ifndef KTLSGATED_CHANNELCALL_H
#define KTLSGATED_CHANNELCALL_H

#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stddef.h>
#include <stdint.h>

#include "channel.h"

#define REASON_MAX 1023		/* of a text for it, see the specification */

/* @size: of all attributes that have no small bound. */
struct nl_msg *channel_request(struct channel *channel, uint8_t command,
			       size_t size, int flags);

/* The next call's answer goes, parsed, to @on_reply. */
void channel_expect(struct channel *channel,
		    void (*on_reply)(struct nlattr **attrs, void *arg),
		    struct nla_policy *policy, int max_attr, void *arg);

/* Sends, waits for the answer, and wipes: the message may hold secrets. */
int channel_call(struct channel *channel, struct nl_msg *msg);

/* At most @max bytes of @text, not cut within a character of UTF-8. */
char *channel_shortened(const char *text, size_t max);

/* No attribute for no text. */
static inline void put_text(struct nl_msg *msg, int attribute,
			    const char *text)
{
	if (text)
		nla_put_string(msg, attribute, text);
}

#endif
