/*
 * engine_verify - what was seen of the data at a backup, and what a check says
 * of them once they are damaged: a table of damages per engine.
 */
#ifndef T_UNIT_ENGINE_VERIFY_H
#define T_UNIT_ENGINE_VERIFY_H

#include "t/unit/engine_test.h"

struct engine_damage {
	const char	*what;		/* NULL: these were all */
	const char	*make, *undo;	/* said to the server; undo NULL: nothing can */
	const char	*below;		/* and a bit of this is turned over while it is down */
	const char	*why;		/* what the check says; NULL: nothing is wrong */
	bool		 sum;		/* another version of the server cannot know */
	bool		 blind;		/* found also where nothing was seen at the backup */
};

struct engine_verify {
	void		(*say)(const char *words);	/* to the server, as its owner */
	const char	*fill, *rest, *empty;	/* words; until all that was written rests */
	const char	*stir, *stirred;	/* writes to a part, in vain */
	const char	*parts[4];	/* "app.t": each is known, with a sum; end with NULL */
	const struct engine_damage *damages;
	/* The file of below, below agent.data, and a byte of it.  NULL: there is none. */
	const char	*(*file)(const char *below, long *at);
};
extern const struct engine_verify verify_mariadb, verify_mysql,
    verify_postgresql, verify_redis;

#endif
