/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IP addresses and prefixes as text and as bytes. */
#ifndef KTLSGATED_ADDRESS_H
#define KTLSGATED_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct address {
	int family;		/* AF_INET, AF_INET6, or 0: any */
	uint8_t bytes[16];	/* network byte order, 4 or 16 of them */
};

struct prefix {
	struct address address;
	unsigned int length;	/* bits, 0..32 or 0..128 */
};

#define ADDRESS_TEXT	64	/* room for an address and a port */

bool address_parse(const char *text, struct address *out);
bool address_equal(const struct address *a, const struct address *b);
/* Not given, 0.0.0.0 or ::. */
bool address_is_any(const struct address *address);
unsigned int address_size(const struct address *address);

/* 10.0.0.0/8 or a plain address; bits beyond the length must be 0. */
bool prefix_parse(const char *text, struct prefix *out);
char *prefix_text(const struct prefix *prefix);	/* to be freed */

/* v4-mapped form of an IPv4 address, others as they are; any: zeroes. */
void address_map(const struct address *address, uint8_t out[16]);

/* What a client is called: v4-mapped addresses as IPv4. */
void address_of(const struct sockaddr_storage *from, struct address *out,
		uint16_t *port);
/* One of 16 bytes without a port, v4-mapped as IPv4. */
void address_print_mapped(const uint8_t bytes[16], char out[ADDRESS_TEXT]);
void address_print(const struct address *address, uint16_t port,
		   char out[ADDRESS_TEXT]);

#endif
