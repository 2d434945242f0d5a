/*
 * keystone - the service account that this process has at Keystone v3: logs
 * in by password, keeps its token, logs in again when it is refused or about
 * to run out.  What Keystone says is a stranger's data.
 */
#ifndef LIB_CLOUD_KEYSTONE_H
#define LIB_CLOUD_KEYSTONE_H

#include "lib/base/json.h"
#include "lib/wire/http.h"

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

/*
 * Where the catalog has a service in coffer.region, at one interface ("public";
 * NULL: that of keystone.interface), with another project in the place of the
 * account's own, and no slash at the end.  ERR_CLOUD: it has none, or none of
 * a project's.
 */
enum err	 keystone_endpoint(struct op *, const char *type,
		    const char *interface, const char *project,
		    const char **url);
/*
 * To any service, with the account's token in front of the headers (at most
 * KEYSTONE_HEADERS of them), and a new one when that is refused.
 */
#define KEYSTONE_HEADERS 64
enum err	 keystone_send(struct op *, struct http *,
		    const struct http_request *, struct http_answer *);

/* "2030-01-01T00:00:00.000000Z" in seconds since 1970; 0: not understood. */
int64_t		 keystone_time(const char *);

#endif
