/*
 * aws4 - signatures of Amazon's kind (Signature Version 4) in an address's
 * query: whoever has the address may do that one thing, for so long, without
 * the key.  Bodies are not signed.
 */
#ifndef LIB_CLOUD_AWS4_H
#define LIB_CLOUD_AWS4_H

#include "lib/base/op.h"

#include <stdint.h>

struct aws4_key { const char *id, *secret, *region; };

struct aws4 {
	const char	*method;
	const char	*host;		/* as the Host header says it */
	const char	*path;		/* escaped */
	const char	*query;		/* "partNumber=1&uploadId=x": escaped, by name, each with "="; or "" */
	const char	*const *headers;	/* to be signed, too: lower-case name, value ..., NULL, by name; may be NULL */
	int64_t		 now;		/* seconds since 1970 */
	int		 seconds;	/* for which it holds; a week at the most */
};

/* What is there before any signature is: "X-Amz-Algorithm=...&X-Amz-SignedHeaders=host" and the query's own. */
const char	*aws4_query(struct op *, const struct aws4_key *,
		    const struct aws4 *);
/* 64 digits that go behind query + "&X-Amz-Signature=". */
const char	*aws4_sign(struct op *, const struct aws4_key *,
		    const struct aws4 *, const char *query);

#endif
