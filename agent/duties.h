/*
 * duties - what each order does: one page, a row per kind.
 */
#ifndef AGENT_DUTIES_H
#define AGENT_DUTIES_H

#include "lib/base/jsonw.h"
#include "lib/msg/guest.h"

#include <stdbool.h>

struct duty {
	/* Before anything is done: is the body right, is the place free?  May be NULL. */
	enum err	(*check)(struct op *, const struct json *body);
	/*
	 * Do it.  again: an earlier attempt was cut off by a crash, so what is
	 * found done was done by it.  answer is inside a map.
	 */
	enum err	(*run)(struct op *, const struct json *body, bool again,
			    struct jsonw *answer);
	bool		 needs_server;	/* wait until it answers */
	bool		 starts_server;	/* done when it answers */
	bool		 moves;		/* done when what moves the data is (transfer.h) */
};

extern const struct duty duties[ORDER__MAX];	/* run NULL: no such order */

/* It was told to make room for a newer agent, once it has reported so. */
bool	 duties_leaving(void);

#endif
