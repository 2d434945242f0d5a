#include "lib/store/identity.h"

#include "lib/base/log.h"
#include "lib/store/store.h"

enum err
user_find(struct op *op, const char *id, const char *name,
    struct user_row *u)
{
	struct rows rows;

	TRY(STORE_READ(op, &rows, IDENTITY_USER, id, name));
	if (rows_count(&rows) == 0)
		return op_fail(op, ERR_NOT_FOUND, "no such user");
	*u = (struct user_row){
		.id = row_str(&rows, 0, 0),
		.name = row_str(&rows, 0, 1),
		.password_hash = row_str(&rows, 0, 2),
	};
	return OK;
}

enum err
projects_of_user(struct op *op, const char *user, struct project_row **p,
    int *n)
{
	struct rows rows;

	if (user != NULL)
		TRY(STORE_READ(op, &rows, IDENTITY_PROJECTS_OF, user));
	else
		TRY(STORE_READ(op, &rows, IDENTITY_PROJECTS, NULL));
	*n = rows_count(&rows);
	*p = op_alloc(op, ((size_t)*n + 1) * sizeof(**p));
	for (int i = 0; i < *n; i++) {
		(*p)[i].id = row_str(&rows, i, 0);
		(*p)[i].name = row_str(&rows, i, 1);
	}
	return OK;
}

enum err
token_add(struct op *op, const struct new_token *t)
{
	TRY(STORE_WRITE(op, NULL, IDENTITY_TOKEN_ADD, t->hash, t->user,
	    t->project, t->audit, store_num(op, t->secs), t->parent));
	/* Two sweeps may get in each other's way: the next login does it. */
	if (STORE_WRITE(op, NULL, IDENTITY_TOKENS_SWEEP, NULL) != OK)
		log_debug(op, "sweep of tokens: %s", op->why);
	return OK;
}

enum err
token_find(struct op *op, const char *hash, struct token_row *t)
{
	struct rows rows;

	TRY(STORE_READ(op, &rows, IDENTITY_TOKEN, hash));
	if (rows_count(&rows) == 0)
		return op_fail(op, ERR_NOT_FOUND, "no such token");
	*t = (struct token_row){
		.user = row_str(&rows, 0, 0),
		.user_name = row_str(&rows, 0, 1),
		.project = row_str(&rows, 0, 2),
		.project_name = row_str(&rows, 0, 3),
		.audit = row_str(&rows, 0, 4),
		.issued = row_str(&rows, 0, 5),
		.expires = row_str(&rows, 0, 6),
		.expires_at = row_int(&rows, 0, 7),
		.admin = row_bool(&rows, 0, 8),
		.member = row_bool(&rows, 0, 9),
		.reader = row_bool(&rows, 0, 10),
	};
	return OK;
}

enum err
token_remove(struct op *op, const char *hash)
{
	return STORE_WRITE(op, NULL, IDENTITY_TOKEN_REMOVE, hash);
}
