/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KTLSGATE_ADDRESS_H
#define _KTLSGATE_ADDRESS_H

#include <net/ipv6.h>
#include <net/netlink.h>
#include <net/sock.h>

/* Addresses are kept as IPv6, IPv4 as v4-mapped; on the wire of netlink IPv4
 * has 4 bytes.
 */
static inline int ktlsgate_put_address(struct sk_buff *skb, int attr,
				       const struct in6_addr *address)
{
	if (ipv6_addr_v4mapped(address))
		return nla_put(skb, attr, 4, &address->s6_addr32[3]);
	return nla_put(skb, attr, 16, address);
}

static inline bool ktlsgate_get_address(const struct nlattr *attr,
					struct in6_addr *address)
{
	if (nla_len(attr) == 16) {
		memcpy(address, nla_data(attr), 16);
		return true;
	}
	if (nla_len(attr) != 4)
		return false;
	if (nla_get_in_addr(attr))
		ipv6_addr_set_v4mapped(nla_get_in_addr(attr), address);
	else
		*address = in6addr_any;
	return true;
}

static inline void ktlsgate_local_address(const struct sock *sk,
					  struct in6_addr *address)
{
	if (sk->sk_family == AF_INET6)
		*address = sk->sk_v6_rcv_saddr;
	else
		ipv6_addr_set_v4mapped(sk->sk_rcv_saddr, address);
}

static inline void ktlsgate_peer_address(const struct sock *sk,
					 struct in6_addr *address)
{
	if (sk->sk_family == AF_INET6)
		*address = sk->sk_v6_daddr;
	else
		ipv6_addr_set_v4mapped(sk->sk_daddr, address);
}

#endif /* _KTLSGATE_ADDRESS_H */
