/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KTLSGATE_RECORD_H
#define _KTLSGATE_RECORD_H

#include <linux/types.h>

/* A KeyUpdate: type, three bytes of length, request_update (RFC 8446 4.6.3). */
#define KTLSGATE_MESSAGE_SIZE	5

/**
 * enum ktlsgate_record_means - what a record that is not data asks for
 * @KTLSGATE_MEANS_NOTHING: it may be forgotten
 * @KTLSGATE_MEANS_PIECE: a KeyUpdate began, its end is to come
 * @KTLSGATE_MEANS_KEY_UPDATE: the client's next key; value is request_update
 * @KTLSGATE_MEANS_RENEGOTIATION: a new handshake, TLS 1.2
 * @KTLSGATE_MEANS_END: close_notify
 * @KTLSGATE_MEANS_FATAL: the client gave up; value is its alert
 * @KTLSGATE_MEANS_WRONG: it must not be; value is the alert to send
 */
enum ktlsgate_record_means {
	KTLSGATE_MEANS_NOTHING,
	KTLSGATE_MEANS_PIECE,
	KTLSGATE_MEANS_KEY_UPDATE,
	KTLSGATE_MEANS_RENEGOTIATION,
	KTLSGATE_MEANS_END,
	KTLSGATE_MEANS_FATAL,
	KTLSGATE_MEANS_WRONG,
};

struct ktlsgate_record {
	enum ktlsgate_record_means means;
	u8 value;
};

struct ktlsgate_record ktlsgate_record_read(u8 *message, u8 *have, bool tls13,
					    u8 type, const u8 *body,
					    size_t len);

#endif /* _KTLSGATE_RECORD_H */
