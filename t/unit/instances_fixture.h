/*
 * instances_fixture - instances on a real PostgreSQL, as the role of the API;
 * nobody is at the bell.
 */
#ifndef T_UNIT_INSTANCES_FIXTURE_H
#define T_UNIT_INSTANCES_FIXTURE_H

#include "lib/base/text.h"
#include "lib/store/instances.h"

#define VERSION "e0000000-0000-4000-8000-000000000001"	/* the default one */

extern struct op op;		/* of the test at hand */

int		 instances_fixture_start(void **state);
int		 instances_fixture_stop(void **state);
int		 instances_fixture_begin(void **state);	/* no rows */
int		 instances_fixture_end(void **state);

/* Made, not built yet. */
enum err	 make(const char *tenant, int gb, char id[UUID_LEN + 1]);
/* As the worker and the conductor leave it. */
void		 built(const char *id);
long		 tasks(const char *id, const char *kind);	/* how many */
long		 quota(const char *tenant, const char *what);

#endif
