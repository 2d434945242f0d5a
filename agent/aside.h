/*
 * aside - a function in a process of its own, and what it came to.  It ends at
 * once with whoever began it; what it started by host_tool ends with it.
 */
#ifndef AGENT_ASIDE_H
#define AGENT_ASIDE_H

#include "lib/base/op.h"

/* *mark is what it wants to be remembered; it may leave it NULL. */
typedef enum err (*aside_work)(struct op *, void *arg, const char **mark);

struct aside { int pid, said; };	/* pid 0: none */

enum err	 aside_begin(struct op *, aside_work, void *arg,
		    struct aside *);
/* Waits for it: what the work returned, with its text; ERR_GUEST if it was killed. */
enum err	 aside_end(struct op *, struct aside *, const char **mark);
void		 aside_kill(struct aside *);

/* The same from one program to another: at most a pipe's worth, all at once. */
void		 outcome_say(struct op *, int fd, enum err, const char *mark);
/* Once nobody can write any more; what: "The backup", whose end it is. */
enum err	 outcome_hear(struct op *, int fd, const char *what,
		    const char **mark);

#endif
