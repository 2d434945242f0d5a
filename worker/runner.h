/* runner - takes a task, walks its flow as far as it goes, lets it go. */
#ifndef WORKER_RUNNER_H
#define WORKER_RUNNER_H

#include "worker/flow.h"

/*
 * OK also when there was nothing to do.  *again_ms: when to look at the task
 * again; 0: not at all.  ERR_UNAVAILABLE: the store or the bus is away.
 */
enum err	 task_run(struct op *, const struct lease_by *, const char *task,
		    int *again_ms);

/* local.host, or what the machine calls itself. */
const char	*worker_host(struct op *);

/* For tests: called before and after each step's function. */
extern void	(*runner_watch)(const struct work *, bool before);

#endif
