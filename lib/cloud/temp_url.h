/*
 * temp_url - Swift's temporary URLs: a signature over method, expiry and path
 * lets whoever has it do that one thing for so long, without a token.  Where a
 * prefix is signed it holds for every object whose name begins so.
 */
#ifndef LIB_CLOUD_TEMP_URL_H
#define LIB_CLOUD_TEMP_URL_H

#include "lib/base/op.h"

#include <stdint.h>

struct temp_url {
	const char	*key;		/* of the account */
	const char	*method;
	const char	*account, *container;	/* decoded */
	const char	*object;	/* its name, or the prefix that was signed */
	int64_t		 expires;	/* seconds since 1970 */
};

/* "temp_url_sig=...&temp_url_expires=...&temp_url_prefix=...", for all that begin with object. */
const char	*temp_url_query(struct op *, const struct temp_url *);

/* As they came in a query, decoded; NULL: was not there. */
struct temp_url_asked { const char *sig, *expires, *prefix; };
/*
 * Is what is asked for (t's object is its whole name, its expires unset) what
 * was signed, and in time?  What may be written may be looked at, too: a HEAD
 * passes with either signature.  ERR_UNAUTHORIZED.
 */
enum err	 temp_url_check(struct op *, const struct temp_url *t,
		    const struct temp_url_asked *, int64_t now);

/* A path with what would end a segment escaped, "/" of an object's name not. */
const char	*temp_url_path(struct op *, const char *account,
		    const char *container, const char *object);

/* The account's key of the file driver: made of the master key. */
const char	*temp_url_key(struct op *, const char *tenant);

#endif
