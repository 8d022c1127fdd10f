// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "mem.h"

static const uint8_t mapped[12] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff
};

unsigned int address_size(const struct address *address)
{
	switch (address->family) {
	case AF_INET:
		return 4;
	case AF_INET6:
		return 16;
	default:
		return 0;
	}
}

bool address_parse(const char *text, struct address *out)
{
	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, text, out->bytes) == 1) {
		out->family = AF_INET;
		return true;
	}
	if (inet_pton(AF_INET6, text, out->bytes) != 1)
		return false;
	out->family = AF_INET6;
	if (!memcmp(out->bytes, mapped, sizeof(mapped))) {
		out->family = AF_INET;
		memcpy(out->bytes, out->bytes + 12, 4);
		memset(out->bytes + 4, 0, 12);
	}
	return true;
}

bool address_equal(const struct address *a, const struct address *b)
{
	return a->family == b->family &&
	       !memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

bool address_is_any(const struct address *address)
{
	static const uint8_t any[16];

	return !memcmp(address->bytes, any, sizeof(any));
}

bool prefix_parse(const char *text, struct prefix *out)
{
	const char *slash = strchr(text, '/');
	char host[INET6_ADDRSTRLEN];
	unsigned int bits, i;
	char *end;

	if (slash) {
		if ((size_t)(slash - text) >= sizeof(host))
			return false;
		memcpy(host, text, slash - text);
		host[slash - text] = '\0';
		text = host;
	}
	if (!address_parse(text, &out->address))
		return false;
	bits = address_size(&out->address) * 8;
	out->length = bits;
	if (!slash)
		return true;
	if (!isdigit((unsigned char)slash[1]) || strlen(slash + 1) > 3)
		return false;
	out->length = strtoul(slash + 1, &end, 10);
	if (*end || out->length > bits)
		return false;
	for (i = out->length; i < bits; i++)
		if (out->address.bytes[i / 8] & 0x80 >> i % 8)
			return false;
	return true;
}

char *prefix_text(const struct prefix *prefix)
{
	char host[INET6_ADDRSTRLEN];

	inet_ntop(prefix->address.family, prefix->address.bytes, host,
		  sizeof(host));
	return xasprintf("%s/%u", host, prefix->length);
}

void address_map(const struct address *address, uint8_t out[16])
{
	memcpy(out, address->bytes, 16);
	if (address->family == AF_INET) {
		memcpy(out, mapped, sizeof(mapped));
		memcpy(out + 12, address->bytes, 4);
	}
}

void address_of(const struct sockaddr_storage *from, struct address *out,
		uint16_t *port)
{
	memset(out, 0, sizeof(*out));
	*port = 0;
	if (from->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)from;

		out->family = AF_INET;
		memcpy(out->bytes, &in->sin_addr, 4);
		*port = ntohs(in->sin_port);
	} else if (from->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)from;

		*port = ntohs(in6->sin6_port);
		if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
			out->family = AF_INET;
			memcpy(out->bytes, &in6->sin6_addr.s6_addr[12], 4);
		} else {
			out->family = AF_INET6;
			memcpy(out->bytes, &in6->sin6_addr, 16);
		}
	}
}

void address_print_mapped(const uint8_t bytes[16], char out[ADDRESS_TEXT])
{
	if (memcmp(bytes, mapped, sizeof(mapped)))
		inet_ntop(AF_INET6, bytes, out, ADDRESS_TEXT);
	else
		inet_ntop(AF_INET, bytes + 12, out, ADDRESS_TEXT);
}

void address_print(const struct address *address, uint16_t port,
		   char out[ADDRESS_TEXT])
{
	char host[INET6_ADDRSTRLEN] = "*";

	if (address->family)
		inet_ntop(address->family, address->bytes, host, sizeof(host));
	snprintf(out, ADDRESS_TEXT, address->family == AF_INET6 ?
		 "[%s]:%u" : "%s:%u", host, port);
}
