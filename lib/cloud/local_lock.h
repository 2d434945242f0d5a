/*
 * local_lock - who is alive.  The launcher of a sandbox holds a record lock on
 * byte 0 of server.pid and the sandbox's first process on byte 1.  The kernel
 * drops a record lock when its owner dies and tells the owner's pid, so a
 * stale file or a reused pid cannot be mistaken for a running instance.
 */
#ifndef LIB_CLOUD_LOCAL_LOCK_H
#define LIB_CLOUD_LOCAL_LOCK_H

#include "lib/base/op.h"

#include <stdbool.h>
#include <sys/types.h>

enum lock_who { LOCK_LAUNCHER, LOCK_INIT, LOCK__MAX };

/* For the owners: false when somebody else has it.  fd stays open for life. */
bool		 lock_take(int fd, enum lock_who);
/* Another's, asked by an owner: who opened the file again would lose his own. */
bool		 lock_held(int fd, enum lock_who);
/* Who has it: 0 nobody (or no such file). */
pid_t		 lock_owner(const char *path, enum lock_who);
bool		 lock_alive(const char *path);
/* Signals each owner that there is; never anybody else. */
void		 lock_signal(const char *path, int sig);
/* Until nobody holds it: false when the time was too short. */
bool		 lock_wait_gone(const char *path, int ms);

/*
 * A lock among workers: path is made when missing; given back by the op.
 * *fd is -1 at first, and what came back to change from one kind to another
 * (not at one stroke: look again afterwards).  ERR_UNAVAILABLE when nowait and
 * somebody has it.
 */
enum lock_kind { LOCK_SHARED, LOCK_ALONE, LOCK_ALONE_NOWAIT };
enum err	 lock_file(struct op *, const char *path, enum lock_kind,
		    int *fd);

#endif
