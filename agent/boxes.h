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
size_t		 boxes_room(const struct boxes *);

/* The side that fills: an empty one, len 0; NULL: the other side gave up. */
struct box	*boxes_empty(struct boxes *);
void		 boxes_filled(struct boxes *, struct box *);
void		 boxes_last(struct boxes *);	/* no more come */
/* The side that empties: a full one, in the order filled; NULL: no more, or given up. */
struct box	*boxes_full(struct boxes *);
void		 boxes_emptied(struct boxes *, struct box *);
/* Either side: it comes to nothing.  Nobody waits any more. */
void		 boxes_give_up(struct boxes *);
bool		 boxes_given_up(struct boxes *);

#endif
