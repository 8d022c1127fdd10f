// SPDX-License-Identifier: GPL-2.0
/* The bytes of records that are not data. Nothing but the bytes: tests/fuzz
 * builds this file in userspace.
 */
#include <linux/string.h>

#include "alert.h"
#include "record.h"

static struct ktlsgate_record record_is(enum ktlsgate_record_means means,
					u8 value)
{
	return (struct ktlsgate_record){ .means = means, .value = value };
}

/* RFC 8446 6: in TLS 1.3 every alert but close_notify and user_canceled is
 * fatal, whatever its level says; in TLS 1.2 the level counts (RFC 5246 7.2).
 */
static struct ktlsgate_record record_alert(bool tls13, const u8 *body,
					   size_t len)
{
	if (len != 2)
		return record_is(KTLSGATE_MEANS_WRONG,
				 KTLSGATE_ALERT_DECODE_ERROR);
	if (body[1] == KTLSGATE_ALERT_CLOSE_NOTIFY)
		return record_is(KTLSGATE_MEANS_END, 0);
	if (tls13 ? body[1] == KTLSGATE_ALERT_USER_CANCELED :
		    body[0] == KTLSGATE_ALERT_WARNING)
		return record_is(KTLSGATE_MEANS_NOTHING, 0);
	return record_is(KTLSGATE_MEANS_FATAL, body[1]);
}

/* A client has one message to send after the handshake: KeyUpdate. It may come
 * in pieces, but it ends its record (RFC 8446 5.1), because the next record has
 * another key.
 */
static struct ktlsgate_record record_handshake(u8 *message, u8 *have,
					       const u8 *body, size_t len)
{
	size_t take = KTLSGATE_MESSAGE_SIZE - *have;

	if (take > len)
		take = len;
	memcpy(message + *have, body, take);
	*have += take;

	if (!len || message[0] != KTLSGATE_MESSAGE_KEY_UPDATE)
		return record_is(KTLSGATE_MEANS_WRONG,
				 KTLSGATE_ALERT_UNEXPECTED_MESSAGE);
	if (*have < KTLSGATE_MESSAGE_SIZE)
		return record_is(KTLSGATE_MEANS_PIECE, 0);
	if (message[1] || message[2] || message[3] != 1)
		return record_is(KTLSGATE_MEANS_WRONG,
				 KTLSGATE_ALERT_DECODE_ERROR);
	if (take != len)
		return record_is(KTLSGATE_MEANS_WRONG,
				 KTLSGATE_ALERT_UNEXPECTED_MESSAGE);
	*have = 0;
	return record_is(KTLSGATE_MEANS_KEY_UPDATE, message[4]);
}

/**
 * ktlsgate_record_read() - what a record that is not data asks for
 * @message: the handshake message that is arriving, KTLSGATE_MESSAGE_SIZE bytes
 * @have: bytes of @message that have come, 0 at the beginning
 * @tls13: whether it is TLS 1.3, not 1.2
 * @type: of the record
 * @body: its beginning
 * @len: bytes of @body; of a longer record at least KTLSGATE_MESSAGE_SIZE + 1
 *
 * Return: what it asks for. After KTLSGATE_MEANS_WRONG there is no next one.
 */
struct ktlsgate_record ktlsgate_record_read(u8 *message, u8 *have, bool tls13,
					    u8 type, const u8 *body, size_t len)
{
	if (type == KTLSGATE_RECORD_ALERT)
		return record_alert(tls13, body, len);
	if (type != KTLSGATE_RECORD_HANDSHAKE)
		return record_is(KTLSGATE_MEANS_WRONG,
				 KTLSGATE_ALERT_UNEXPECTED_MESSAGE);
	if (!tls13)
		return record_is(KTLSGATE_MEANS_RENEGOTIATION, 0);
	return record_handshake(message, have, body, len);
}
