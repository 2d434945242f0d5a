/*
 * service - what is common to every daemon: options, configuration, log,
 * privileges, signals, worker processes, and the loop.  A main.c fills in
 * the rest.  Options: -c FILE, -t (test the configuration), -h/--help,
 * -V/--version, and -n NAME (which one of several: names the lease owner).
 */
#ifndef LIB_BASE_SERVICE_H
#define LIB_BASE_SERVICE_H

#include "lib/base/op.h"

#include <stdbool.h>

struct service {
	const char	 *name;		/* "coffer-worker": log, ps, man page */
	const char	 *what;		/* one sentence for --help */
	const char	 *options;	/* further options for --help, or NULL */
	bool		(*option)(const char *name, const char *value);
					/* "--pool", "guest"; false: unknown */
	enum err	(*start)(struct op *);	/* once, in the parent; may still be root */
	int		(*processes)(void);	/* NULL: one.  Dead ones are started again */
	enum err	(*begin)(struct op *);	/* in each process, rights already given up */
	enum err	(*once)(struct op *);	/* one unit of work; waits at most a second or so */
	void		(*stop)(void);
};

int		 service_run(const struct service *, int argc, char **argv);
const char	*service_instance(void);	/* -n NAME; "1" unless given */
/*
 * Let go of program text that only the start needed: what libraries read while
 * they were loaded and set up.  What is used again comes from the page cache.
 */
void		 service_trim(void);
bool		 service_stopping(void);	/* asked to end: finish the unit and return */

#endif
