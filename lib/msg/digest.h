/*
 * digest - what a guest knew of its data when it backed them up, so that they
 * can be known again after a restore: its tables, or whatever an engine has, and
 * of those that nobody changed meanwhile a sum.  As JSON:
 *   {"version", "more", "parts": [{"path": ["shop", "orders"], "sum"}]}
 */
#ifndef LIB_MSG_DIGEST_H
#define LIB_MSG_DIGEST_H

#include "lib/base/json.h"
#include "lib/base/jsonw.h"

#define DIGEST_DEPTH	3
#define DIGEST_PARTS	400
#define DIGEST_MOST	(32 << 10)	/* bytes of JSON */

struct digest_part {
	const char	*path[DIGEST_DEPTH];	/* from the outermost; NULL: no further */
	const char	*sum;		/* NULL: it is there, no more is known */
};
struct digest {
	const char	*version;	/* of the server: another's sums may differ */
	bool		 more;		/* there were more of them */
	struct digest_part *part;
	int		 n;
};

/* A stranger's word: ERR_GUEST unless it is exactly that, and no longer. */
enum err	 digest_read(struct op *, const struct json *, struct digest *);
/* As many parts as there is room for. */
const char	*digest_write(struct op *, const struct digest *);
const char	*digest_name(struct op *, const struct digest_part *);	/* "shop.orders" */

#endif
