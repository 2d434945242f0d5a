/*
 * boxes - two of them, which go round between two threads: while one is being
 * filled, the other is emptied.  That is all the memory there is between them.
 */
#ifndef AGENT_BOXES_H
#define AGENT_BOXES_H

#include "lib/base/op.h"

#include <stdbool.h>

struct box { char *bytes; size_t len; };	/* len: how far it is filled */

struct boxes;				/* the op's; both threads have ended before it does */
struct boxes	*boxes_new(struct op *, size_t room);	/* of each box */

/* The side that fills: a box goes across when it is full.  False: the other side gave up. */
bool		 boxes_put(struct boxes *, const void *bytes, size_t n);
void		 boxes_last(struct boxes *);	/* no more come; a begun one goes across */
/* The side that empties: a full one, in the order filled; NULL: no more, or given up. */
struct box	*boxes_full(struct boxes *);
void		 boxes_emptied(struct boxes *, struct box *);
/* Either side: it comes to nothing.  Nobody waits any more. */
void		 boxes_give_up(struct boxes *);
bool		 boxes_given_up(struct boxes *);

#endif
