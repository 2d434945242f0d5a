/*
 * memory - what the flavor gives the server, in MB: as the agent is configured,
 * or as an order said since.
 */
#ifndef AGENT_MEMORY_H
#define AGENT_MEMORY_H

#include "lib/base/op.h"

int		 memory_mb(struct op *);
/* An engine's retune: remembered, for the next start to ask. */
enum err	 memory_retune(struct op *, int mb);

#endif
