/*
 * mariadb_fixture - server_fixture for MariaDB, and for a real MySQL, whose
 * client is the same.
 */
#ifndef T_UNIT_MARIADB_FIXTURE_H
#define T_UNIT_MARIADB_FIXTURE_H

#include "lib/base/op.h"

#include <stdbool.h>

bool		 mariadb_fixture_make(void);
void		 mariadb_fixture_use(void);
/* The server that dev/mysql has fetched, or that of $COFFER_MYSQL. */
bool		 mysql_fixture_make(void);
void		 mysql_fixture_use(void);

/* Of the one in use. */
const char	*mariadb_fixture_data(void);
/* A client's session as this user, in a process: 0 when every statement went well. */
int		 mariadb_fixture_client(const char *user, const char *password,
		    const char *sql);
/* As the agent's own account: it has to go well. */
void		 mariadb_fixture_run(struct op *, const char *sql);

#endif
