// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <inttypes.h>
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "format.h"
#include "util.h"

void format_size(uint64_t bytes, char out[FORMAT_SIZE_LEN])
{
	static const char unit[] = "KMGTPE";
	uint64_t whole = bytes, tenths;
	size_t i;

	if (bytes < 1024) {
		snprintf(out, FORMAT_SIZE_LEN, "%" PRIu64, bytes);
		return;
	}
	for (i = 0; whole >= 1024 * 1024 && i + 2 < sizeof(unit); i++)
		whole >>= 10;
	/* whole counts 1/1024 of the unit; rounding may reach the next one */
	tenths = (whole * 10 + 512) / 1024;
	if (tenths >= 10240 && i + 2 < sizeof(unit)) {
		tenths = 10;
		i++;
	}
	snprintf(out, FORMAT_SIZE_LEN, "%" PRIu64 ".%" PRIu64 "%c",
		 tenths / 10, tenths % 10, unit[i]);
}

void format_age(uint64_t ms, char out[FORMAT_AGE_LEN])
{
	static const struct {
		char name;
		uint64_t seconds;
	} unit[] = { { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 } };
	uint64_t s = ms / 1000;
	size_t i = 0;
	int n;

	while (i + 1 < ARRAY_SIZE(unit) && s < unit[i].seconds)
		i++;
	n = snprintf(out, FORMAT_AGE_LEN, "%" PRIu64 "%c",
		     s / unit[i].seconds, unit[i].name);
	s %= unit[i].seconds;
	if (i + 1 < ARRAY_SIZE(unit) && s >= unit[i + 1].seconds)
		snprintf(out + n, FORMAT_AGE_LEN - n, "%" PRIu64 "%c",
			 s / unit[i + 1].seconds, unit[i + 1].name);
}

void format_duration(uint64_t ns, char out[FORMAT_AGE_LEN])
{
	if (ns < 1000000)
		snprintf(out, FORMAT_AGE_LEN, "%" PRIu64 "us", ns / 1000);
	else if (ns < 1000000000)
		snprintf(out, FORMAT_AGE_LEN, "%.1fms", ns / 1e6);
	else
		snprintf(out, FORMAT_AGE_LEN, "%.1fs", ns / 1e9);
}

void format_time(const struct timespec *ts, bool ms, char out[FORMAT_TIME_LEN])
{
	char day[32];
	struct tm tm;

	if (!gmtime_r(&ts->tv_sec, &tm) ||
	    !strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm)) {
		snprintf(out, FORMAT_TIME_LEN, "@%jd", (intmax_t)ts->tv_sec);
		return;
	}
	if (ms)
		snprintf(out, FORMAT_TIME_LEN, "%s.%03ldZ", day,
			 ts->tv_nsec / 1000000 % 1000);
	else
		snprintf(out, FORMAT_TIME_LEN, "%sZ", day);
}

bool format_address(const void *addr, size_t len, char out[INET6_ADDRSTRLEN])
{
	struct in6_addr in6;

	if (len == sizeof(struct in_addr))
		return inet_ntop(AF_INET, addr, out, INET6_ADDRSTRLEN);
	if (len != sizeof(in6))
		return false;
	/* a message need not align it */
	memcpy(&in6, addr, sizeof(in6));
	if (IN6_IS_ADDR_V4MAPPED(&in6))
		return inet_ntop(AF_INET, &in6.s6_addr[12], out,
				 INET6_ADDRSTRLEN);
	return inet_ntop(AF_INET6, &in6, out, INET6_ADDRSTRLEN);
}

bool format_endpoint(const void *addr, size_t len, uint16_t port,
		     char out[FORMAT_ENDPOINT_LEN])
{
	char text[INET6_ADDRSTRLEN];

	if (!format_address(addr, len, text))
		return false;
	if (strchr(text, ':'))
		snprintf(out, FORMAT_ENDPOINT_LEN, "[%s]:%u", text, port);
	else
		snprintf(out, FORMAT_ENDPOINT_LEN, "%s:%u", text, port);
	return true;
}

size_t parse_address(const char *text, uint8_t out[16])
{
	size_t len = strlen(text);
	char plain[INET6_ADDRSTRLEN];

	if (len > 2 && text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
		if (!memchr(text, ':', len))
			return 0;
	}
	if (len >= sizeof(plain))
		return 0;
	memcpy(plain, text, len);
	plain[len] = '\0';

	if (inet_pton(AF_INET, plain, out) == 1)
		return sizeof(struct in_addr);
	if (inet_pton(AF_INET6, plain, out) == 1)
		return sizeof(struct in6_addr);
	return 0;
}

size_t parse_endpoint(const char *text, uint8_t out[16], uint16_t *port)
{
	const char *colon = strrchr(text, ':');
	size_t len = parse_address(text, out);
	char address[INET6_ADDRSTRLEN + 2];
	uint32_t n;

	*port = 0;
	if (len || !colon)
		return len;
	/* an IPv6 address needs its brackets before a port */
	if (strchr(text, ':') != colon && colon[-1] != ']')
		return 0;
	if ((size_t)(colon - text) >= sizeof(address) ||
	    !parse_u32(colon + 1, 1, UINT16_MAX, &n))
		return 0;
	memcpy(address, text, colon - text);
	address[colon - text] = '\0';
	*port = n;
	return parse_address(address, out);
}

bool parse_u32(const char *text, uint32_t min, uint32_t max, uint32_t *out)
{
	uint64_t n = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		n = n * 10 + (*text - '0');
		if (n > UINT32_MAX)
			return false;
	}
	if (n < min || n > max)
		return false;
	*out = n;
	return true;
}

/*
 * Decode one code point (RFC 3629: no overlong form, no surrogate). Returns
 * the bytes it takes, 0 if they are not UTF-8.
 */
static size_t utf8_decode(const unsigned char *s, uint32_t *cp)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len, i;

	if (s[0] < 0x80) {
		*cp = s[0];
		return 1;
	}
	if ((s[0] & 0xe0) == 0xc0)
		len = 2;
	else if ((s[0] & 0xf0) == 0xe0)
		len = 3;
	else if ((s[0] & 0xf8) == 0xf0)
		len = 4;
	else
		return 0;

	*cp = s[0] & (0x7f >> len);
	for (i = 1; i < len; i++) {
		/* the terminating NUL ends here too */
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*cp = *cp << 6 | (s[i] & 0x3f);
	}
	if (*cp < least[len] || *cp > 0x10ffff ||
	    (*cp >= 0xd800 && *cp <= 0xdfff))
		return 0;
	return len;
}

/* Invisible, or changes the direction in which the rest is read. */
static bool is_deceptive(uint32_t cp)
{
	return cp == 0xad || cp == 0x61c || cp == 0x180e || cp == 0xfeff ||
	       (cp >= 0x200b && cp <= 0x200f) ||
	       (cp >= 0x2028 && cp <= 0x202e) ||
	       (cp >= 0x2060 && cp <= 0x206f) ||
	       (cp >= 0xfff9 && cp <= 0xfffb) ||
	       (cp >= 0xe0000 && cp <= 0xe007f);
}

static bool is_shown(uint32_t cp)
{
	if (cp < 0x80)
		return cp >= 0x20 && cp != 0x7f;
	if (strcmp(nl_langinfo(CODESET), "UTF-8"))
		return false;
	return !is_deceptive(cp) && iswprint(cp) && wcwidth(cp) > 0;
}

char *escape_text(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	/* the longest escape, \u{1f600}, stands for four bytes; \x1b for one */
	char *out = xmalloc(strlen(text) * 6 + 1), *to = out;
	uint32_t cp;
	size_t len;

	for (; *s; s += len) {
		len = utf8_decode(s, &cp);
		if (!len) {
			len = 1;
			to += sprintf(to, "\\x%02x", *s);
		} else if (is_shown(cp)) {
			memcpy(to, s, len);
			to += len;
		} else if (cp == '\n' || cp == '\r' || cp == '\t') {
			*to++ = '\\';
			*to++ = cp == '\n' ? 'n' : cp == '\r' ? 'r' : 't';
		} else if (cp < 0x80) {
			to += sprintf(to, "\\x%02x", cp);
		} else {
			to += sprintf(to, "\\u{%x}", cp);
		}
	}
	*to = '\0';
	return out;
}

char *valid_utf8(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	char *out = xmalloc(strlen(text) * 3 + 1), *to = out;
	uint32_t cp;
	size_t len;

	for (; *s; s += len) {
		len = utf8_decode(s, &cp);
		if (len) {
			memcpy(to, s, len);
			to += len;
		} else {
			len = 1;
			memcpy(to, "\xef\xbf\xbd", 3);
			to += 3;
		}
	}
	*to = '\0';
	return out;
}

size_t text_width(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t width = 0, len;
	uint32_t cp;
	int w;

	for (; *s; s += len) {
		len = utf8_decode(s, &cp);
		w = len > 1 ? wcwidth(cp) : 1;
		width += w > 0 ? w : 1;
		if (!len)
			len = 1;
	}
	return width;
}

char *format_hex(const void *data, size_t len)
{
	const uint8_t *p = data;
	char *out = xmalloc(len * 2 + 1);
	size_t i;

	for (i = 0; i < len; i++)
		sprintf(out + i * 2, "%02x", p[i]);
	out[len * 2] = '\0';
	return out;
}
