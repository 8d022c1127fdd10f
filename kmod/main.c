// SPDX-License-Identifier: GPL-2.0
/* ktlsgate: TLS in front of agents that speak plaintext, in the kernel. */
#include <linux/module.h>

#include "close.h"
#include "key.h"
#include "layer.h"
#include "listener.h"
#include "namespace.h"
#include "netlink.h"
#include "pages.h"

static int __init ktlsgate_init(void)
{
	int err;

	err = ktlsgate_key_init();
	if (err)
		return err;
	err = ktlsgate_listener_init();
	if (err)
		goto out_key;
	err = ktlsgate_close_init();
	if (err)
		goto out_listener;
	err = ktlsgate_namespace_init();
	if (err)
		goto out_close;
	err = ktlsgate_netlink_init();
	if (err)
		goto out_namespace;
	return 0;

out_namespace:
	ktlsgate_namespace_exit();
out_close:
	ktlsgate_close_exit();
out_listener:
	ktlsgate_listener_exit();
out_key:
	ktlsgate_key_exit();
	return err;
}

/* No connection is left, each holds the module. First nobody new gets in, then
 * what is still on its way out ends, then what it used goes.
 */
static void __exit ktlsgate_exit(void)
{
	ktlsgate_netlink_exit();
	ktlsgate_close_exit();
	ktlsgate_namespace_exit();
	ktlsgate_layer_exit();
	ktlsgate_pages_exit();
	ktlsgate_listener_exit();
	ktlsgate_key_exit();
}

module_init(ktlsgate_init);
module_exit(ktlsgate_exit);
MODULE_DESCRIPTION("Hands TLS connections to agents that speak plaintext");
MODULE_AUTHOR("The ktlsgate authors");
MODULE_LICENSE("GPL");
MODULE_VERSION(KTLSGATE_VERSION);
MODULE_ALIAS_GENL_FAMILY(KTLSGATE_FAMILY_NAME);
