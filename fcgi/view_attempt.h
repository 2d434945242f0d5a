/* view_attempt - what is written around a mutating request (attempt.h). */
#ifndef FCGI_VIEW_ATTEMPT_H
#define FCGI_VIEW_ATTEMPT_H

#include "fcgi/api.h"
#include "lib/store/events.h"
#include "lib/store/quotas.h"

struct dry {
	int		 status;	/* that it would have been answered with */
	bool		 restart;	/* something waits for a restart afterwards */
	struct event	*event;		/* that it would have caused */
	int		 events;
	struct quota	 before[QUOTAS], after[QUOTAS];
};
/* The answer to ?dry_run=true. */
void		 view_dry(struct request *, const struct dry *);

/* An answer as it is kept for who asks again: type, headers, body. */
const char	*view_kept(struct request *);

/* Who asks what, for the events of the change (store_context()); no secret. */
const char	*view_context(struct request *);

#endif
