/*
 * fence - what of the file system a database server may touch.  It runs under
 * the agent's account, and a superuser of the database may name any file as a
 * log: without a fence that is agent.conf, the journal, the next start's my.cnf.
 * Landlock of Linux 5.19 and later; it takes no privilege.
 */
#ifndef AGENT_FENCE_H
#define AGENT_FENCE_H

#include "lib/base/op.h"

#include <stdbool.h>

/*
 * The system's own files may be read and run, and home's, where a program has
 * one; reads be read, and all be done below writes, but nothing run from
 * there.  Both end with NULL, and all of them are there.
 */
struct fence { const char *home; const char *const *reads, *const *writes; };
/* A descriptor; -1: this kernel has no such thing (logged). */
enum err	 fence_make(struct op *, const struct fence *, int *fence);
/* In the child, for it and all that it starts; nothing takes it back. */
bool		 fence_enter(int fence);

#endif
