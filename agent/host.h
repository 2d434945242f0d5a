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
	const char	*home;		/* its own programs and libraries, where it is not the system's */
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
int		 host_pid(struct host_process *);	/* 0: none, or it has ended and was reaped */
/* A short one, from its start to its end; ERR_INTERNAL unless it ends well within patience_ms. */
enum err	 host_run(struct op *, const struct host_command *,
		    int patience_ms);
/* Its signal, and SIGKILL when it has not ended after patience_ms. */
void		 host_end(struct op *, struct host_process *, int patience_ms);
/* Reap what has ended and let go of it. */
void		 host_forget(struct host_process *);
/*
 * Ends at once all that runs the program and works in the directory or below it:
 * what a server that was killed has left, and keeps its memory and files from the
 * next.  Returns when they have ended.
 */
void		 host_sweep(struct op *, const char *program,
		    const char *directory);

/*
 * A tool, for a while.  It dies with whoever started it, whatever kills that one.
 * Descriptors: -1 is nothing to read, nowhere to write; err -1 our own.
 */
struct host_tool {
	const char *const *argv;	/* as of a command */
	int		 in, out, err;
	const char *const *reads, *const *writes;	/* as of a command */
	const char	*home;		/* as of a command */
	bool		 apart;		/* in a group of its own, with all that it starts */
};
enum err	 host_tool_start(struct op *, const struct host_tool *,
		    struct host_process *out);
/*
 * Until it has ended; ERR_GUEST when it did not end well, with the last line it
 * said.  *said: the end of its standard error, the op's (err is not looked at).
 */
enum err	 host_tool_run(struct op *, const struct host_tool *,
		    const char **said);
/* Asked to end; ERR_GUEST unless it ends well within patience_ms. */
enum err	 host_tool_end(struct op *, struct host_process *,
		    int patience_ms);
/* It and all of its group, at once. */
void		 host_tool_kill(struct host_process *);

/* In a child: signals as programs expect them, no cores.  For what starts them here. */
void		 host_child(void);
/* Becomes it: only what it needs, nothing of the agent's environment, goes on. */
void		 host_exec(const char *const *argv, const char *home);

#endif
