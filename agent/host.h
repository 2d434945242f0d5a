/*
 * host - processes of this host: the one place that starts, watches and ends
 * them.  A server outlives the agent that started it, so that an agent that
 * dies takes nothing down; the next agent adopts the server.
 */
#ifndef AGENT_HOST_H
#define AGENT_HOST_H

#include "lib/base/op.h"

#include <stdbool.h>

struct host_command {
	const char *const *argv;	/* ends with NULL; [0] is an absolute path */
	const char	*log;		/* takes standard output and error */
	const char	*pid_file;	/* written before the program begins */
	const char *const *reads, *const *writes;	/* its fence (fence.h); NULL: none */
	const char	*input;		/* standard input; NULL: none */
	int		 ends_by;	/* the signal that asks it to end; 0: SIGTERM */
};

struct host_process {
	int	pid;			/* 0: none */
	int	watch;			/* readable once it has ended; -1: none */
	int	ends_by;		/* as its command said */
};

/* ERR_INTERNAL with the reason when the program cannot be run. */
enum err	 host_start(struct op *, const struct host_command *,
		    struct host_process *out);
/*
 * Take over what an earlier agent started: the pid file names a living process
 * that runs argv[0] with the same first argument.
 */
bool		 host_adopt(struct op *, const struct host_command *,
		    struct host_process *out);
bool		 host_running(const struct host_process *);
/* A short one, from its start to its end; ERR_INTERNAL unless it ends well within patience_ms. */
enum err	 host_run(struct op *, const struct host_command *,
		    int patience_ms);
/* Its signal, and SIGKILL when it has not ended after patience_ms. */
void		 host_end(struct op *, struct host_process *, int patience_ms);
/* Reap what has ended and let go of it. */
void		 host_forget(struct host_process *);

#endif
