/*
 * local_fixture - a stack of the local drivers for a test: directory, bridge,
 * addresses and user ids of its own, and a shell in place of the agent.  What
 * stands in agent.conf is what that shell runs.
 */
#ifndef T_UNIT_LOCAL_FIXTURE_H
#define T_UNIT_LOCAL_FIXTURE_H

#include "lib/cloud/cloud.h"

/* Skips the whole program, saying why, when this machine has not got the mode. */
void		 stack_begin(const char *mode);
void		 stack_end(void);
extern char	 stack_dir[];
extern char	 stack_bridge[];

/* A place in slot n that runs this script; engine "null". */
struct place	 place_in(struct op *, int slot, const char *script);
const char	*place_dir(struct op *, const struct place *);

/* All three drivers, waiting while they are not ready; they may not fail. */
void		 make(struct op *, struct place *);
void		 unmake(struct op *, struct place *);
enum err	 try_make(struct op *, struct place *);

/* What the instance printed, once this is in it; fails after 10 s without. */
const char	*said(struct op *, const struct place *, const char *wanted);

/* All that an instance could leave behind on this machine, in words. */
const char	*traces(struct op *);

#endif
