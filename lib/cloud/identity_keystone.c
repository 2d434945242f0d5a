/*
 * The identity driver "keystone": projects, users and roles of an OpenStack
 * cloud.  Tokens of trusts and of application credentials are like any other,
 * but for those that carry access rules: without the header that asks for
 * them Keystone does not show such tokens, and they are refused.
 */
#include "lib/base/conf.h"
#include "lib/base/text.h"
#include "lib/cloud/identity.h"
#include "lib/cloud/keystone.h"

#include <string.h>

#define ID_MOST		64		/* what Keystone's own columns hold */
#define NAME_MOST	255

static bool
is_listed(struct op *op, const char *setting, const char *role)
{
	char **r = text_split(op, conf_str(setting), ",");

	while (*r != NULL && strcmp(*r, role) != 0)
		r++;
	return *r != NULL;
}

/* Ids become part of paths and rows: nothing but what Keystone makes ids of. */
static bool
is_id(const char *s)
{
	size_t n = s != NULL ? strspn(s, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") : 0;

	return n > 0 && n <= ID_MOST && s[n] == '\0';
}

static const char *
name_of(const struct json *what, const char *id)
{
	const char *s = json_str(json_get(what, "name"));

	return s != NULL && *s != '\0' && strlen(s) <= NAME_MOST ? s : id;
}

static void
roles_of(struct op *op, const struct json *token, struct identity *is)
{
	const struct json *roles = json_get(token, "roles");

	is->member = is->project != NULL &&
	    strcmp(conf_str("keystone.member_roles"), "*") == 0;
	for (size_t i = 0; i < json_count(roles); i++) {
		const char *role = json_str(json_get(json_at(roles, i),
		    "name"));

		if (role == NULL)
			continue;
		is->admin |= is_listed(op, "keystone.admin_roles", role);
		is->member |= is_listed(op, "keystone.member_roles", role);
		is->reader |= is_listed(op, "keystone.reader_roles", role);
		is->service |= is_listed(op, "keystone.service_roles", role);
	}
}

static enum err
read_token(struct op *op, const struct json *token, struct identity *is)
{
	const struct json *user = json_get(token, "user");
	const struct json *project = json_get(token, "project");

	is->user = json_str(json_get(user, "id"));
	is->user_name = name_of(user, is->user);
	is->project = json_str(json_get(project, "id"));
	is->project_name = name_of(project, is->project);
	is->expires = keystone_time(json_str(json_get(token, "expires_at")));
	if (!is_id(is->user) || is->expires == 0 ||
	    (is->project != NULL && !is_id(is->project)))
		return op_fail(op, ERR_CLOUD,
		    "Keystone describes a token that cannot be one");
	roles_of(op, token, is);
	return OK;
}

static enum err
keystone_authenticate(struct op *op, const struct identity_ask *what,
    struct identity *is)
{
	const char *const headers[] = { "X-Subject-Token", what->token, NULL };
	const struct keystone_ask ask = {
		.method = "GET", .headers = headers,
		.path = what->expired_too ?
		    "/auth/tokens?nocatalog&allow_expired=1" :
		    "/auth/tokens?nocatalog",
	};
	struct keystone_answer a;
	enum err e = keystone_call(op, &ask, &a);

	/* A token that no header can hold is nobody's. */
	if (e == ERR_BAD_REQUEST || (e == OK && (a.status == 404 ||
	    a.status == 400)))
		return op_fail(op, ERR_UNAUTHORIZED, "no such token");
	if (e == OK && a.status != 200)
		e = op_fail(op, ERR_CLOUD, "Keystone answers a token's "
		    "validation with %d", a.status);
	if (e == OK)
		e = read_token(op, json_get(a.body, "token"), is);
	/* Whatever it was: who is calling cannot be told now. */
	return e == ERR_CLOUD ? ERR_UNAVAILABLE : e;
}

const struct identity_driver identity_keystone = {
	.name = "keystone",
	.open = keystone_open,
	.authenticate = keystone_authenticate,
};
