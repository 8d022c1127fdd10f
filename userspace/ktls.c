// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <linux/tls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "ktls.h"
#include "loopback.h"
#include "mem.h"

#ifndef SOL_TLS
#define SOL_TLS 282
#endif
#ifndef TCP_ULP
#define TCP_ULP 31
#endif

static bool takes(int fd, const void *info, socklen_t size)
{
	return !setsockopt(fd, SOL_TLS, TLS_TX, info, size);
}

/* A pair for each cipher, because keys can be set once only. */
static bool try_cipher(enum ktls_cipher cipher)
{
	union {
		struct tls12_crypto_info_aes_gcm_128 gcm128;
		struct tls12_crypto_info_aes_gcm_256 gcm256;
		struct tls12_crypto_info_chacha20_poly1305 chacha;
		struct tls12_crypto_info_aes_ccm_128 ccm128;
		struct tls_crypto_info info;
	} keys = {};
	socklen_t size = 0;
	bool good = false;
	int ends[2];

	keys.info.version = TLS_1_3_VERSION;
	switch (cipher) {
	case KTLS_AES_128_GCM:
		keys.info.cipher_type = TLS_CIPHER_AES_GCM_128;
		size = sizeof(keys.gcm128);
		break;
	case KTLS_AES_256_GCM:
		keys.info.cipher_type = TLS_CIPHER_AES_GCM_256;
		size = sizeof(keys.gcm256);
		break;
	case KTLS_CHACHA20_POLY1305:
		keys.info.cipher_type = TLS_CIPHER_CHACHA20_POLY1305;
		size = sizeof(keys.chacha);
		break;
	case KTLS_AES_128_CCM:
		keys.info.cipher_type = TLS_CIPHER_AES_CCM_128;
		size = sizeof(keys.ccm128);
		break;
	}
	if (!loopback_pair(LOOPBACK_IPV4, ends))
		return false;
	if (!setsockopt(ends[0], IPPROTO_TCP, TCP_ULP, "tls", sizeof("tls")))
		good = takes(ends[0], &keys, size);
	close(ends[0]);
	close(ends[1]);
	return good;
}

char *ktls_probe(unsigned int *ciphers)
{
	unsigned int one;
	char *error = NULL;
	int ends[2];

	*ciphers = 0;
	if (!loopback_pair(LOOPBACK_IPV4, ends))
		return xasprintf("cannot connect over 127.0.0.1 to ask the kernel for TLS: %s: is the loopback interface up?",
				 strerror(errno));
	if (setsockopt(ends[0], IPPROTO_TCP, TCP_ULP, "tls", sizeof("tls")))
		error = xasprintf("the kernel has no TLS (%s): modprobe tls, which needs CONFIG_TLS",
				  strerror(errno));
	close(ends[0]);
	close(ends[1]);
	if (error)
		return error;
	for (one = KTLS_AES_128_GCM; one <= KTLS_AES_128_CCM; one <<= 1)
		if (try_cipher(one))
			*ciphers |= one;
	if (!(*ciphers & (KTLS_AES_128_GCM | KTLS_AES_256_GCM |
			  KTLS_CHACHA20_POLY1305)))
		return xstrdup("the kernel's TLS has neither AES-GCM nor ChaCha20-Poly1305: modprobe gcm aes_generic ctr ghash_generic");
	return NULL;
}

char *ktls_names(unsigned int ciphers)
{
	struct text text = {};

	text_add(&text, "", 0);
	if (ciphers & KTLS_AES_128_GCM)
		text_puts(&text, ", AES-128-GCM");
	if (ciphers & KTLS_AES_256_GCM)
		text_puts(&text, ", AES-256-GCM");
	if (ciphers & KTLS_CHACHA20_POLY1305)
		text_puts(&text, ", CHACHA20-POLY1305");
	if (ciphers & KTLS_AES_128_CCM)
		text_puts(&text, ", AES-128-CCM");
	if (text.length)
		memmove(text.data, text.data + 2, text.length - 1);
	return text.data;
}

/* 0: none of those, such as CBC, CCM with a short tag, or AES-256-CCM. */
static unsigned int cipher_of(const char *suite)
{
	if (strstr(suite, "CHACHA20"))
		return KTLS_CHACHA20_POLY1305;
	if (strstr(suite, "128-GCM") || strstr(suite, "128_GCM"))
		return KTLS_AES_128_GCM;
	if (strstr(suite, "256-GCM") || strstr(suite, "256_GCM"))
		return KTLS_AES_256_GCM;
	if ((strstr(suite, "128-CCM") || strstr(suite, "128_CCM")) &&
	    !strstr(suite, "CCM8") && !strstr(suite, "CCM_8"))
		return KTLS_AES_128_CCM;
	return 0;
}

bool ktls_carries(const char *suite, unsigned int ciphers)
{
	return cipher_of(suite) & ciphers;
}

char *ktls_filter(const char *suites, unsigned int ciphers)
{
	char *copy = xstrdup(suites), *rest = copy, *suite;
	struct text out = {};

	text_add(&out, "", 0);
	while ((suite = strsep(&rest, ":")))
		if (ktls_carries(suite, ciphers))
			text_printf(&out, "%s%s", out.length ? ":" : "", suite);
	free(copy);
	return out.data;
}

const char *ktls_version_name(int version)
{
	switch (version) {
	case TLS1_VERSION:
		return "TLS 1.0";
	case TLS1_1_VERSION:
		return "TLS 1.1";
	case TLS1_2_VERSION:
		return "TLS 1.2";
	default:
		return "TLS 1.3";
	}
}

char *ktls_obstacle(SSL *ssl)
{
	const SSL_CIPHER *cipher = SSL_get_current_cipher(ssl);
	const char *suite = SSL_CIPHER_get_name(cipher);
	int version = SSL_version(ssl);

	if (BIO_get_ktls_send(SSL_get_wbio(ssl)) &&
	    BIO_get_ktls_recv(SSL_get_rbio(ssl)))
		return SSL_has_pending(ssl) ?
		       xasprintf("OpenSSL had read ahead of kTLS, %s", suite) :
		       NULL;
	if (version < TLS1_2_VERSION)
		return xasprintf("kTLS cannot carry %s", ktls_version_name(version));
	if (!ktls_carries(suite, KTLS_ALL))
		return xasprintf("kTLS cannot carry %s%s", suite,
				 SSL_CIPHER_is_aead(cipher) ? "" :
				 strstr(suite, "DES-CBC3") ? " (3DES)" :
				 " (CBC)");
	return xasprintf("this kernel's TLS took no keys for %s of %s", suite,
			 ktls_version_name(version));
}

bool ktls_send_alert(int fd, uint8_t level, uint8_t description)
{
	char control[CMSG_SPACE(sizeof(unsigned char))] = {};
	unsigned char alert[2] = { level, description };
	struct iovec vec = { .iov_base = alert, .iov_len = sizeof(alert) };
	struct msghdr message = {
		.msg_iov = &vec, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_TLS;
	header->cmsg_type = TLS_SET_RECORD_TYPE;
	header->cmsg_len = CMSG_LEN(sizeof(unsigned char));
	*CMSG_DATA(header) = 21;	/* alert, RFC 8446 5.1 */
	return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) ==
	       sizeof(alert);
}
