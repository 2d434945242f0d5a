/*
 * server_fixture - a directory with an engine's template in it, as the volume
 * driver makes one, for one test program.  It goes with the program.
 */
#ifndef T_UNIT_SERVER_FIXTURE_H
#define T_UNIT_SERVER_FIXTURE_H

#include <stdbool.h>
#include <sys/types.h>

struct server_fixture {
	const char	*engine;	/* of engines[] */
	const char	*port;
	char		 dir[64], data[96];
	char		 address[24];	/* the program's own: others may run beside it */
	pid_t		 owner;		/* 0: it is not made */
};

/*
 * False where the server is not installed.  A program that is root becomes
 * nobody: servers refuse to be root.
 */
bool		 server_fixture_make(struct server_fixture *);
/* Sets agent.data and its like. */
void		 server_fixture_use(const struct server_fixture *);
void		 server_fixture_set(const char *section, const char *name,
		    const char *value);
/* Its exit status; what it says goes to <dir>/<log>. */
int		 server_fixture_run(const struct server_fixture *,
		    const char *log, const char *const *argv);

#endif
