/*
 * identity_v3 - as much of Keystone's v3 API as clients need in order to log
 * in with an ordinary openrc and to find the database service: of the static
 * identity only.
 */
#include "fcgi/handlers.h"

#include "fcgi/auth.h"
#include "fcgi/ratelimit.h"
#include "fcgi/shared.h"
#include "fcgi/view_identity.h"
#include "lib/base/conf.h"
#include "lib/store/identity.h"

#include <string.h>
#include <strings.h>

#define PASSWORD_MAX	4096
#define FAILURES	30	/* a minute for one user name */

const struct field login_fields[] = {
	{ "auth",                                 MAP,  REQUIRED },
	{ "auth/identity",                        MAP,  REQUIRED },
	{ "auth/identity/methods",                LIST, REQUIRED, 1, 8 },
	{ "auth/identity/methods[]",              NES },
	{ "auth/identity/password",               MAP },
	{ "auth/identity/password/user",          MAP,  REQUIRED },
	{ "auth/identity/password/user/id",       NES,  EITHER },
	{ "auth/identity/password/user/name",     NES,  EITHER },
	{ "auth/identity/password/user/password", STR,  REQUIRED | HIDDEN, 0, PASSWORD_MAX },
	{ "auth/identity/password/user/domain",   MAP },
	{ "auth/identity/token",                  MAP },
	{ "auth/identity/token/id",               STR,  REQUIRED | HIDDEN, 1, 255 },
	{ "auth/scope",                           ANY },
	{ "auth/scope/project",                   MAP },
	{ "auth/scope/project/id",                NES,  EITHER },
	{ "auth/scope/project/name",              NES,  EITHER },
	{ "auth/scope/project/domain",            MAP },
	{ 0 }
};

/*
 * Verified when there is no such user, so that both take the same time; of the
 * same cost as those of seal_password_hash() (identity_test compares them).
 */
const char identity_no_hash[] =
    "$argon2id$v=19$m=19456,t=2,p=1$POT2May6A"
    "cBmCwRTD+SzIA$4bgXJR09laF1bmAiYhdPqQKZf7TnWPYL7636pjIkze4";

static enum err
refuse(struct request *r)
{
	return op_fail(&r->op, ERR_UNAUTHORIZED,
	    "The request you have made requires authentication.");
}

/* There is one domain, and it may be left out. */
static bool
is_our_domain(const struct json *d)
{
	const char *id = json_str(json_get(d, "id"));
	const char *name = json_str(json_get(d, "name"));

	return (id == NULL || strcmp(id, "default") == 0) &&
	    (name == NULL || strcasecmp(name, "Default") == 0);
}

/* Failures are counted by the name that was tried, known or not. */
static enum err
check_failures(struct request *r, const char *who)
{
	if (ratelimit_left(who, POST, FAILURES) > 0)
		return OK;
	r->retry_after = 60 / FAILURES;
	return op_fail(&r->op, ERR_RATE_LIMIT, "Only %d logins of one user "
	    "can fail every minute.", FAILURES);
}

static enum err
by_password(struct request *r, const char **user)
{
	const struct json *u = body(r, "auth/identity/password/user");
	const char *id = json_str(json_get(u, "id"));
	const char *name = json_str(json_get(u, "name"));
	const char *password = json_str(json_get(u, "password"));
	const char *who = op_printf(&r->op, "login %s", id != NULL ? id :
	    name != NULL ? name : "");
	struct user_row row = { .password_hash = identity_no_hash };
	enum err e;
	bool good;

	if (u == NULL)
		return refuse(r);
	TRY(check_failures(r, who));
	e = user_find(&r->op, id, id != NULL ? NULL : name, &row);
	if (e != OK && e != ERR_NOT_FOUND)
		return e;
	good = seal_password_ok(row.password_hash, password);
	if (e != OK || !good || !is_our_domain(json_get(u, "domain"))) {
		ratelimit_take(who, POST, FAILURES);
		return refuse(r);
	}
	*user = row.id;
	return OK;
}

static enum err
by_token(struct request *r, const char **user, const char **parent)
{
	const char *token = body_str(r, "auth/identity/token/id");
	char *hash = op_alloc(&r->op, TOKEN_HEX);
	struct token_row t;
	enum err e;

	if (token == NULL)
		return refuse(r);
	token_hash(token, hash);
	e = token_find(&r->op, hash, &t);
	if (e != OK)
		return e == ERR_NOT_FOUND ? refuse(r) : e;
	*user = t.user;
	*parent = hash;
	return OK;
}

/* What is asked for and not the user's is refused as a wrong password is. */
static enum err
scope_of(struct request *r, const char *user, const char **project)
{
	const struct json *scope = body(r, "auth/scope");
	const struct json *p = json_get(scope, "project");
	const char *id = json_str(json_get(p, "id"));
	const char *name = json_str(json_get(p, "name"));
	struct project_row *mine;
	int n;

	*project = NULL;
	if (scope == NULL || (json_str(scope) != NULL &&
	    strcmp(json_str(scope), "unscoped") == 0))
		return OK;
	if (p == NULL || !is_our_domain(json_get(p, "domain")))
		return refuse(r);
	TRY(projects_of_user(&r->op, user, &mine, &n));
	for (int i = 0; i < n; i++)
		if (id != NULL ? strcmp(mine[i].id, id) == 0 :
		    strcmp(mine[i].name, name) == 0)
			*project = mine[i].id;
	return *project != NULL ? OK : refuse(r);
}

static char *
random_hex(struct op *op, size_t n)
{
	unsigned char bytes[64];
	char *hex = op_alloc(op, 2 * n + 1);

	seal_random(bytes, n);
	text_hex(hex, bytes, n);
	return hex;
}

enum err
token_issue(struct request *r)
{
	const struct json *methods = body(r, "auth/identity/methods");
	const char *method = json_str(json_at(methods, 0));
	const char *token = random_hex(&r->op, 32);
	char hash[TOKEN_HEX];
	struct new_token t = { .hash = hash,
	    .audit = random_hex(&r->op, 16),
	    .secs = conf_int("identity.token_ttl") };
	struct token_row row;

	if (json_count(methods) != 1)
		return refuse(r);
	if (strcmp(method, "password") == 0)
		TRY(by_password(r, &t.user));
	else if (strcmp(method, "token") == 0)
		TRY(by_token(r, &t.user, &t.parent));
	else
		return refuse(r);
	TRY(scope_of(r, t.user, &t.project));
	token_hash(token, hash);
	TRY(token_add(&r->op, &t));
	TRY(token_find(&r->op, hash, &row));
	reply_header(r, "X-Subject-Token", token);
	view_token(r, 201, method, &row);
	return OK;
}

/* Everybody may ask about tokens of their own, an admin about any. */
static enum err
subject(struct request *r, char hash[TOKEN_HEX], struct token_row *t)
{
	enum err e;

	if (r->subject_token == NULL || *r->subject_token == '\0')
		return op_fail(&r->op, ERR_BAD_REQUEST,
		    "X-Subject-Token is missing.");
	token_hash(r->subject_token, hash);
	e = token_find(&r->op, hash, t);
	if (e == ERR_NOT_FOUND)
		return op_fail(&r->op, e, "Could not find token.");
	TRY(e);
	if (!r->caller.admin && strcmp(t->user, r->caller.user) != 0)
		return op_fail(&r->op, ERR_FORBIDDEN,
		    "You are not authorized to perform the requested action.");
	return OK;
}

enum err
token_show(struct request *r)
{
	char hash[TOKEN_HEX];
	struct token_row t;

	TRY(subject(r, hash, &t));
	reply_header(r, "X-Subject-Token", r->subject_token);
	view_token(r, 200, "password", &t);
	return OK;
}

enum err
token_check(struct request *r)
{
	char hash[TOKEN_HEX];
	struct token_row t;

	TRY(subject(r, hash, &t));
	reply_header(r, "X-Subject-Token", r->subject_token);
	return reply_empty(r, 200);
}

enum err
token_revoke(struct request *r)
{
	unsigned char key[SEAL_HASH];
	char hash[TOKEN_HEX];
	struct token_row t;

	TRY(subject(r, hash, &t));
	TRY(token_remove(&r->op, hash));
	seal_hash(key, r->subject_token, strlen(r->subject_token));
	token_forget(key);
	return reply_empty(r, 204);
}

enum err
auth_projects(struct request *r)
{
	struct project_row *p;
	int n;

	TRY(projects_of_user(&r->op, r->caller.user, &p, &n));
	view_projects(r, "/v3/auth/projects", p, n);
	return OK;
}

enum err
auth_catalog(struct request *r)
{
	struct jsonw *w;

	if (r->caller.project == NULL)
		return op_fail(&r->op, ERR_FORBIDDEN,
		    "The catalog belongs to a token with a project.");
	w = reply_json(r, 200);
	jsonw_map(w);
	view_catalog(r, r->caller.project);
	jsonw_map_end(w);
	return OK;
}

/* An admin's list is of all projects: their tools look names up in it. */
static enum err
seen_projects(struct request *r, struct project_row **p, int *n)
{
	return projects_of_user(&r->op,
	    r->caller.admin ? NULL : r->caller.user, p, n);
}

enum err
projects_list(struct request *r)
{
	const char *name = query(r, "name");
	struct project_row *p;
	int n, kept = 0;

	TRY(seen_projects(r, &p, &n));
	for (int i = 0; i < n; i++)
		if (name == NULL || strcmp(p[i].name, name) == 0)
			p[kept++] = p[i];
	view_projects(r, "/v3/projects", p, kept);
	return OK;
}

enum err
project_show(struct request *r)
{
	struct project_row *p;
	int n;

	TRY(seen_projects(r, &p, &n));
	for (int i = 0; i < n; i++) {
		if (strcmp(p[i].id, r->arg[0]) != 0)
			continue;
		view_project(r, &p[i]);
		return OK;
	}
	return op_fail(&r->op, ERR_NOT_FOUND, "Could not find project.");
}
