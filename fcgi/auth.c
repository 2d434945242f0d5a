#include "fcgi/auth.h"

#include "fcgi/shared.h"
#include "lib/base/conf.h"

#include <string.h>

#define TOKEN_MAX 8192		/* bytes of a token that are worth a look */

/* A driver of the cloud's identity is one more line. */
static const struct identity_driver *const drivers[] = {
	&identity_static, &identity_keystone, NULL
};
static const struct identity_driver *driver;

enum err
auth_open(struct op *op)
{
	const char *name = conf_str("identity.driver");
	const struct identity_driver *const *d = drivers;

	while (*d != NULL && strcmp((*d)->name, name) != 0)
		d++;
	if (*d == NULL)
		return op_fail(op, ERR_BAD_REQUEST,
		    "identity.driver: there is no driver %s", name);
	driver = *d;
	return driver->open != NULL ? driver->open(op) : OK;
}

bool
auth_is_static(void)
{
	return driver == &identity_static;
}

void
token_hash(const char *token, char hex[TOKEN_HEX])
{
	unsigned char hash[SEAL_HASH];

	seal_hash(hash, token, strlen(token));
	text_hex(hex, hash, sizeof(hash));
}

const char *
auth_base(struct request *r)
{
	const char *url = conf_str("api.public_url");

	return *url != '\0' ? r->base : op_printf(&r->op, "http://%s",
	    r->host);
}

static enum err
refuse(struct request *r)
{
	reply_header(r, "WWW-Authenticate", op_printf(&r->op,
	    "Keystone uri=\"%s\"", auth_is_static() ?
	    op_printf(&r->op, "%s/v3", auth_base(r)) :
	    conf_str("keystone.auth_url")));
	return op_fail(&r->op, ERR_UNAUTHORIZED,
	    "The request you have made requires authentication.");
}

/* From the cache, or from the driver. */
static enum err
ask(struct request *r, const struct identity_ask *what, struct caller *c)
{
	size_t n = what->token != NULL ? strlen(what->token) : 0;
	unsigned char hash[SEAL_HASH];
	struct identity is = { 0 };
	enum err e;

	if (n == 0 || n > TOKEN_MAX)
		return refuse(r);
	seal_hash(hash, what->token, n);
	if (token_cached(&r->op, hash, c))
		return OK;
	e = driver->authenticate(&r->op, what, &is);
	if (e != OK)
		return e == ERR_UNAUTHORIZED ? refuse(r) : e;
	*c = (struct caller){
		.user = is.user, .user_name = is.user_name,
		.project = is.project, .project_name = is.project_name,
		.admin = is.admin, .member = is.member, .reader = is.reader,
		.service = is.service,
	};
	token_cache(hash, c, is.expires, conf_int("identity.cache"));
	return OK;
}

enum err
auth_token(struct request *r)
{
	struct identity_ask what = { .token = r->token };
	struct identity_ask sender = { .token = r->service_token };
	struct caller service = { 0 };

	if (sender.token != NULL && *sender.token != '\0')
		TRY(ask(r, &sender, &service));
	what.expired_too = service.service;
	return ask(r, &what, &r->caller);
}

enum err
auth_tenant(struct request *r)
{
	const char *mine = r->caller.project;

	if (mine != NULL && r->tenant != NULL &&
	    strcmp(mine, r->tenant) == 0)
		return OK;
	return op_fail(&r->op, ERR_FORBIDDEN,
	    "User with tenant id %s cannot access this resource.",
	    mine != NULL ? mine : "None");
}

static bool
may(const struct request *r)
{
	const struct caller *c = &r->caller;

	switch (r->route->who) {
	case ANYONE:
	case ANY_TOKEN:
		return true;
	case OWNER:
	case ACCOUNT:
		return c->admin || c->member ||
		    (c->reader && (r->method == GET || r->method == HEAD));
	case ADMIN:
	case MGMT:
		break;
	}
	return c->admin;
}

enum err
auth_policy(struct request *r)
{
	if (may(r))
		return OK;
	if (r->route->who == MGMT)
		return op_fail(&r->op, ERR_UNAUTHORIZED,
		    "User does not have admin privileges.");
	return op_fail(&r->op, ERR_FORBIDDEN,
	    "Policy doesn't allow %s to be performed.", r->route->rule);
}
