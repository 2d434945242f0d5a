/*
 * serve - the way of every request, in the contract's order: token, tenant
 * segment, rate, route, body, fields, handler.
 */
#include "fcgi/api.h"

#include "fcgi/attempt.h"
#include "fcgi/auth.h"
#include "fcgi/fields.h"
#include "fcgi/media.h"
#include "fcgi/object_admit.h"
#include "fcgi/query.h"
#include "fcgi/ratelimit.h"
#include "fcgi/route.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"
#include "lib/cloud/storage.h"
#include "lib/store/instances.h"

#include <stdlib.h>
#include <string.h>

static bool
is_tenants(const struct request *r)
{
	return strncmp(r->path, "/v1.0", 5) == 0 &&
	    (r->path[5] == '/' || r->path[5] == '\0');
}

/* Nobody without a token learns which paths exist. */
static bool
needs_token(const struct request *r)
{
	if (r->route != NULL && !conf_bool("api.stock"))
		return r->route->who != ANYONE;
	return is_tenants(r);
}

static enum err
admit(struct request *r)
{
	if (r->route != NULL && r->route->who == ACCOUNT)
		return object_admit(r);
	if (!needs_token(r))
		return OK;
	TRY(auth_token(r));
	if (!is_tenants(r))
		return OK;
	TRY(auth_tenant(r));
	return ratelimit_check(r);
}

/* A body that the route does not want is as none; at Keystone's part also one without a Content-Type. */
static enum err
take_body(struct request *r)
{
	struct op *op = &r->op;

	if (r->raw_too_large)
		return op_fail(op, ERR_OVER_LIMIT,
		    "The request body is larger than %d bytes.",
		    conf_int("api.body_max"));
	if (r->route->body == NULL)
		return OK;
	if (r->raw_len > 0 && (is_tenants(r) ||
	    (r->content_type != NULL && *r->content_type != '\0')))
		TRY(media_body(r));
	return fields_check(op, r->route->body, r->body);
}

/* nginx keeps them apart, so that no dead guest can hold up the main pool. */
static enum err
check_pool(struct request *r)
{
	if (r->route->pool == r->pool ||
	    (r->route->pool == MAIN && r->pool == ASKS_GUEST))
		return OK;
	return op_fail(&r->op, ERR_INTERNAL, "a request came to another "
	    "pool than its own: nginx does not divide them as "
	    "nginx/coffer.conf does");
}

/*
 * The reference remembers on the instance why it would not do what was asked,
 * unless that was another version.
 */
static enum err
refused(struct request *r, enum err e)
{
	const char *why = r->op.why;

	if (conf_bool("api.stock") && r->op.instance != NULL &&
	    r->method != GET && err_status(e) / 100 == 4 &&
	    e != ERR_FORBIDDEN && e != ERR_NOT_FOUND &&
	    body(r, "instance/datastore_version") == NULL &&
	    instance_refused(&r->op, r->op.instance, why) != OK)
		log_warn(&r->op, "%s", r->op.why);
	return e != OK ? op_fail(&r->op, e, "%s", why) : OK;
}

/* Browsers ask first, without a token; they are told nothing, and so allowed nothing. */
static bool
is_preflight(const struct request *r)
{
	return r->method == OPTIONS && r->route == NULL;
}

/* A cloud has its own Keystone, and an older contract more routes. */
static bool
is_served(const struct request *r)
{
	switch (r->route->only) {
	case STATIC_IDENTITY:
		return auth_is_static();
	case NOT_STOCK:
		return !conf_bool("api.stock");
	case STORAGE_FILE:
		return storage_is_served();
	case EVERYWHERE:
		break;
	}
	return true;
}

static enum err
find_route(struct request *r)
{
	TRY(route_request(r));
	if (is_served(r))
		return OK;
	r->route = NULL;
	return op_fail(&r->op, ERR_NOT_FOUND,
	    "The resource could not be found.");
}

static enum err
serve(struct request *r)
{
	enum err found = find_route(r);
	const char *why = r->op.why;

	if (is_preflight(r)) {
		r->type = "";
		return reply_empty(r, 200);
	}
	TRY(admit(r));
	if (found != OK)
		return op_fail(&r->op, found, "%s", why);
	if (r->route->who == ACCOUNT) {	/* its body is no JSON, and not read yet */
		TRY(check_pool(r));
		return r->route->handler(r);
	}
	if (r->route->who != MGMT || r->route->handler == NULL)
		TRY(auth_policy(r));
	TRY(check_pool(r));
	TRY(query_parse(r));
	if (r->route->handler == NULL)
		return op_fail(&r->op, ERR_NOT_BUILT,
		    "%s %s is not implemented yet.", method_word(r->method),
		    r->route->path);
	TRY(take_body(r));
	if (r->route->who == MGMT)	/* operators' bodies are looked at first */
		TRY(auth_policy(r));
	return refused(r, attempt(r));
}

/* It stands in links and in a header: what is no host and port counts as none. */
static bool
is_host(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]");

	return n > 0 && n < 256 && s[n] == '\0';
}

static const char *
base_of(struct request *r)
{
	const char *url = conf_str("api.public_url");
	size_t n = strlen(url);

	if (n == 0)
		return op_printf(&r->op, "https://%s", r->host);
	while (n > 0 && url[n - 1] == '/')
		n--;
	return op_strndup(&r->op, url, n);
}

/* Failures of ours were logged where they became faults. */
static void
note(const struct request *r)
{
	enum log_level level = r->method == GET || r->method == HEAD ?
	    LOG_DEBUG : LOG_INFO;

	if (r->status >= 400)
		log_event(level, &r->op, "%d %s %s: %s", r->status,
		    method_word(r->method), r->path, r->op.why != NULL ?
		    r->op.why : "-");
	else
		log_event(level, &r->op, "%d %s %s", r->status,
		    method_word(r->method), r->path);
}

void
request_serve(struct request *r)
{
	enum err e;

	text_begin(&r->headers, &r->op, 256);
	if (r->host == NULL || !is_host(r->host))
		r->host = "localhost";
	r->base = base_of(r);
	r->path = r->uri;
	e = media_negotiate(r);
	if (e == OK)
		e = serve(r);
	if (e != OK)
		reply_error(r, e);
	media_answer(r);
	note(r);
}

/* --- asking the body --------------------------------------------------------- */

const struct json *
body(const struct request *r, const char *path)
{
	return json_get(r->body, path);
}

const char *
body_str(const struct request *r, const char *path)
{
	return json_str(body(r, path));
}

/* Digits beyond what an int64 holds are as good as its greatest. */
int64_t
body_int(const struct request *r, const char *path)
{
	const struct json *v = body(r, path);
	const char *s = json_str(v);

	if (json_kind(v) == JSON_REAL && json_real(v) >= 0x1p63)
		return INT64_MAX;
	return s != NULL ? (int64_t)strtoll(s, NULL, 10) : json_int(v);
}
