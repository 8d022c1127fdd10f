/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KTLSGATED_DN_H
#define KTLSGATED_DN_H

#include <openssl/x509.h>

/*
 * The distinguished name as Java's X500Principal.getName() prints it, which is
 * RFC 2253 and Kafka's default principal: most specific RDN first, CN C L ST O
 * OU STREET DC UID by keyword, everything else as dotted OID with the value's
 * DER in hexadecimal. Valid UTF-8 without NUL, empty for an empty name; to be
 * freed.
 */
char *dn_print(const X509_NAME *name);

#endif
