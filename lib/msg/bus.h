/*
 * bus - the doorbell between API, workers and conductors: lists of task ids
 * in Redis.  PostgreSQL is the letter: losing all of Redis delays a task
 * until the next sweep and never loses it.
 *
 *   coffer:tasks          ids of tasks that are due
 *   coffer:tasks:<worker> ids this worker took and has not acknowledged
 *   coffer:done:<task>    rung once when the task ends, for who waits for it
 */
#ifndef LIB_MSG_BUS_H
#define LIB_MSG_BUS_H

#include "lib/base/op.h"

#include <stdbool.h>

/* From [redis] of the configuration; once per process, nothing is connected yet. */
void	 bus_open(void);
void	 bus_close(void);
struct redis *bus_redis(void);		/* the process's connection for commands */
struct redis *bus_ears(void);		/* and the one for channels: nothing but listening */

/*
 * Ring for tasks.  Failure is no loss: callers log it and go on.  Rung twice,
 * taken twice: who takes looks at the row.  Nobody taking, the list is cut at
 * BUS_MOST ids.
 */
#define BUS_MOST 1000000
enum err bus_ring(struct op *, const char *const *task_ids, int n);

/*
 * Wait for a task, move its id to the worker's own list; *task_id is NULL when
 * the wait ends.  done, unless NULL, is acknowledged in the same round trip.
 * While Redis is away this waits, too, and then gives ERR_UNAVAILABLE.
 */
enum err bus_take(struct op *, const char *worker, const char *done,
	    int wait_ms, const char **task_id);
enum err bus_ack(struct op *, const char *worker, const char *task_id);
/* At a worker's start: what it held when it died is forgotten; the sweep rings it. */
enum err bus_forget(struct op *, const char *worker);

/*
 * The end of a task: ring it, wait for it.  *ended false when the wait ends.
 * The ring is kept for a minute, for those who come late and for several.
 */
enum err bus_ring_done(struct op *, const char *task_id);
enum err bus_wait_done(struct op *, const char *task_id, int wait_ms,
	    bool *ended);

#endif
