// SPDX-License-Identifier: GPL-2.0
/* A client's own connection, as the handoff finds it: with kTLS. */
#include <net/genetlink.h>
#include <net/tcp.h>
#include <net/tls.h>

#include "conn.h"
#include "gate.h"
#include "identity.h"
#include "key.h"
#include "ktls.h"
#include "netlink.h"

static int ktls_check_keys(const struct sock *sk,
			   struct netlink_ext_ack *extack)
{
	const struct inet_connection_sock *icsk = inet_csk(sk);
	const struct tls_context *ctx;

	if (!icsk->icsk_ulp_ops || strcmp(icsk->icsk_ulp_ops->name, "tls"))
		return refuse(extack, -ENOKEY,
			      "the socket has no kTLS (TCP_ULP tls)");
	ctx = tls_get_ctx(sk);
	if (ctx->tx_conf == TLS_BASE)
		return refuse(extack, -ENOKEY,
			      "kTLS has no key to send (TLS_TX)");
	if (ctx->rx_conf == TLS_BASE)
		return refuse(extack, -ENOKEY,
			      "kTLS has no key to receive (TLS_RX)");
	if (ctx->tx_conf != TLS_SW || ctx->rx_conf != TLS_SW)
		return refuse(extack, -EOPNOTSUPP,
			      "TLS is offloaded to a network device: ethtool -K DEV tls-hw-tx-offload off tls-hw-rx-offload off");
	switch (ctx->prot_info.cipher_type) {
	case TLS_CIPHER_AES_GCM_128:
	case TLS_CIPHER_AES_GCM_256:
	case TLS_CIPHER_AES_CCM_128:
	case TLS_CIPHER_CHACHA20_POLY1305:
		return 0;
	default:
		return refuse(extack, -EOPNOTSUPP,
			      "the cipher is not AES-GCM, AES-CCM or ChaCha20-Poly1305");
	}
}

/**
 * ktlsgate_ktls_check() - whether a client's own connection may be handed off
 * @sk: the socket
 * @info: the request
 *
 * Only with keys in kTLS, both ways, and of a cipher that is known here.
 *
 * Return: 0 or a negative error, which is then explained.
 */
int ktlsgate_ktls_check(const struct sock *sk, struct genl_info *info)
{
	if (info->attrs[KTLSGATE_A_HANDOFF_RELAY_REASON] ||
	    info->attrs[KTLSGATE_A_HANDOFF_PEER_ADDRESS] ||
	    info->attrs[KTLSGATE_A_HANDOFF_PEER_PORT] ||
	    info->attrs[KTLSGATE_A_HANDOFF_LOCAL_ADDRESS] ||
	    info->attrs[KTLSGATE_A_HANDOFF_LOCAL_PORT])
		return refuse(info->extack, -EINVAL,
			      "addresses and a reason belong to path relay, the client's own connection has its addresses");
	return ktls_check_keys(sk, info->extack);
}

static int ktls_take_secret(struct genl_info *info, int attr,
			    const struct sock *sk,
			    struct ktlsgate_secret *secret)
{
	const struct tls_context *ctx = tls_get_ctx(sk);
	struct nlattr *nla = info->attrs[attr];
	int len;

	if (ctx->prot_info.version != TLS_1_3_VERSION)
		return !nla ? 0 : refuse(info->extack, -EINVAL,
			"TLS 1.2 has no traffic secrets");
	len = ctx->prot_info.cipher_type == TLS_CIPHER_AES_GCM_256 ? 48 : 32;
	if (!nla)
		return refuse(info->extack, -EINVAL,
			      "TLS 1.3 needs both traffic secrets");
	if (nla_len(nla) != len)
		return refuse(info->extack, -EINVAL,
			      "a traffic secret has not the length of the cipher suite's hash");
	secret->len = len;
	memcpy(secret->bytes, nla_data(nla), len);
	return 0;
}

/* In TLS 1.3 the end of a record tells whether it is data, so kTLS decrypts into
 * memory of its own and copies, unless it may expect data without padding. What
 * is something else it then decrypts again. Without the option all works, too.
 */
static void ktls_expect_no_pad(struct sock *sk)
{
	int yes = 1;

	if (tls_get_ctx(sk)->prot_info.version == TLS_1_3_VERSION)
		sk->sk_prot->setsockopt(sk, SOL_TLS, TLS_RX_EXPECT_NO_PAD,
					KERNEL_SOCKPTR(&yes), sizeof(yes));
}

/**
 * ktlsgate_ktls_take() - what the request and the socket say of a connection
 * @conn: the connection, not registered yet
 * @sk: its socket, with kTLS's own proto still
 * @info: the request
 *
 * Return: 0 or -EINVAL, which is then explained.
 */
int ktlsgate_ktls_take(struct ktlsgate_conn *conn, struct sock *sk,
		       struct genl_info *info)
{
	u32 key_records;

	ktls_expect_no_pad(sk);
	ktlsgate_conn_addresses(conn, sk);
	conn->key_records = ktlsgate_key_records_max(sk);
	/* Once: it may be changed meanwhile, and 0 is no limit. */
	key_records = READ_ONCE(conn->gate->key_records);
	if (key_records)
		conn->key_records = min_t(u64, conn->key_records, key_records);
	return ktls_take_secret(info, KTLSGATE_A_HANDOFF_SECRET_RX, sk,
				&conn->rx_secret) ?:
	       ktls_take_secret(info, KTLSGATE_A_HANDOFF_SECRET_TX, sk,
				&conn->tx_secret);
}

/**
 * ktlsgate_ktls_written() - whether kTLS has given TCP all that was written
 * @sk: a kTLS socket with keys to send
 *
 * What TCP had no room for kTLS sends later, from a work item that owns the socket
 * and, when there is no room again, says so in its struct socket, which it has not
 * while it is handed over and queued. Its memory is charged besides the send queue,
 * see ktlsgate_memcg_movable(). Only who writes adds to it, so once this is true, under
 * the socket lock and with a sole owner, it stays so.
 */
bool ktlsgate_ktls_written(const struct sock *sk)
{
	const struct tls_sw_context_tx *tx = tls_sw_ctx_tx(tls_get_ctx(sk));

	return !READ_ONCE(tx->open_rec) && list_empty_careful(&tx->tx_list);
}

/**
 * ktlsgate_ktls_flush() - let kTLS end what it does on its own
 * @sk: a kTLS socket that nobody else has any more, not locked
 *
 * What arrives while the socket is owned, kTLS's parser looks at from a work item,
 * which owns it in turn. In an accept queue nobody may, see ktlsgate_kill().
 */
void ktlsgate_ktls_flush(struct sock *sk)
{
	struct tls_context *ctx = tls_get_ctx(sk);

	flush_work(&tls_sw_ctx_rx(ctx)->strp.work);
	flush_delayed_work(&tls_sw_ctx_tx(ctx)->tx_work.work);
}

/* The part of a cipher suite that kTLS knows, 0 when it has none. */
static u16 ktls_cipher_type(u16 suite)
{
	switch (suite) {
	case 0x1301:	/* TLS_AES_128_GCM_SHA256 */
	case 0x009c:	/* TLS_RSA_WITH_AES_128_GCM_SHA256 */
	case 0x009e:	/* TLS_DHE_RSA_WITH_AES_128_GCM_SHA256 */
	case 0xc02b:	/* TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 */
	case 0xc02f:	/* TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 */
		return TLS_CIPHER_AES_GCM_128;
	case 0x1302:	/* TLS_AES_256_GCM_SHA384 */
	case 0x009d:	/* TLS_RSA_WITH_AES_256_GCM_SHA384 */
	case 0x009f:	/* TLS_DHE_RSA_WITH_AES_256_GCM_SHA384 */
	case 0xc02c:	/* TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 */
	case 0xc030:	/* TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 */
		return TLS_CIPHER_AES_GCM_256;
	case 0x1303:	/* TLS_CHACHA20_POLY1305_SHA256 */
	case 0xcca8:	/* TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 */
	case 0xcca9:	/* TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 */
	case 0xccaa:	/* TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256 */
		return TLS_CIPHER_CHACHA20_POLY1305;
	case 0x1304:	/* TLS_AES_128_CCM_SHA256 */
	case 0xc09c:	/* TLS_RSA_WITH_AES_128_CCM */
	case 0xc09e:	/* TLS_DHE_RSA_WITH_AES_128_CCM */
	case 0xc0ac:	/* TLS_ECDHE_ECDSA_WITH_AES_128_CCM */
		return TLS_CIPHER_AES_CCM_128;
	default:
		return 0;
	}
}

/**
 * ktlsgate_ktls_check_identity() - whether an identity is that of the keys
 * @identity: as the helper told it
 * @sk: the socket
 * @extack: where the error is explained
 *
 * What is shown to operators must be what runs.
 *
 * Return: 0 or -EINVAL.
 */
int ktlsgate_ktls_check_identity(const struct ktlsgate_identity *identity,
				 const struct sock *sk,
				 struct netlink_ext_ack *extack)
{
	const struct tls_prot_info *prot = &tls_get_ctx(sk)->prot_info;

	if (identity->tls_version && identity->tls_version != prot->version)
		return refuse(extack, -EINVAL,
			      "the identity's TLS version is not that of the keys");
	if (identity->cipher_suite &&
	    ktls_cipher_type(identity->cipher_suite) != prot->cipher_type)
		return refuse(extack, -EINVAL,
			      "the identity's cipher suite is not that of the keys");
	return 0;
}
