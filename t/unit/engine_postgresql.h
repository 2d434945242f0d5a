/* engine_postgresql - what the stories of PostgreSQL share. */
#ifndef T_UNIT_ENGINE_POSTGRESQL_H
#define T_UNIT_ENGINE_POSTGRESQL_H

#include "t/unit/engine_test.h"
#include "t/unit/postgresql_fixture.h"

const char	*asked(const char *sql);	/* by the agent: one value */
/* A user of user()'s password may, or may not. */
void		 asks(const char *user_name, const char *database,
		    const char *sql);
void		 asks_in_vain(const char *user_name, const char *database,
		    const char *sql);
void		 create_user(const char *name, const char *host,
		    const char *database);

extern const struct CMUnitTest postgresql_backups[];

#endif
