/*
 * identity - users, projects and tokens of the static identity.  A token is
 * known by the hex of its hash; the token itself is stored nowhere.
 */
#ifndef LIB_STORE_IDENTITY_H
#define LIB_STORE_IDENTITY_H

#include "lib/base/op.h"

#include <stdbool.h>
#include <stdint.h>

struct user_row { const char *id, *name, *password_hash; };
struct project_row { const char *id, *name; };

struct token_row {
	const char	*user, *user_name;
	const char	*project, *project_name;	/* NULL: unscoped */
	const char	*audit, *issued, *expires;	/* YYYY-MM-DDTHH:MM:SS */
	int64_t		 expires_at;	/* seconds since 1970 */
	bool		 admin, member, reader;
};

/* By id or by name, the other NULL.  ERR_NOT_FOUND: unknown or disabled. */
enum err user_find(struct op *, const char *id, const char *name,
	    struct user_row *);
/* Those in which the user has a role; user NULL: all.  *n out. */
enum err projects_of_user(struct op *, const char *user,
	    struct project_row **, int *n);

struct new_token {
	const char	*hash, *user, *project, *audit;	/* project NULL: unscoped */
	int		 secs;
	const char	*parent;	/* hash of the token it was got with, or NULL */
};
enum err token_add(struct op *, const struct new_token *);
enum err token_find(struct op *, const char *hash, struct token_row *);	/* ERR_NOT_FOUND */
enum err token_remove(struct op *, const char *hash);	/* gone already: OK */

#endif
