/*
 * attempt - how the handler of a mutating request is called: simply, or so
 * that nothing is kept (?dry_run=true), or so that the first answer is given
 * again (Idempotency-Key).
 */
#ifndef FCGI_ATTEMPT_H
#define FCGI_ATTEMPT_H

#include "fcgi/api.h"

struct attempt {
	bool		 dry;		/* nothing will be kept */
	bool		 settled;	/* the change is kept already, the answer is not */
	bool		 restart;	/* something waits for a restart afterwards */
	struct repeat	*repeat;	/* NULL: no Idempotency-Key */
};

enum err	 attempt(struct request *);
bool		 attempt_is_dry(const struct request *);
/* For handlers that know it of their change: it wants a restart, or does not. */
void		 attempt_restart(struct request *, bool);
/*
 * Who waits for its task must first let others see it: keeps what was written
 * so far.  Nothing to do for most requests.
 */
enum err	 attempt_settle(struct request *);

#endif
