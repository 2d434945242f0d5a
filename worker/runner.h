/* runner - takes a task, walks its flow as far as it goes, lets it go. */
#ifndef WORKER_RUNNER_H
#define WORKER_RUNNER_H

#include "worker/flow.h"

struct worker {
	const char	*name;		/* of its list on the bus */
	const char	*owner;		/* in leases: no other process was ever called so */
	const char	*host;		/* whose slots it may fill */
};

/*
 * OK also when there was nothing to do.  *again_ms: when to look at the task
 * again; 0: not at all.  ERR_UNAVAILABLE: the store or the bus is away.
 */
enum err	 task_run(struct op *, const struct worker *, const char *task,
		    int *again_ms);

/* local.host, or what the machine calls itself. */
const char	*worker_host(struct op *);

/* For tests: called before and after each step's function. */
extern void	(*runner_watch)(const struct work *, bool before);

#endif
