/*
 * backup_flow_fixture - backups and restores as workers walk them, with real
 * storage (the driver "file"); the test plays the guest, and the conductor who
 * writes what it says.
 */
#ifndef T_UNIT_BACKUP_FLOW_FIXTURE_H
#define T_UNIT_BACKUP_FLOW_FIXTURE_H

#include "t/unit/worker_fixture.h"
#include "lib/base/json.h"

#define CONTAINER "c"

extern struct op op;		/* of the test at hand */
/* The order that was told last. */
extern struct told { enum order_kind kind; char id[128], body[32768]; } told;

/* Around each test: an active instance, no backups, nothing in storage. */
int		 backup_flow_begin(void **state);
int		 backup_flow_end(void **state);
void		 backup_flow_listen(const struct work *, bool before);	/* runner_watch */

const char	*backup_there(const char *parent);	/* NULL: a full one */
const char	*begun(const char *parent);	/* ... that its guest was told of */
/* Its guest stored all of it and said so, and its worker took a turn. */
void		 finished(const char *id, const char *mark);
const char	*taken(const char *parent, const char *mark);	/* all of that, and well */
bool		 row_is(const char *id, const char *condition);
/* Seconds ago, in all rows. */
void		 age(const char *table, const char *column, int seconds);

/* The guest's: an object, one in its list, two segments with that list, its word for a step. */
void		 put(const char *id, const char *rest, const char *text);
const char	*segment(const char *id, int nth, const char *text);
void		 stored(const char *id, const char *mark);
void		 says(const char *id, const char *step, const char *err,
		    const char *why);
int		 objects(const char *prefix);
const struct json *body(void);		/* of the order */

/* A create from this backup, as far as its restore. */
const char	*create_there(const char *backup);

#endif
