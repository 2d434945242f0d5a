/*
 * engine_test - what every engine does, in one program; an engine is a row of
 * engine_cases[] and, for what only it can get wrong, a file of its own.
 */
#ifndef T_UNIT_ENGINE_TEST_H
#define T_UNIT_ENGINE_TEST_H

#include "t/unit/test.h"
#include "agent/datastore.h"

#include <stdbool.h>
#include <sys/types.h>

/* A setting that is taken, and what it is then called. */
struct engine_setting {
	struct db_setting set;
	const char	*name;		/* as parameter() knows it */
	const char	*shown;		/* NULL: not to the agent, or not at once */
	const char	*usual;		/* when nobody sets it; NULL: whatever that is */
	bool		 late;		/* a start brings it */
};
struct engine_wrong { struct db_setting set; const char *why; };	/* part of what is said */

/* Of an engine that keeps settings. */
struct engine_settings {
	const char	*(*parameter)(const char *name);	/* as the server has it */
	const struct engine_setting *some;	/* taken together; ends with no name */
	const char	*(*waiting)(void);	/* what waits for a start; may be NULL */
	const char	*late;		/* ... and those of some that do */
	const char	*text;		/* a setting that takes any text */
	const char	*const *odd;	/* besides those that every engine is given; ends with NULL */
	bool		 odd_at_once, odd_over_starts;
	const struct engine_wrong *wrong;	/* ends with no why */
	struct db_setting good[2];	/* one or two that are taken with none of those */
	struct db_setting deadly;	/* no server starts with it */
};

struct engine_case {
	const struct datastore *engine;
	/* Files for it to begin with; false: it is not installed here.  NULL: none are needed. */
	bool		(*make)(void);
	void		(*use)(void);	/* the settings of an agent that serves it */
	const char	*setting, *value;	/* one that it takes */
	const char	*const *logs;	/* that are switched; end with NULL */
	size_t		 user_most;	/* bytes of a user's name; 0: enough */
	bool		 hosts;		/* one name at two hosts is two users */
	/* A client over the network, to database app where there are such; NULL: there is no server. */
	bool		(*lets_in)(const char *user, const char *password);
	pid_t		(*stays)(const char *user, const char *password);	/* a long session, once it is there */
	const char	*root;
	void		(*before_kill)(void), (*after_kill)(void);	/* its own of that; may be NULL */
	const struct engine_settings *settings;	/* NULL: none that could be read back */
	const struct engine_verify *verify;	/* engine_verify.h; NULL: its data cannot be checked */
	const struct CMUnitTest *own[3];	/* lists: besides the contract */
};
extern const struct engine_case case_mariadb, case_mysql, case_postgresql,
    case_redis;
/* Stories; each list ends with no name. */
extern const struct CMUnitTest of_all_users[], of_databases[], of_clients[],
    of_all_servers[], of_processes[], of_settings[], of_checks[],
    of_no_checks[], of_tls[];
/* What MariaDB and MySQL can get wrong, whoever of them it is. */
extern const struct CMUnitTest mariadb_family[];
bool		 mariadb_lets_in(const char *user, const char *password);
pid_t		 mariadb_stays(const char *user, const char *password);

/* The engine at hand, its case, and the op of the test at hand. */
extern const struct datastore *db;
extern const struct engine_case *at;
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
int		 engine_wait(pid_t);	/* its exit status */
void		 wait_until_it_answers(void);
void		 until_it_ended(void);
void		 kill_it(void);
void		 start_again(void);	/* and the op's session is a new one */

#endif
