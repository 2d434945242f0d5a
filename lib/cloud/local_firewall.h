/*
 * local_firewall - one nftables table per bridge: what instances begin goes
 * nowhere, neither to the host nor through it; what the host begins, and what
 * reaches an instance through the host, gets its answers.  Instance to
 * instance never arrives here: the bridge's ports are isolated.
 */
#ifndef LIB_CLOUD_LOCAL_FIREWALL_H
#define LIB_CLOUD_LOCAL_FIREWALL_H

#include "lib/base/op.h"

#include <stdbool.h>

const char	*firewall_table(struct op *, const char *bridge);	/* its name */
bool		 firewall_present(const char *table);
/* doors: further rules of the same transaction (local_door.h). */
enum err	 firewall_load(struct op *, const char *bridge, const char *doors);
enum err	 firewall_remove(struct op *, const char *bridge);

#endif
