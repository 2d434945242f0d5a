/*
 * look - what an engine sees of its data right before a backup and right after
 * it.  Only what was the same both times, and did not change and change back
 * meanwhile, is known of the data in between.
 */
#ifndef AGENT_LOOK_H
#define AGENT_LOOK_H

#include "lib/msg/digest.h"

#include <stdint.h>

struct look_row {
	struct digest_part part;	/* .sum NULL: not summed up */
	const char	*id;		/* another one: it was another thing; NULL: not known */
	const char	*state;		/* another one, or NULL: it was changed */
};
struct look {
	struct op	*op;		/* owns all of it */
	const struct look *before;	/* NULL: this is the first of both */
	int64_t		 until;		/* when it has to be over (clock_ms) */
	const char	*version;
	const char	*since, *mark;	/* an engine's notes, for the second look */
	bool		 more;
	struct look_row	*row;
	int		 n, room;
};

/* From before a backup (NULL: this is that), for at most so many ms. */
void		 look_begin(struct look *, struct op *,
		    const struct look *before, int ms);
int		 look_left(const struct look *);	/* ms; 0: it is over */
/* A copy; the strings of the row are the op's already.  False: no room for more. */
bool		 look_add(struct look *, const struct look_row *);
/* May its sum still count?  In a second look: was it the same in the first? */
bool		 look_worth(const struct look *, const struct look_row *);
/* What is known of the time between both. */
void		 look_between(struct op *, const struct look *before,
		    const struct look *after, struct digest *);

#endif
