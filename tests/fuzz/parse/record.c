// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Records of a client that are not data, as the module reads them: a byte that
 * says TLS 1.3 or 1.2, then of each record its type, its length and its bytes. The
 * oracle sees all handshake bytes at once: a KeyUpdate is five certain bytes that
 * end a record.
 */
#include "../fuzz.h"
#include "alert.h"
#include "record.h"

#define SEEN_MAX	(KTLSGATE_MESSAGE_SIZE + 1)

static enum ktlsgate_record_means expected(bool tls13, uint8_t type,
					   const uint8_t *body, size_t size,
					   const uint8_t *all, size_t have)
{
	static const uint8_t update[] = { 24, 0, 0, 1 };

	if (type == 21) {
		if (size != 2)
			return KTLSGATE_MEANS_WRONG;
		if (!body[1])
			return KTLSGATE_MEANS_END;
		return (tls13 ? body[1] == 90 : body[0] == 1) ?
		       KTLSGATE_MEANS_NOTHING : KTLSGATE_MEANS_FATAL;
	}
	if (type != 22)
		return KTLSGATE_MEANS_WRONG;
	if (!tls13)
		return KTLSGATE_MEANS_RENEGOTIATION;
	if (!size || all[0] != 24)
		return KTLSGATE_MEANS_WRONG;
	if (have < KTLSGATE_MESSAGE_SIZE)
		return KTLSGATE_MEANS_PIECE;
	return have == KTLSGATE_MESSAGE_SIZE &&
	       !memcmp(all, update, sizeof(update)) ?
	       KTLSGATE_MEANS_KEY_UPDATE : KTLSGATE_MEANS_WRONG;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	bool tls13 = fuzz_byte(&in) & 1;
	uint8_t message[KTLSGATE_MESSAGE_SIZE] = {}, all[SEEN_MAX * 2];
	struct ktlsgate_record record;
	uint8_t used = 0;
	size_t have = 0;

	do {
		uint8_t type = fuzz_byte(&in);
		/* The module shows no more of a record than this. */
		size_t length = fuzz_byte(&in) % (SEEN_MAX + 1);
		uint8_t *body;

		if (length > in.size)
			length = in.size;
		/* Its room is exact. */
		body = malloc(length ? length : 1);
		memcpy(body, in.data, length);
		if (type == 22 && tls13) {
			memcpy(all + have, body, length);
			have += length;
		}
		record = ktlsgate_record_read(message, &used, tls13, type, body,
					      length);
		must(record.means == expected(tls13, type, body, length, all,
					      have));
		must(record.means != KTLSGATE_MEANS_WRONG || record.value);
		must(record.means != KTLSGATE_MEANS_FATAL ||
		     record.value == body[1]);
		if (record.means == KTLSGATE_MEANS_KEY_UPDATE) {
			must(record.value == all[4]);
			have = 0;
		}
		must(record.means == KTLSGATE_MEANS_WRONG || used == have);
		in.data += length;
		in.size -= length;
		free(body);
	} while (in.size && record.means != KTLSGATE_MEANS_WRONG);
	return 0;
}
