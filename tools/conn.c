// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conn.h"
#include "format.h"
#include "names.h"
#include "util.h"

static const struct nla_policy conn_policy[KTLSGATE_A_CONN_MAX + 1] = {
	[KTLSGATE_A_CONN_ID] = { .type = NLA_U32 },
	[KTLSGATE_A_CONN_GATE] = { .type = NLA_NUL_STRING,
				   .maxlen = KTLSGATE_NAME_MAX },
	[KTLSGATE_A_CONN_PEER_ADDRESS] = { .type = NLA_UNSPEC, .maxlen = 16 },
	[KTLSGATE_A_CONN_PEER_PORT] = { .type = NLA_U16 },
	[KTLSGATE_A_CONN_LOCAL_ADDRESS] = { .type = NLA_UNSPEC, .maxlen = 16 },
	[KTLSGATE_A_CONN_LOCAL_PORT] = { .type = NLA_U16 },
	[KTLSGATE_A_CONN_STATE] = { .type = NLA_U32 },
	[KTLSGATE_A_CONN_PATH] = { .type = NLA_U32 },
	[KTLSGATE_A_CONN_IDENTITY] = { .type = NLA_NESTED },
	[KTLSGATE_A_CONN_RX_BYTES] = { .type = NLA_U64 },
	[KTLSGATE_A_CONN_TX_BYTES] = { .type = NLA_U64 },
	[KTLSGATE_A_CONN_TX_SENDFILE_CALLS] = { .type = NLA_U64 },
	[KTLSGATE_A_CONN_TX_SENDFILE_BYTES] = { .type = NLA_U64 },
	[KTLSGATE_A_CONN_KEY_UPDATES_RECEIVED] = { .type = NLA_U32 },
	[KTLSGATE_A_CONN_KEY_UPDATES_SENT] = { .type = NLA_U32 },
	[KTLSGATE_A_CONN_AGE] = { .type = NLA_U64 },
	[KTLSGATE_A_CONN_HANDSHAKE_TIME] = { .type = NLA_U64 },
	[KTLSGATE_A_CONN_CLOSE_REASON] = { .type = NLA_U32 },
	[KTLSGATE_A_CONN_ALERT] = { .type = NLA_U8 },
	[KTLSGATE_A_CONN_CLOSE_TEXT] = { .type = NLA_STRING },
	[KTLSGATE_A_CONN_RELAY_REASON] = { .type = NLA_NUL_STRING },
};

static const int conn_required[] = {
	KTLSGATE_A_CONN_ID, KTLSGATE_A_CONN_GATE, 0
};

static const struct nla_policy identity_policy[KTLSGATE_A_IDENTITY_MAX + 1] = {
	[KTLSGATE_A_IDENTITY_PRINCIPAL] = { .type = NLA_NUL_STRING },
	[KTLSGATE_A_IDENTITY_SUBJECT] = { .type = NLA_NUL_STRING },
	[KTLSGATE_A_IDENTITY_ISSUER] = { .type = NLA_NUL_STRING },
	[KTLSGATE_A_IDENTITY_SPIFFE_ID] = { .type = NLA_NUL_STRING },
	[KTLSGATE_A_IDENTITY_SERIAL] = { .type = NLA_UNSPEC },
	[KTLSGATE_A_IDENTITY_FINGERPRINT] = { .type = NLA_UNSPEC },
	[KTLSGATE_A_IDENTITY_NOT_AFTER] = { .type = NLA_U64 },
	[KTLSGATE_A_IDENTITY_TLS_VERSION] = { .type = NLA_U16 },
	[KTLSGATE_A_IDENTITY_CIPHER_SUITE] = { .type = NLA_U16 },
	[KTLSGATE_A_IDENTITY_GROUP] = { .type = NLA_U16 },
	[KTLSGATE_A_IDENTITY_SERVER_NAME] = { .type = NLA_NUL_STRING },
	[KTLSGATE_A_IDENTITY_RESUMED] = { .type = NLA_FLAG },
};

bool conn_parse(struct nl_msg *msg, struct conn *conn, const char *what)
{
	struct nlattr *identity;

	memset(conn, 0, sizeof(*conn));
	if (!netlink_parse(msg, conn->attr, KTLSGATE_A_CONN_MAX, conn_policy,
			   conn_required, what))
		return false;
	conn->id = nla_get_u32(conn->attr[KTLSGATE_A_CONN_ID]);
	identity = conn->attr[KTLSGATE_A_CONN_IDENTITY];
	if (identity &&
	    nla_parse_nested(conn->identity, KTLSGATE_A_IDENTITY_MAX, identity,
			     identity_policy) < 0) {
		netlink_bad_reply(what);
		return false;
	}
	return true;
}

static uint64_t attr_u64(struct nlattr *attr)
{
	return attr ? nla_get_u64(attr) : 0;
}

static uint32_t attr_u32(struct nlattr *attr)
{
	return attr ? nla_get_u32(attr) : 0;
}

static uint16_t attr_u16(struct nlattr *attr)
{
	return attr ? nla_get_u16(attr) : 0;
}

static void endpoint(struct nlattr *address, struct nlattr *port, char *out,
		     size_t len)
{
	char text[FORMAT_ENDPOINT_LEN];

	if (address && format_endpoint(nla_data(address), nla_len(address),
				       attr_u16(port), text))
		snprintf(out, len, "%s", text);
	else
		snprintf(out, len, "-");
}

uint32_t conn_close_reason(const struct conn *conn)
{
	return attr_u32(conn->attr[KTLSGATE_A_CONN_CLOSE_REASON]);
}

void conn_peer(const struct conn *conn, char *out, size_t len)
{
	endpoint(conn->attr[KTLSGATE_A_CONN_PEER_ADDRESS],
		 conn->attr[KTLSGATE_A_CONN_PEER_PORT], out, len);
}

/* address and port apart, for programs */
static void print_endpoint(struct out *o, const char *address_key,
			   struct nlattr *address, const char *port_key,
			   struct nlattr *port)
{
	char text[INET6_ADDRSTRLEN];

	if (address && format_address(nla_data(address), nla_len(address),
				      text))
		out_string(o, OUT_HIDDEN, address_key, NULL, text);
	if (port)
		out_number(o, OUT_HIDDEN, port_key, NULL, attr_u16(port));
}

static void print_string(struct out *o, const char *key, const char *label,
			 struct nlattr *attr)
{
	if (attr)
		out_string(o, OUT_DETAIL, key, label, nla_get_string(attr));
}

static void print_hex(struct out *o, const char *key, const char *label,
		      struct nlattr *attr)
{
	char *hex;

	if (!attr)
		return;
	hex = format_hex(nla_data(attr), nla_len(attr));
	out_string(o, OUT_DETAIL, key, label, hex);
	free(hex);
}

static void print_identity(struct out *o, const struct conn *conn)
{
	struct nlattr *const *id = conn->identity;
	char name[NAMES_LEN];

	print_string(o, "subject", "subject", id[KTLSGATE_A_IDENTITY_SUBJECT]);
	print_string(o, "issuer", "issuer", id[KTLSGATE_A_IDENTITY_ISSUER]);
	print_string(o, "spiffe_id", "SPIFFE ID",
		     id[KTLSGATE_A_IDENTITY_SPIFFE_ID]);
	print_hex(o, "serial", "serial", id[KTLSGATE_A_IDENTITY_SERIAL]);
	print_hex(o, "fingerprint", "SHA-256 fingerprint",
		  id[KTLSGATE_A_IDENTITY_FINGERPRINT]);
	if (id[KTLSGATE_A_IDENTITY_NOT_AFTER])
		out_time(o, OUT_DETAIL, "not_after", "not after",
			 attr_u64(id[KTLSGATE_A_IDENTITY_NOT_AFTER]));
	print_string(o, "server_name", "server name",
		     id[KTLSGATE_A_IDENTITY_SERVER_NAME]);
	if (id[KTLSGATE_A_IDENTITY_GROUP])
		out_string(o, OUT_DETAIL, "group", "group",
			   group_name(attr_u16(id[KTLSGATE_A_IDENTITY_GROUP]),
				      name));
	out_bool(o, OUT_DETAIL, "resumed", "resumed",
		 id[KTLSGATE_A_IDENTITY_RESUMED]);
}

/*
 * Why it ended, and the alert. The cause is known before the agent closes, so
 * a connection of the table may have one.
 */
static void print_end(struct out *o, enum out_as as, const struct conn *conn)
{
	struct nlattr *const *attr = conn->attr;
	char name[NAMES_LEN];

	if (conn_close_reason(conn) == KTLSGATE_CLOSE_REASON_NONE)
		return;
	out_string(o, as, "close_reason", as == OUT_DETAIL ? "ends" : NULL,
		   names_show(&close_reasons, conn_close_reason(conn), name));
	if (attr[KTLSGATE_A_CONN_ALERT])
		out_string(o, as, "alert", as == OUT_DETAIL ? "alert" : NULL,
			   alert_name(nla_get_u8(attr[KTLSGATE_A_CONN_ALERT]),
				      name));
	if (attr[KTLSGATE_A_CONN_CLOSE_TEXT])
		out_string(o, as, "close_text", as == OUT_DETAIL ? "why" : NULL,
			   nla_get_string(attr[KTLSGATE_A_CONN_CLOSE_TEXT]));
}

bool conn_has_ended(const struct conn *conn)
{
	return attr_u32(conn->attr[KTLSGATE_A_CONN_STATE]) ==
	       KTLSGATE_CONN_STATE_ENDED;
}

static void print_details(struct out *o, const struct conn *conn)
{
	struct nlattr *const *attr = conn->attr;
	char text[FORMAT_ENDPOINT_LEN], name[NAMES_LEN];

	endpoint(attr[KTLSGATE_A_CONN_LOCAL_ADDRESS],
		 attr[KTLSGATE_A_CONN_LOCAL_PORT], text, sizeof(text));
	out_string(o, OUT_DETAIL, NULL, "local", text);
	print_endpoint(o, "local_address", attr[KTLSGATE_A_CONN_LOCAL_ADDRESS],
		       "local_port", attr[KTLSGATE_A_CONN_LOCAL_PORT]);
	if (attr[KTLSGATE_A_CONN_STATE])
		out_string(o, OUT_DETAIL, "state", "state",
			   names_show(&conn_states,
				      attr_u32(attr[KTLSGATE_A_CONN_STATE]),
				      name));
	print_string(o, "relay_reason", "relayed",
		     attr[KTLSGATE_A_CONN_RELAY_REASON]);
	print_end(o, OUT_DETAIL, conn);
	print_identity(o, conn);
	out_number(o, OUT_DETAIL, "tx_sendfile_calls", "tx sendfile calls",
		   attr_u64(attr[KTLSGATE_A_CONN_TX_SENDFILE_CALLS]));
	out_size(o, OUT_DETAIL, "tx_sendfile_bytes", "tx sendfile bytes",
		 attr_u64(attr[KTLSGATE_A_CONN_TX_SENDFILE_BYTES]));
	out_number(o, OUT_DETAIL, "key_updates_received", "key updates rx",
		   attr_u32(attr[KTLSGATE_A_CONN_KEY_UPDATES_RECEIVED]));
	out_number(o, OUT_DETAIL, "key_updates_sent", "key updates tx",
		   attr_u32(attr[KTLSGATE_A_CONN_KEY_UPDATES_SENT]));
	if (attr[KTLSGATE_A_CONN_HANDSHAKE_TIME])
		out_duration(o, OUT_DETAIL, "handshake_ns", "handshake",
			     attr_u64(attr[KTLSGATE_A_CONN_HANDSHAKE_TIME]));
}

void conn_print(struct out *o, const struct conn *conn, bool stats)
{
	struct nlattr *const *attr = conn->attr, *const *id = conn->identity;
	struct nlattr *version;
	char text[FORMAT_ENDPOINT_LEN], name[NAMES_LEN], full[NAMES_LEN];
	uint16_t suite;

	out_number(o, OUT_COLUMN, "id", "ID", conn->id);
	out_string(o, OUT_COLUMN, "gate", "GATE",
		   nla_get_string(attr[KTLSGATE_A_CONN_GATE]));
	conn_peer(conn, text, sizeof(text));
	out_string(o, OUT_COLUMN, NULL, "PEER", text);
	print_endpoint(o, "peer_address", attr[KTLSGATE_A_CONN_PEER_ADDRESS],
		       "peer_port", attr[KTLSGATE_A_CONN_PEER_PORT]);
	if (id[KTLSGATE_A_IDENTITY_PRINCIPAL])
		out_string(o, OUT_COLUMN, "principal", "PRINCIPAL",
			   nla_get_string(id[KTLSGATE_A_IDENTITY_PRINCIPAL]));
	else
		out_string(o, OUT_COLUMN, NULL, "PRINCIPAL", "-");
	version = id[KTLSGATE_A_IDENTITY_TLS_VERSION];
	if (version)
		out_string(o, OUT_COLUMN, "tls_version", "TLS",
			   tls_version_name(attr_u16(version), name));
	else
		out_string(o, OUT_COLUMN, NULL, "TLS", "-");
	if (id[KTLSGATE_A_IDENTITY_CIPHER_SUITE]) {
		suite = attr_u16(id[KTLSGATE_A_IDENTITY_CIPHER_SUITE]);
		out_both(o, OUT_COLUMN, "cipher_suite", "CIPHER",
			 cipher_short_name(suite, name),
			 cipher_full_name(suite, full));
	} else {
		out_string(o, OUT_COLUMN, NULL, "CIPHER", "-");
	}
	if (attr[KTLSGATE_A_CONN_PATH])
		out_string(o, OUT_COLUMN, "path", "PATH",
			   names_show(&paths,
				      attr_u32(attr[KTLSGATE_A_CONN_PATH]),
				      name));
	out_size(o, OUT_COLUMN, "rx_bytes", "RX",
		 attr_u64(attr[KTLSGATE_A_CONN_RX_BYTES]));
	out_size(o, OUT_COLUMN, "tx_bytes", "TX",
		 attr_u64(attr[KTLSGATE_A_CONN_TX_BYTES]));
	out_age(o, OUT_COLUMN, "age_ms", "AGE",
		attr_u64(attr[KTLSGATE_A_CONN_AGE]));
	if (stats || out_is_json(o))
		print_details(o, conn);
}

/* gate, peer and principal of an event's line; programs get the whole row */
static void print_event(struct out *o, const struct conn *conn)
{
	struct nlattr *principal = conn->identity[KTLSGATE_A_IDENTITY_PRINCIPAL];
	char peer[FORMAT_ENDPOINT_LEN];

	if (out_is_json(o)) {
		conn_print(o, conn, true);
		return;
	}
	conn_peer(conn, peer, sizeof(peer));
	out_string(o, OUT_COLUMN, NULL, NULL,
		   nla_get_string(conn->attr[KTLSGATE_A_CONN_GATE]));
	out_string(o, OUT_COLUMN, NULL, NULL, peer);
	out_string(o, OUT_COLUMN, NULL, NULL,
		   principal ? nla_get_string(principal) : "-");
}

void conn_print_open(struct out *o, const struct conn *conn)
{
	struct nlattr *const *id = conn->identity, *attr;
	char name[NAMES_LEN];

	print_event(o, conn);
	attr = id[KTLSGATE_A_IDENTITY_TLS_VERSION];
	if (attr)
		out_string(o, OUT_COLUMN, NULL, "TLS",
			   tls_version_name(attr_u16(attr), name));
	attr = id[KTLSGATE_A_IDENTITY_CIPHER_SUITE];
	if (attr)
		out_string(o, OUT_COLUMN, NULL, NULL,
			   cipher_short_name(attr_u16(attr), name));
	attr = id[KTLSGATE_A_IDENTITY_GROUP];
	if (attr)
		out_string(o, OUT_COLUMN, NULL, NULL,
			   group_name(attr_u16(attr), name));
	if (id[KTLSGATE_A_IDENTITY_RESUMED])
		out_string(o, OUT_COLUMN, NULL, NULL, "resumed");
	attr = conn->attr[KTLSGATE_A_CONN_HANDSHAKE_TIME];
	if (attr)
		out_duration(o, OUT_COLUMN, NULL, NULL, attr_u64(attr));
	attr = conn->attr[KTLSGATE_A_CONN_RELAY_REASON];
	if (attr)
		out_string(o, OUT_COLUMN, NULL, "relayed:",
			   nla_get_string(attr));
}

void conn_print_close(struct out *o, const struct conn *conn)
{
	struct nlattr *const *attr = conn->attr;

	print_event(o, conn);
	if (!out_is_json(o))
		print_end(o, OUT_COLUMN, conn);
	out_size(o, OUT_COLUMN, NULL, "rx",
		 attr_u64(attr[KTLSGATE_A_CONN_RX_BYTES]));
	out_size(o, OUT_COLUMN, NULL, "tx",
		 attr_u64(attr[KTLSGATE_A_CONN_TX_BYTES]));
	out_age(o, OUT_COLUMN, NULL, "after",
		attr_u64(attr[KTLSGATE_A_CONN_AGE]));
}
