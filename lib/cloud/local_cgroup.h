/*
 * local_cgroup - limits of memory, processors and processes, and a sure way to
 * kill: one cgroup per instance, named by its id, in each hierarchy that this
 * process may write to.  Works with version 2 alone (Debian 12; without root
 * in a delegated subtree), version 1, and both mixed.
 */
#ifndef LIB_CLOUD_LOCAL_CGROUP_H
#define LIB_CLOUD_LOCAL_CGROUP_H

#include "lib/cloud/local.h"

struct cgroup_limits { int memory_mb, vcpus, pids; };

/* Looks which hierarchies there are; mounts is /proc/self/mounts. */
enum err	 cgroup_open(struct op *, const char *mounts);
/* "memory cpu pids (v1)", or "" when nothing can be limited. */
const char	*cgroup_what(struct op *);

/* Makes them and sets the limits; dirs separated by blanks, to be joined. */
enum err	 cgroup_ensure(struct op *, const char *instance,
		    const struct cgroup_limits *, const char **dirs);
void		 cgroup_kill(struct op *, const char *instance);
/* ERR_UNAVAILABLE while something still lives inside. */
enum err	 cgroup_remove(struct op *, const char *instance);
void		 cgroup_list(struct local_ids *);

#endif
