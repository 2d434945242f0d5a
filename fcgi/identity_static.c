/*
 * The identity driver "static": projects, users and roles in the metadata
 * store, made by the operator.
 */
#include "fcgi/auth.h"

#include "lib/store/identity.h"

static enum err
static_authenticate(struct op *op, const struct identity_ask *ask,
    struct identity *is)
{
	char hash[TOKEN_HEX];
	struct token_row t;
	enum err e;

	token_hash(ask->token, hash);
	e = token_find(op, hash, &t);
	if (e == ERR_NOT_FOUND)
		return op_fail(op, ERR_UNAUTHORIZED, "no such token");
	if (e != OK)
		return e;
	*is = (struct identity){
		.user = t.user, .user_name = t.user_name,
		.project = t.project, .project_name = t.project_name,
		.admin = t.admin, .member = t.member, .reader = t.reader,
		.expires = t.expires_at,
	};
	return OK;
}

const struct identity_driver identity_static = {
	.name = "static",
	.authenticate = static_authenticate,
};
