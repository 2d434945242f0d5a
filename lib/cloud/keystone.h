/*
 * keystone - the service account that this process has at Keystone v3: logs
 * in by password, keeps its token, logs in again when it is refused or about
 * to run out.  What Keystone says is a stranger's data.
 */
#ifndef LIB_CLOUD_KEYSTONE_H
#define LIB_CLOUD_KEYSTONE_H

#include "lib/base/json.h"

#include <stdint.h>

/* ERR_BAD_REQUEST: a setting of [keystone] is missing. */
enum err	 keystone_open(struct op *);

struct keystone_ask {
	const char	*method, *path;	/* below .../v3, "/auth/tokens" */
	const char	*const *headers;	/* http.h; NULL: none */
};
struct keystone_answer {
	int		 status;	/* never 401: that is ERR_UNAVAILABLE */
	const struct json *body;	/* NULL: no JSON */
};

/*
 * ERR_UNAVAILABLE: Keystone is away, too slow, does not know the account, or
 * says 5xx; ERR_CLOUD: it answers nonsense.
 */
enum err	 keystone_call(struct op *, const struct keystone_ask *,
		    struct keystone_answer *);

/* "2030-01-01T00:00:00.000000Z" in seconds since 1970; 0: not understood. */
int64_t		 keystone_time(const char *);

#endif
