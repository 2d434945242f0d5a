/*
 * users - one user of an instance, as a path names it.
 */
#ifndef FCGI_USERS_H
#define FCGI_USERS_H

#include "fcgi/guest.h"

/* "name", "name@host", "name@"; the host is "%" unless given. */
struct user_id { const char *text, *name, *host; };
void		 user_id_read(struct request *, const char *arg,
		    struct user_id *);

/*
 * guest_of(), and the user of arg[2]: ERR_BAD_REQUEST, begun with before, when
 * no user can be called so.  Whether it is there, only the guest knows.
 */
enum err	 user_of(struct request *, const char *before, struct guest *,
		    struct user_id *);
enum err	 user_missing(struct request *, const struct user_id *);

#endif
