/*
 * mariadb_fixture - a data directory with MariaDB's template in it, as the
 * volume driver makes one, for one test program.  It goes with the program.
 */
#ifndef T_UNIT_MARIADB_FIXTURE_H
#define T_UNIT_MARIADB_FIXTURE_H

#include <stdbool.h>

/*
 * False where MariaDB is not installed.  A program that is root becomes nobody:
 * the server refuses to be root.
 */
bool		 mariadb_fixture_make(void);
void		 mariadb_fixture_use(void);	/* sets agent.data and its like */
const char	*mariadb_fixture_data(void);
/* A client's session as this user, in a process: 0 when every statement went well. */
int		 mariadb_fixture_client(const char *user, const char *password,
		    const char *sql);

#endif
