/* postgresql_fixture - server_fixture for PostgreSQL, and its client. */
#ifndef T_UNIT_POSTGRESQL_FIXTURE_H
#define T_UNIT_POSTGRESQL_FIXTURE_H

#include "lib/base/op.h"

#include <stdbool.h>

bool		 postgresql_fixture_make(void);
void		 postgresql_fixture_use(void);
/* A client's session over TCP, in a process: 0 when every statement went well. */
int		 postgresql_fixture_client(const char *user,
		    const char *password, const char *database,
		    const char *sql);
/* The agent's own account, over the socket, by psql: what is said has to go well. */
const char	*postgresql_fixture_admin(struct op *, const char *database,
		    const char *sql);
int		 postgresql_fixture_run(const char *const *argv);

#endif
