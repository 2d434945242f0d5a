/*
 * conductor_fixture - a conductor between a real Redis and a real PostgreSQL;
 * the test turns its crank and plays its guests.
 */
#ifndef T_UNIT_CONDUCTOR_FIXTURE_H
#define T_UNIT_CONDUCTOR_FIXTURE_H

#include "lib/wire/redis.h"
#include "worker/conductor.h"

#define ARGV(...) ((const char *const[]){ __VA_ARGS__, NULL })

extern struct conductor *con;	/* of the test at hand, and its op */
extern struct op op;

int		 conductor_fixture_start(void **state);	/* coffer.key_file stays until the end */
int		 conductor_fixture_stop(void **state);
int		 conductor_fixture_begin(void **state);
int		 conductor_fixture_end(void **state);
#define T(name) cmocka_unit_test_setup_teardown(name, conductor_fixture_begin, conductor_fixture_end)
int		 conductor_fixture_run(const struct CMUnitTest *, size_t n);	/* main() */

void		 set(const char *section, const char *name, const char *value);
void		 conductor_again(void);	/* as after a restart */
void		 turns(int ms);
void		 settle(void);		/* until it listens to all shards */
void		 time_passes(int ms);	/* in steps that it does not take for having been stopped */

/* Guests are numbered; the first digit of the id is the number modulo 16. */
const char	*name_of(int n);
void		 guests_add(int from, int n);
struct report	 state_of(const char *status);
const char	*sealed(int n, int epoch, const struct report *, size_t *len);
void		 publish(const char *channel, const char *data, size_t len);
void		 report(int n, const struct report *);
void		 say(int n, const char *status);
long		 status_is(int n, const char *status);	/* 1: it is */
void		 until_status(int n, const char *status);
void		 one_is_healthy(int of);	/* guests from 1 on, listened to; the first is */

#endif
