// SPDX-License-Identifier: GPL-2.0
/* What the handshake helper tells about a client. */
#include <linux/mm.h>
#include <linux/slab.h>
#include <net/netlink.h>

#include "identity.h"
#include "netlink.h"

static size_t identity_string_size(const struct nlattr *attr)
{
	return attr && nla_len(attr) > 1 ? nla_len(attr) : 0;
}

static const char *identity_string(const struct nlattr *attr, char **room)
{
	size_t size = identity_string_size(attr);
	char *string = *room;

	if (!size)
		return NULL;
	strscpy(string, nla_data(attr), size);
	*room += size;
	return string;
}

/**
 * ktlsgate_identity_create() - take the identity out of a request
 * @nest: KTLSGATE_A_HANDOFF_IDENTITY
 * @extack: where a refusal is explained
 *
 * Return: the identity, or ERR_PTR of -EINVAL or -ENOMEM.
 */
struct ktlsgate_identity *
ktlsgate_identity_create(const struct nlattr *nest,
			 struct netlink_ext_ack *extack)
{
	struct nlattr *tb[KTLSGATE_A_IDENTITY_RESUMED + 1];
	struct ktlsgate_identity *identity;
	size_t size = sizeof(*identity);
	char *room;
	int err;

	/* Its policy was applied with that of the whole message. */
	err = nla_parse_nested(tb, KTLSGATE_A_IDENTITY_RESUMED, nest, NULL,
			       extack);
	if (err)
		return ERR_PTR(err);
	if (!identity_string_size(tb[KTLSGATE_A_IDENTITY_PRINCIPAL])) {
		NL_SET_ERR_MSG(extack, "the identity has no principal");
		return ERR_PTR(-EINVAL);
	}
	if (tb[KTLSGATE_A_IDENTITY_SERIAL] &&
	    nla_len(tb[KTLSGATE_A_IDENTITY_SERIAL]) >
	    sizeof(identity->serial)) {
		NL_SET_ERR_MSG_ATTR(extack, tb[KTLSGATE_A_IDENTITY_SERIAL],
				    "a serial number has at most 20 bytes");
		return ERR_PTR(-EINVAL);
	}

	size += identity_string_size(tb[KTLSGATE_A_IDENTITY_PRINCIPAL]) +
		identity_string_size(tb[KTLSGATE_A_IDENTITY_SUBJECT]) +
		identity_string_size(tb[KTLSGATE_A_IDENTITY_ISSUER]) +
		identity_string_size(tb[KTLSGATE_A_IDENTITY_SPIFFE_ID]) +
		identity_string_size(tb[KTLSGATE_A_IDENTITY_SERVER_NAME]);
	identity = kvzalloc(size, GFP_KERNEL_ACCOUNT);
	if (!identity)
		return ERR_PTR(refuse_no_memory(extack));

	identity->strings_size = size - sizeof(*identity);
	room = identity->strings;
	identity->principal =
		identity_string(tb[KTLSGATE_A_IDENTITY_PRINCIPAL], &room);
	identity->subject =
		identity_string(tb[KTLSGATE_A_IDENTITY_SUBJECT], &room);
	identity->issuer =
		identity_string(tb[KTLSGATE_A_IDENTITY_ISSUER], &room);
	identity->spiffe_id =
		identity_string(tb[KTLSGATE_A_IDENTITY_SPIFFE_ID], &room);
	identity->server_name =
		identity_string(tb[KTLSGATE_A_IDENTITY_SERVER_NAME], &room);

	if (tb[KTLSGATE_A_IDENTITY_SERIAL]) {
		identity->serial_len = nla_len(tb[KTLSGATE_A_IDENTITY_SERIAL]);
		memcpy(identity->serial,
		       nla_data(tb[KTLSGATE_A_IDENTITY_SERIAL]),
		       identity->serial_len);
	}
	if (tb[KTLSGATE_A_IDENTITY_FINGERPRINT]) {
		identity->has_fingerprint = true;
		memcpy(identity->fingerprint,
		       nla_data(tb[KTLSGATE_A_IDENTITY_FINGERPRINT]),
		       sizeof(identity->fingerprint));
	}
	if (tb[KTLSGATE_A_IDENTITY_NOT_AFTER])
		identity->not_after =
			nla_get_u64(tb[KTLSGATE_A_IDENTITY_NOT_AFTER]);
	if (tb[KTLSGATE_A_IDENTITY_TLS_VERSION])
		identity->tls_version =
			nla_get_u16(tb[KTLSGATE_A_IDENTITY_TLS_VERSION]);
	if (tb[KTLSGATE_A_IDENTITY_CIPHER_SUITE])
		identity->cipher_suite =
			nla_get_u16(tb[KTLSGATE_A_IDENTITY_CIPHER_SUITE]);
	if (tb[KTLSGATE_A_IDENTITY_GROUP])
		identity->group = nla_get_u16(tb[KTLSGATE_A_IDENTITY_GROUP]);
	identity->resumed = nla_get_flag(tb[KTLSGATE_A_IDENTITY_RESUMED]);
	return identity;
}

/**
 * ktlsgate_identity_free() - free an identity
 * @identity: the identity, or NULL
 */
void ktlsgate_identity_free(struct ktlsgate_identity *identity)
{
	kvfree(identity);
}

static int identity_put_string(struct sk_buff *skb, int attr,
			       const char *string)
{
	return string ? nla_put_string(skb, attr, string) : 0;
}

static int identity_put_u16(struct sk_buff *skb, int attr, u16 value)
{
	return value ? nla_put_u16(skb, attr, value) : 0;
}

/**
 * ktlsgate_identity_fill() - write an identity as a nest
 * @skb: the message
 * @attr: type of the nest
 * @i: the identity
 *
 * Return: 0 or -EMSGSIZE, then the caller cancels the message.
 */
int ktlsgate_identity_fill(struct sk_buff *skb, int attr,
			   const struct ktlsgate_identity *i)
{
	struct nlattr *nest = nla_nest_start(skb, attr);

	if (!nest ||
	    identity_put_string(skb, KTLSGATE_A_IDENTITY_PRINCIPAL,
				i->principal) ||
	    identity_put_string(skb, KTLSGATE_A_IDENTITY_SUBJECT,
				i->subject) ||
	    identity_put_string(skb, KTLSGATE_A_IDENTITY_ISSUER, i->issuer) ||
	    identity_put_string(skb, KTLSGATE_A_IDENTITY_SPIFFE_ID,
				i->spiffe_id) ||
	    identity_put_string(skb, KTLSGATE_A_IDENTITY_SERVER_NAME,
				i->server_name) ||
	    identity_put_u16(skb, KTLSGATE_A_IDENTITY_TLS_VERSION,
			     i->tls_version) ||
	    identity_put_u16(skb, KTLSGATE_A_IDENTITY_CIPHER_SUITE,
			     i->cipher_suite) ||
	    identity_put_u16(skb, KTLSGATE_A_IDENTITY_GROUP, i->group))
		return -EMSGSIZE;
	if (i->serial_len && nla_put(skb, KTLSGATE_A_IDENTITY_SERIAL,
				     i->serial_len, i->serial))
		return -EMSGSIZE;
	if (i->has_fingerprint && nla_put(skb, KTLSGATE_A_IDENTITY_FINGERPRINT,
					  sizeof(i->fingerprint),
					  i->fingerprint))
		return -EMSGSIZE;
	if (i->not_after && nla_put_u64_64bit(skb,
					      KTLSGATE_A_IDENTITY_NOT_AFTER,
					      i->not_after,
					      KTLSGATE_A_IDENTITY_PAD))
		return -EMSGSIZE;
	if (i->resumed && nla_put_flag(skb, KTLSGATE_A_IDENTITY_RESUMED))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}
