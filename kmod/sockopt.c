// SPDX-License-Identifier: GPL-2.0
/* Socket options: the agent may ask who its client is, and nothing of TLS. */
#include <linux/tcp.h>
#include <linux/uaccess.h>
#include <net/tls.h>

#include <linux/ktlsgate_sockopt.h>

#include "conn.h"
#include "gate.h"
#include "identity.h"
#include "layer.h"
#include "sockopt.h"

static int sockopt_string(const char *string, char __user *optval,
			  int __user *optlen)
{
	int room, size;

	if (!string)
		return -ENODATA;
	if (get_user(room, optlen))
		return -EFAULT;
	if (room < 0)
		return -EINVAL;
	size = strlen(string) + 1;
	if (put_user(size, optlen))
		return -EFAULT;
	if (room < size)
		return -ERANGE;
	return copy_to_user(optval, string, size) ? -EFAULT : 0;
}

static int sockopt_info(const struct ktlsgate_conn *conn, char __user *optval,
			int __user *optlen)
{
	const struct ktlsgate_identity *identity = conn->identity;
	struct ktlsgate_peer_info info = {
		.id = conn->id,
		.tls_version = identity->tls_version,
		.cipher_suite = identity->cipher_suite,
		.group = identity->group,
		.resumed = identity->resumed,
		.serial_len = identity->serial_len,
		.not_after = identity->not_after,
	};
	int len;

	BUILD_BUG_ON(sizeof(info) != 80);
	BUILD_BUG_ON(sizeof(identity->fingerprint) !=
		     sizeof(info.fingerprint));
	memcpy(info.serial, identity->serial, identity->serial_len);
	memcpy(info.fingerprint, identity->fingerprint,
	       sizeof(info.fingerprint));
	if (get_user(len, optlen))
		return -EFAULT;
	if (len < 0)
		return -EINVAL;
	len = min_t(int, len, sizeof(info));
	if (put_user(len, optlen))
		return -EFAULT;
	return copy_to_user(optval, &info, len) ? -EFAULT : 0;
}

static int sockopt_peer(const struct ktlsgate_conn *conn, int optname,
			char __user *optval, int __user *optlen)
{
	const struct ktlsgate_identity *identity = conn->identity;

	switch (optname) {
	case KTLSGATE_PEER_INFO:
		return sockopt_info(conn, optval, optlen);
	case KTLSGATE_PEER_PRINCIPAL:
		return sockopt_string(identity->principal, optval, optlen);
	case KTLSGATE_PEER_SUBJECT:
		return sockopt_string(identity->subject, optval, optlen);
	case KTLSGATE_PEER_ISSUER:
		return sockopt_string(identity->issuer, optval, optlen);
	case KTLSGATE_PEER_SPIFFE_ID:
		return sockopt_string(identity->spiffe_id, optval, optlen);
	case KTLSGATE_PEER_SERVER_NAME:
		return sockopt_string(identity->server_name, optval, optlen);
	case KTLSGATE_PEER_GATE:
		return sockopt_string(conn->gate->name, optval, optlen);
	default:
		return -ENOPROTOOPT;
	}
}

/* TCP below kTLS knows nothing of SOL_TLS, and says so in its own way. */
static const struct proto *sockopt_proto(const struct sock *sk, int level)
{
	if (level == SOL_TLS && ktlsgate_conn(sk)->path == KTLSGATE_PATH_KERNEL)
		return tls_get_ctx(sk)->sk_proto;
	return ktlsgate_conn(sk)->layer->base;
}

/**
 * ktlsgate_getsockopt() - proto.getsockopt
 * @sk: the socket
 * @level: SOL_KTLSGATE is ours, SOL_TLS is hidden: it would hand out the keys
 * @optname: see <linux/ktlsgate_sockopt.h>
 * @optval: where to
 * @optlen: in: room, out: size
 *
 * Return: 0, or an error of <linux/ktlsgate_sockopt.h> or of TCP.
 */
int ktlsgate_getsockopt(struct sock *sk, int level, int optname,
			char __user *optval, int __user *optlen)
{
	struct ktlsgate_conn *conn = ktlsgate_conn(sk);

	if (level == SOL_KTLSGATE)
		return sockopt_peer(conn, optname, optval, optlen);
	return sockopt_proto(sk, level)->getsockopt(sk, level, optname,
						    optval, optlen);
}

/**
 * ktlsgate_setsockopt() - proto.setsockopt
 * @sk: the socket
 * @level: SOL_KTLSGATE has nothing to set; SOL_TLS is hidden, its keys are ours
 * @optname: option
 * @optval: value
 * @optlen: its size
 *
 * Return: as setsockopt() on a TCP socket.
 */
int ktlsgate_setsockopt(struct sock *sk, int level, int optname,
			sockptr_t optval, unsigned int optlen)
{
	/* As where kTLS is: an agent's own would be laid over ours. */
	if (level == SOL_TCP && optname == TCP_ULP)
		return -EEXIST;
	return sockopt_proto(sk, level)->setsockopt(sk, level, optname,
						    optval, optlen);
}
