/*
 * postgresql_fixture - a directory with PostgreSQL's template in it, as the
 * volume driver makes one, for one test program.  It goes with the program.
 */
#ifndef T_UNIT_POSTGRESQL_FIXTURE_H
#define T_UNIT_POSTGRESQL_FIXTURE_H

#include "lib/base/op.h"

#include <stdbool.h>

/*
 * False where PostgreSQL is not installed.  A program that is root becomes
 * nobody: the server refuses to be root.
 */
bool		 postgresql_fixture_make(void);
void		 postgresql_fixture_use(void);	/* sets agent.data and its like */
/* A client's session over TCP, in a process: 0 when every statement went well. */
int		 postgresql_fixture_client(const char *user,
		    const char *password, const char *database,
		    const char *sql);
/* The agent's own account, over the socket, by psql: what is said has to go well. */
const char	*postgresql_fixture_admin(struct op *, const char *database,
		    const char *sql);
int		 postgresql_fixture_run(const char *const *argv);

#endif
