/*
 * redis_fixture - a private redis-server for one test program, on a socket in
 * a directory of its own.  It ends with the program.
 */
#ifndef T_UNIT_REDIS_FIXTURE_H
#define T_UNIT_REDIS_FIXTURE_H

struct redis;

/* For cmocka's group setup; sets redis.socket and redis.timeout. */
int		 redis_fixture_start(void **state);
int		 redis_fixture_stop(void **state);
void		 redis_fixture_kill(void);	/* SIGKILL: nothing is kept */
void		 redis_fixture_again(void);
void		 redis_fixture_pause(int paused);	/* SIGSTOP, SIGCONT */
const char	*redis_fixture_socket(void);
/* A connection as this user; the caller frees it. */
struct redis	*redis_fixture_user(const char *user, const char *password);

#endif
