// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <string.h>

#include "sniff.h"

static const char proxy_v2[] = "\r\n\r\n\0\r\nQUIT\n";

static int begins(const unsigned char *bytes, size_t size, const char *with)
{
	size_t length = strlen(with);

	return size >= length && !memcmp(bytes, with, length);
}

static int is_http(const unsigned char *bytes, size_t size)
{
	static const char *const methods[] = {
		"GET ", "PUT ", "POST ", "HEAD ", "DELETE ", "OPTIONS ",
		"PATCH ", "CONNECT ", "TRACE ", "PRI * HTTP/",
	};
	size_t i;

	for (i = 0; i < sizeof(methods) / sizeof(*methods); i++)
		if (begins(bytes, size, methods[i]))
			return 1;
	return 0;
}

/* A length below 16 MiB, an API key of Kafka's and a version of it. */
static int is_kafka(const unsigned char *bytes, size_t size)
{
	if (size < 8 || bytes[0] || (!bytes[1] && !bytes[2] && bytes[3] < 8))
		return 0;
	return bytes[4] == 0 && bytes[5] < 128 && bytes[6] == 0 &&
	       bytes[7] < 32;
}

const char *sniff(const unsigned char *bytes, size_t size)
{
	/* handshake record, SSL 3.0 to TLS 1.3 on the record layer */
	if (size == 0 || (bytes[0] == 22 && (size < 2 || bytes[1] == 3)))
		return NULL;
	if (is_kafka(bytes, size))
		return "not TLS: a plaintext Kafka request";
	if (is_http(bytes, size))
		return "not TLS: a plaintext HTTP request";
	if (begins(bytes, size, "PROXY ") ||
	    (size >= 12 && !memcmp(bytes, proxy_v2, 12)))
		return "not TLS: a PROXY protocol header, which gates do not take";
	if (size >= 3 && (bytes[0] & 0x80) && bytes[2] == 1)
		return "not TLS 1.2 or 1.3: an SSL 2.0 hello";
	if (bytes[0] >= 20 && bytes[0] <= 23 && size >= 2 && bytes[1] == 3)
		return "not a TLS handshake: a TLS record of another type came first";
	return "not TLS: the first bytes are no TLS record";
}

/* It may become Kafka, a method of HTTP, or a header of the PROXY protocol. */
bool sniff_wants_more(const unsigned char *bytes, size_t size)
{
	return size > 0 && size < 8 &&
	       (bytes[0] == 0 || bytes[0] == '\r' || isupper(bytes[0]));
}
