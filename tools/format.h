/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How values look: numbers, times, addresses, and text that came from a peer.
 */
#ifndef KTLSGATE_FORMAT_H
#define KTLSGATE_FORMAT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define FORMAT_SIZE_LEN		24
#define FORMAT_AGE_LEN		32
#define FORMAT_TIME_LEN		64
#define FORMAT_ENDPOINT_LEN	(INET6_ADDRSTRLEN + 8)

/* "999", "12.0K", "3.4G": powers of 1024, one digit after the point */
void format_size(uint64_t bytes, char out[FORMAT_SIZE_LEN]);

/* "4s", "10m3s", "2h10m", "3d4h": the two largest units */
void format_age(uint64_t ms, char out[FORMAT_AGE_LEN]);

/* "850us", "1.9ms", "2.5s" */
void format_duration(uint64_t ns, char out[FORMAT_AGE_LEN]);

/* ISO 8601 in UTC, to the second or to the millisecond */
void format_time(const struct timespec *ts, bool ms, char out[FORMAT_TIME_LEN]);

/*
 * 4 or 16 bytes in network byte order; a v4-mapped address is shown as IPv4.
 * False if len is neither.
 */
bool format_address(const void *addr, size_t len, char out[INET6_ADDRSTRLEN]);

/* "10.0.4.7:53310", "[2001:db8::1]:53310" */
bool format_endpoint(const void *addr, size_t len, uint16_t port,
		     char out[FORMAT_ENDPOINT_LEN]);

/*
 * Read ADDR, 10.0.4.7 or 2001:db8::1, brackets allowed, into 4 or 16 bytes.
 * Returns the length, 0 if it is no address.
 */
size_t parse_address(const char *text, uint8_t out[16]);

/* As parse_address, ":PORT" may follow; port stays 0 without it. */
size_t parse_endpoint(const char *text, uint8_t out[16], uint16_t *port);

/* Decimal, within min and max, nothing after it. */
bool parse_u32(const char *text, uint32_t min, uint32_t max, uint32_t *out);

/*
 * A name on a terminal: whatever could move the cursor, change colours or
 * reorder what is read comes out as an escape (\n, \x1b, \u{202e}), and so
 * does what is not UTF-8 or not printable in the user's locale. The backslash
 * itself stays: RFC 2253 names are full of it and get copied into ACLs.
 * Free the result.
 */
char *escape_text(const char *text);

/* The same text as valid UTF-8, for JSON: U+FFFD for each wrong byte. */
char *valid_utf8(const char *text);

/* Columns that the (escaped) text takes on the terminal. */
size_t text_width(const char *text);

/* "0a1bff"; free the result. */
char *format_hex(const void *data, size_t len);

#endif
