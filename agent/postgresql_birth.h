/*
 * postgresql_birth - data that came from elsewhere become a server of their own:
 * WAL of one must not fit another.
 */
#ifndef AGENT_POSTGRESQL_BIRTH_H
#define AGENT_POSTGRESQL_BIRTH_H

#include "lib/base/op.h"

#include <stdbool.h>

#define POSTGRESQL_SYSTEM "agent/system"	/* there: the data have an identifier of their own */
/* Until the agent has seen what a backup brought. */
#define POSTGRESQL_RESTORED "agent/postgresql/restored"

/*
 * A copy of the template, or of another server, gets a system identifier before
 * its first start.  first: that was now, and it is the template's.
 */
enum err	 postgresql_birth(struct op *, bool *first);

#endif
