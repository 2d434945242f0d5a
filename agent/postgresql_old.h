/* postgresql_old - what PostgreSQL's backups need that Trove made. */
#ifndef AGENT_POSTGRESQL_OLD_H
#define AGENT_POSTGRESQL_OLD_H

#include "agent/postgresql.h"

/* As restore and restored of a datastore. */
enum err	 postgresql_restore_old(struct op *, int nth, int fd);
enum err	 postgresql_restored_old(struct op *);

/* The data are another agent's: they recover, for as long as it takes, and become ours. */
enum err	 postgresql_admin_adopt(struct op *);

#endif
