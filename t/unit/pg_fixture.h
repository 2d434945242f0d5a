/*
 * pg_fixture - a private PostgreSQL with Coffer's schema for one test program
 * (t/unit/private_pg).  It ends, and its files go, when the program ends.
 */
#ifndef T_UNIT_PG_FIXTURE_H
#define T_UNIT_PG_FIXTURE_H

#include <stdbool.h>

/* For cmocka's group setup; sets pg.dsn to the administrator's connection. */
int		 pg_fixture_start(void **state);
int		 pg_fixture_stop(void **state);
/* Without a user: the caller's role is used. */
const char	*pg_fixture_dsn(void);
void		 pg_fixture_crash(void);
void		 pg_fixture_again(void);
/* Runs statements as the administrator; a failure ends the test. */
void		 pg_fixture_sql(const char *, ...)
		    __attribute__((format(printf, 1, 2)));
/* The first column of the first row as a number; -1 when there is no row. */
long		 pg_fixture_number(const char *, ...)
		    __attribute__((format(printf, 1, 2)));

#endif
