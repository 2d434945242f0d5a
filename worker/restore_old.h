/*
 * restore_old - what a guest is told to read of a backup that Trove made: found
 * and looked at in the tenant's own object store, with all that it is
 * incremental upon.
 */
#ifndef WORKER_RESTORE_OLD_H
#define WORKER_RESTORE_OLD_H

#include "worker/backup.h"

/* A record of what was taken elsewhere? */
bool		 restore_is_old(const struct backup_link *);
/*
 * *body: of an order RESTORE.  ERR_CLOUD: storage is away; ERR_CONFLICT: what
 * lies there is not what was recorded, or no pass phrase opens it;
 * ERR_FORBIDDEN: it is larger than the volume.
 */
enum err	 restore_old(struct work *, const struct backup_link *,
		    const char **body);

#endif
