/*
 * worker_fixture - PostgreSQL, Redis and drivers for tests of tasks.  The
 * driver "local" is the null one with guests in its servers, which the test
 * plays itself by writing what the conductor would.
 */
#ifndef T_UNIT_WORKER_FIXTURE_H
#define T_UNIT_WORKER_FIXTURE_H

#include "lib/store/leases.h"
#include "worker/runner.h"

#include <stdbool.h>

int		 worker_fixture_start(void **state);
int		 worker_fixture_stop(void **state);
/* For each test: no rows, no servers, clocks as they are. */
int		 worker_fixture_fresh(void **state);
int		 worker_fixture_guests(void **state);	/* ... and the driver "local" */
void		 worker_fixture_drivers(const char *name);	/* "local", "null", "failing" */

extern const struct lease_by worker_a, worker_b;
extern bool	 local_contains_root;
extern int	 local_ensures;		/* calls of the local server's ensure */
#define INSTANCE "1bcd0a5f-8f9b-4a44-8f1c-2d0a3b4c5d6e"

void		 instance_there(const char *task, const char *server_status);
/* A new task; its id stays until the next one of another name is made. */
const char	*task_there(enum task_kind, const char *args);
/* One taking by this worker; what task_run() gave. */
enum err	 turn(const struct lease_by *, const char *task);
/* Takings, one after the other, until it does not wait any more; at most n. */
void		 turns(const struct lease_by *, const char *task, int n);
/* As if its worker had died and its lease had run out. */
void		 lease_lost(const char *task);

const char	*task_column(const char *task, const char *column);	/* static; "" for NULL */
const char	*instance_column(const char *column);
/* What the order of this step is called; static. */
const char	*order_of(const char *task, const char *step);
void		 guest_says(const char *status, const char *order,
		    const char *err, const char *why);
bool		 made(const char *what);	/* "server", "volume", "port": is one there? */
const char	*noted(const char *what);	/* what its driver was told of it last */
int		 made_all(void);		/* how many of them, and slots */

#endif
