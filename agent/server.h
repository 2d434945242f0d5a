/*
 * server - the life of a database server's process, the same for every engine;
 * an engine says what is its own in a struct server_ways.  There is one server
 * an agent, so the process is kept here, and stop, pid and watch are members
 * of a struct datastore as they stand.
 */
#ifndef AGENT_SERVER_H
#define AGENT_SERVER_H

#include "agent/datastore.h"
#include "agent/host.h"

struct server_ways {
	const char	*const *(*argv)(struct op *);	/* as of a host_command */
	/* Below agent.data: its fence (fence.h), lists that end with NULL. */
	const char	*const *reads, *const *writes;
	const char	*(*home)(void);	/* as of a host_command; NULL: the system's */
	const char	*log;		/* takes what it says; below agent.data */
	int		 ends_by;	/* as of a host_command */

	/* Before a start: all that the server reads. */
	enum err	(*ready)(struct op *);
	/* It was just begun, and is busy starting; failing ends it again.  May be NULL. */
	enum err	(*begun)(struct op *);
	/*
	 * One short look: ERR_GUEST when it does not answer.  let_in false: it
	 * answers and turns the agent away, which is an answer.
	 */
	enum err	(*probe)(struct op *, bool *let_in);
	/* The first time since its start that it let the agent in; failing, again.  May be NULL. */
	enum err	(*greet)(struct op *);
	/* At each look, after that.  May be NULL. */
	enum err	(*look)(struct op *, bool let_in);
	void		(*hang_up)(void);	/* it ended, or is going to: forget its session */
};

struct host_command server_command(struct op *, const struct server_ways *);

/* Adopts what an earlier agent began, or starts it. */
enum err	 server_start(struct op *, const struct server_ways *);
/* DB_CRASHED with an error, DB_SHUTDOWN when it does not run, DB_HEALTHY. */
enum err	 server_status(struct op *, enum db_status *);
enum err	 server_stop(struct op *);	/* returns when it has ended */
int		 server_pid(void);	/* 0: none, or it has ended */
int		 server_watch(void);	/* readable once it has ended; -1: none */

#endif
