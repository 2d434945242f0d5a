/*
 * identity - who is calling: a driver turns a token into the names and roles
 * that it stands for.  The static driver keeps them in the metadata store.
 */
#ifndef LIB_CLOUD_IDENTITY_H
#define LIB_CLOUD_IDENTITY_H

#include "lib/base/op.h"

#include <stdbool.h>
#include <stdint.h>

struct identity {			/* texts are the op's */
	const char	*user, *user_name;
	const char	*project, *project_name;	/* NULL: unscoped */
	bool		 admin, member, reader;
	bool		 service;	/* may vouch for a token that ran out */
	int64_t		 expires;	/* seconds since 1970 */
};

struct identity_ask {
	const char	*token;
	bool		 expired_too;	/* a service vouches: it may have run out on the way */
};

struct identity_driver {
	const char	*name;
	enum err	(*open)(struct op *);	/* once per process; may be NULL */
	/*
	 * ERR_UNAUTHORIZED: not known, run out, or revoked.  ERR_UNAVAILABLE:
	 * it cannot be told now.
	 */
	enum err	(*authenticate)(struct op *, const struct identity_ask *,
			    struct identity *);
};

extern const struct identity_driver identity_keystone;

#endif
