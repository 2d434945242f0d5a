/*
 * engine_test - what every engine does, in one program; an engine is a row of
 * engine_cases[] and, for what only it can get wrong, a file of its own.
 */
#ifndef T_UNIT_ENGINE_TEST_H
#define T_UNIT_ENGINE_TEST_H

#include "t/unit/test.h"
#include "agent/datastore.h"

#include <stdbool.h>

struct engine_case {
	const struct datastore *engine;
	/* Files for it to begin with; false: it is not installed here.  NULL: none are needed. */
	bool		(*make)(void);
	void		(*use)(void);	/* the settings of an agent that serves it */
	const char	*setting, *value;	/* one that it takes */
	const char	*const *logs;	/* that are switched; end with NULL */
	size_t		 user_most;	/* bytes of a user's name; 0: enough */
	bool		 hosts;		/* one name at two hosts is two users */
	const struct CMUnitTest *own;	/* besides the contract */
	size_t		 own_count;
	const struct CMUnitTest *family;	/* of engines that have it in common; ends with no name; may be NULL */
};
extern const struct engine_case case_mariadb, case_mysql, case_postgresql,
    case_redis;
/* What MariaDB and MySQL can get wrong, whoever of them it is. */
extern const struct CMUnitTest mariadb_family[];

/* The engine at hand, and the op of the test at hand. */
extern const struct datastore *db;
extern struct op op;
int		 engine_begin(void **state);	/* *state: the struct engine_case */
int		 engine_end(void **state);	/* nothing of one test is there for the next */
#define TEST(f) cmocka_unit_test_setup_teardown(f, engine_begin, engine_end)

void		 ok(enum err);
void		 create(const char *database);
struct db_user	 user(const char *name, const char *host);
/* Listings as one text: "name@host(db,db) name ..." */
const char	*databases(int limit, const char *marker);
const char	*users(int limit, const char *marker);
/* Into a file, by a process of its own, as the agent does it; 0: it went well, without a mark. */
int		 engine_backup(const char *path, const char *since);
void		 wait_until_it_answers(void);
void		 start_again(void);	/* and the op's session is a new one */

#endif
