/*
 * supervisor - keeps the database server as it should be: running, unless an
 * order said otherwise.  A server that dies is started again, after 0.1 s at
 * first, twice as long each time up to 30 s; a minute of quiet forgets that.
 */
#ifndef AGENT_SUPERVISOR_H
#define AGENT_SUPERVISOR_H

#include "agent/datastore.h"

/* Starts or adopts the server at once, unless the journal says to stay down. */
void		 supervisor_open(struct op *, const struct datastore *);
const struct datastore *supervisor_engine(void);

/* What is due: a start, a probe.  Returns soon: a probe takes 2 s at the most. */
void		 supervisor_turn(struct op *);
int		 supervisor_watch(void);	/* readable when the server ended; -1 */
int		 supervisor_wait_ms(void);	/* until the next turn is due */

enum db_status	 supervisor_status(void);
bool		 supervisor_ready(void);	/* it answers */
bool		 supervisor_starting(void);	/* begun a moment ago, will answer */

/*
 * Orders.  They return when the server was begun or has ended; that it answers
 * shows in supervisor_ready().
 */
enum err	 supervisor_start(struct op *);
enum err	 supervisor_stop(struct op *);
enum err	 supervisor_restart(struct op *);

/* The agent ends: the server ends with it, and nothing is remembered. */
void		 supervisor_end(struct op *);

#endif
