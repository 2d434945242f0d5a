#include "fcgi/object_admit.h"

#include "fcgi/auth.h"
#include "fcgi/query.h"
#include "fcgi/ratelimit.h"
#include "fcgi/route.h"
#include "fcgi/stream.h"
#include "lib/base/clock.h"
#include "lib/cloud/temp_url.h"

#include <string.h>

#define ACCOUNTS "AUTH_"

const char *
stream_param(const struct stream *s, const char *name)
{
	size_t n = strlen(name);

	for (const char *const *p = s->params; p != NULL && *p != NULL; p++)
		if (strncmp(*p, name, n) == 0 && (*p)[n] == '=')
			return *p + n + 1;
	return NULL;
}

bool
object_by_temp_url(const struct request *r)
{
	return query(r, "temp_url_sig") != NULL ||
	    query(r, "temp_url_expires") != NULL;
}

/* An object's alone: no signature is over a container. */
static enum err
by_temp_url(struct request *r)
{
	struct temp_url t = { .method = method_word(r->method),
	    .account = r->arg[0], .container = r->arg[1],
	    .object = r->arg[2] };
	const struct temp_url_asked asked = {
		query(r, "temp_url_sig"), query(r, "temp_url_expires"),
		query(r, "temp_url_prefix"),
	};

	if (r->tenant == NULL || t.object == NULL)
		return op_fail(&r->op, ERR_UNAUTHORIZED,
		    "Temp URL: it is not for this.");
	t.key = temp_url_key(&r->op, r->tenant);
	return temp_url_check(&r->op, &t, &asked,
	    clock_wall_us() / 1000000);
}

/* Guests come by a socket of their own, where only temp URLs count. */
static bool
is_guest(const struct request *r)
{
	const char *door = r->stream != NULL ? stream_param(r->stream,
	    "COFFER_DOOR") : NULL;

	return door != NULL && *door != '\0';
}

static enum err
by_token(struct request *r)
{
	if (is_guest(r))
		r->token = NULL;
	TRY(auth_token(r));
	TRY(auth_tenant(r));
	TRY(ratelimit_check(r));
	return auth_policy(r);
}

enum err
object_admit(struct request *r)
{
	const char *account = r->arg[0];

	r->wants_xml = false;		/* ".xml" is part of a name here */
	r->tenant = strncmp(account, ACCOUNTS, strlen(ACCOUNTS)) == 0 ?
	    account + strlen(ACCOUNTS) : NULL;
	TRY(query_parse(r));
	return object_by_temp_url(r) ? by_temp_url(r) : by_token(r);
}
