/*
 * accounts - the rules that lists of databases and users in a request must
 * keep, for POST /instances as for the instance's own collections.
 * before: what an error's text begins with ("User create error: ").
 */
#ifndef FCGI_ACCOUNTS_H
#define FCGI_ACCOUNTS_H

#include "lib/base/json.h"
#include "lib/base/op.h"

enum err	 databases_check(struct op *, const char *manager,
		    const struct json *list);
/* Only name, host and password. */
enum err	 users_check(struct op *, const char *manager,
		    const char *before, const struct json *list);
/* The names of the databases that users are to see. */
enum err	 users_databases_check(struct op *, const char *manager,
		    const char *before, const struct json *users);
/* ... and that all of them stand in the same request. */
enum err	 users_subset_check(struct op *, const struct json *users,
		    const struct json *databases);

#endif
