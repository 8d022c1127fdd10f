// SPDX-License-Identifier: GPL-2.0
/* What the module keeps for each network namespace. */
#include <net/netns/generic.h>

#include "gate.h"
#include "namespace.h"

static unsigned int ktlsgate_net_id __read_mostly;

/**
 * ktlsgate_net() - the module's part of a namespace
 * @net: a namespace that the caller holds
 */
struct ktlsgate_net *ktlsgate_net(const struct net *net)
{
	return net_generic(net, ktlsgate_net_id);
}

static int __net_init ktlsgate_net_init(struct net *net)
{
	struct ktlsgate_net *kn = ktlsgate_net(net);

	kn->net = net;
	spin_lock_init(&kn->gates_lock);
	INIT_LIST_HEAD(&kn->gates);
	xa_init_flags(&kn->conns, XA_FLAGS_ALLOC1);
	return 0;
}

/* A connection pins the namespace by its socket until the connection is freed,
 * so none is left here.
 */
static void __net_exit ktlsgate_net_exit(struct net *net)
{
	struct ktlsgate_net *kn = ktlsgate_net(net);

	ktlsgate_gate_delete_all(kn);
	WARN_ON_ONCE(!xa_empty(&kn->conns));
	xa_destroy(&kn->conns);
}

static struct pernet_operations ktlsgate_net_ops = {
	.init = ktlsgate_net_init,
	.exit = ktlsgate_net_exit,
	.id = &ktlsgate_net_id,
	.size = sizeof(struct ktlsgate_net),
};

int ktlsgate_namespace_init(void)
{
	return register_pernet_subsys(&ktlsgate_net_ops);
}

void ktlsgate_namespace_exit(void)
{
	unregister_pernet_subsys(&ktlsgate_net_ops);
}
