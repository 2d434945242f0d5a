/*
 * bodies - what stands in orders, read and checked, and what answers list.
 * A guest believes nobody: every name is checked here once more.
 */
#ifndef AGENT_BODIES_H
#define AGENT_BODIES_H

#include "agent/datastore.h"
#include "lib/base/json.h"
#include "lib/base/jsonw.h"

/*
 * Lists end with a NULL name; a missing list is empty; a name that comes
 * twice is refused.  All ERR_BAD_REQUEST.
 */
/* [{"name": x}] or [x], into databases */
enum err	 body_granted(struct op *, const struct json *list,
		    struct db_user *);
enum err	 body_databases(struct op *, const struct json *list,
		    const struct db_database **);
enum err	 body_users(struct op *, const struct json *list,
		    const struct db_user **);	/* each with a password */
enum err	 body_user(struct op *, const struct json *map,
		    struct db_user *);		/* name and host */
enum err	 body_user_change(struct op *, const struct json *map,
		    struct db_user *);		/* at least one member */
/* A map of names and values; missing is empty. */
enum err	 body_settings(struct op *, const struct json *map,
		    const struct db_setting **);

/* A page of an answer: as many rows as were asked for and fit into a message. */
struct listing {
	struct db_page	 page;		/* limit: one more, to see whether there is more */
	struct jsonw	*answer;
	int		 limit, count;
	bool		 more;
	const char	*last;		/* marker of the next page */
};
enum err	 body_page(struct op *, const struct json *body,
		    struct listing *);

/* db_found functions; arg is the listing, */
enum err	 body_database_row(struct op *, void *, const char *name,
		    const char *host, const char *const *databases);
enum err	 body_user_row(struct op *, void *, const char *name,
		    const char *host, const char *const *databases);
/* or the jsonw to write members of the answer into, */
enum err	 body_user_members(struct op *, void *, const char *name,
		    const char *host, const char *const *databases);
enum err	 body_access_members(struct op *, void *, const char *name,
		    const char *host, const char *const *databases);
/* or nothing. */
enum err	 body_ignore_row(struct op *, void *, const char *name,
		    const char *host, const char *const *databases);

#endif
