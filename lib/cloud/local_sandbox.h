/*
 * local_sandbox - what coffer-sandbox has to know to start one instance, and
 * the parts it is made of.  The compute driver writes <dir>/sandbox as lines
 * "name value"; it is read at every start, so that an instance comes back
 * after a reboot with nothing else.
 */
#ifndef LIB_CLOUD_LOCAL_SANDBOX_H
#define LIB_CLOUD_LOCAL_SANDBOX_H

#include "lib/cloud/local.h"

struct sandbox {
	const char	*instance;	/* its id; of a template: a name */
	const char	*dir;		/* its directory */
	const char	*mode;		/* local_mode_names[] */
	const char	*uid;		/* and gid; digits */
	const char	*volume;	/* image or directory */
	const char	*link;		/* "": no network at all (mode full) */
	const char	*bridge, *address, *prefix, *gateway;
	const char	*cgroups;	/* directories to join, by blanks */
	const char	*bus;		/* directory of Redis' socket, or "" */
	const char	*agent;		/* its binary, or "" */
	const char	*home;		/* of a server that is not the system's, or ""; the same inside */
	const char	*conf;		/* not in the file: <dir>/agent.conf, or NULL */
};

/* Where things are for those inside (with a view of their own). */
#define SANDBOX_DATA "/data"
#define SANDBOX_BUS "/run/coffer"
#define SANDBOX_AGENT "/run/coffer-agent/coffer-agent"
#define SANDBOX_MOVER "/run/coffer-agent/coffer-transfer"

enum err	 sandbox_write(struct op *, const struct sandbox *);
enum err	 sandbox_read(struct op *, const char *dir, struct sandbox *);
enum local_mode	 sandbox_mode(const struct sandbox *);
uid_t		 sandbox_uid(const struct sandbox *);
bool		 sandbox_has_view(enum local_mode);	/* mounts of its own */
/* What moves its backups, a program beside the agent; "" where there is none. */
const char	*sandbox_mover(struct op *, const struct sandbox *);
/* The volume, and the agent, as those inside see them. */
const char	*sandbox_data(const struct sandbox *);
const char	*sandbox_agent(const struct sandbox *);

/* The parts of coffer-sandbox, in the order in which they run. */

/*
 * Forks into the version 2 cgroup; -1 where that cannot be.  To be moved there
 * later is to wait 5 to 15 ms for a lock of the whole system.
 */
pid_t		 sandbox_fork(struct op *, const struct sandbox *);
/* Joins the cgroups; inside: as a child of sandbox_fork(). */
enum err	 sandbox_join(struct op *, const struct sandbox *, bool inside);
/* Forks into namespaces of its own; *pid is 0 in the child, ready to go on. */
enum err	 sandbox_clone(struct op *, enum local_mode, uid_t, pid_t *pid);
/* Mounts: the instance's view of the file system, its volume at /data. */
enum err	 sandbox_view(struct op *, const struct sandbox *);
/* The volume is the instance's own, with agent.conf inside. */
enum err	 sandbox_settle(struct op *, const struct sandbox *,
		    const char *where);
/* Gives up for good: user id, capabilities, dangerous system calls. */
enum err	 sandbox_jail(struct op *, const struct sandbox *);
int		 sandbox_landlock_abi(void);		/* 0: none */
enum err	 sandbox_landlock(struct op *, const struct sandbox *);
enum err	 sandbox_seccomp(struct op *);
/*
 * Runs the command until told to stop, starting it again when it ends, unless
 * once.  What comes back is the exit status.  A failure to start it at all is
 * written to complain, which is closed as soon as it runs.
 */
struct sandbox_job { char **argv; bool once, inside; int complain; };
int		 sandbox_supervise(const struct sandbox *,
		    const struct sandbox_job *);
/* Kills all that descends from this process, and buries it. */
void		 sandbox_kill_below(void);

#endif
