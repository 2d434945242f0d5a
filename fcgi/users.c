#include "fcgi/accounts.h"
#include "fcgi/fields.h"
#include "fcgi/handlers.h"
#include "fcgi/names.h"
#include "fcgi/query.h"
#include "fcgi/users.h"
#include "fcgi/views.h"

#include "lib/store/tasks.h"

#include <string.h>

enum err
users_list(struct request *r)
{
	const struct json *answer;
	const char *next;
	struct guest g;
	struct page page;

	TRY(guest_page_of(r, &page));
	TRY(guest_of(r, &g));
	TRY(guest_read(r, &g, ORDER_USERS, order_page(&r->op, &page),
	    &answer));
	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, "users");
	view_users(r, json_get(answer, "users"));
	if ((next = json_str(json_get(answer, "next"))) != NULL)
		page_links(r, "users", next);
	jsonw_map_end(&r->out);
	return OK;
}

/* Users of a request, checked, as a task's args; NULL: none were named. */
static enum err
users_args(struct request *r, const struct guest *g, const char *before,
    const char **args)
{
	const struct json *list = body(r, "users");
	struct jsonw w;

	*args = NULL;
	TRY(users_check(&r->op, g->manager, before, list));
	TRY(users_databases_check(&r->op, g->manager, before, list));
	if (items_count(list) == 0)
		return OK;
	jsonw_begin(&w, &r->op, 256);
	jsonw_map(&w);
	order_users(&w, list);
	*args = order_done(&w);
	return OK;
}

enum err
users_create(struct request *r)
{
	const char *args;
	struct guest g;
	bool ended;

	TRY(guest_of(r, &g));
	TRY(users_args(r, &g, "User create error: ", &args));
	if (args != NULL)
		TRY(guest_do(r, &g, TASK_USER_CREATE, args, &ended));
	return reply_empty(r, 202);
}

enum err
users_passwords(struct request *r)
{
	const char *args;
	struct guest g;
	bool ended;

	TRY(guest_of(r, &g));
	TRY(users_args(r, &g, "Error loading user: ", &args));
	if (args != NULL)
		TRY(guest_do(r, &g, TASK_USER_PASSWORDS, args, &ended));
	return reply_empty(r, 202);
}

/* --- one user ----------------------------------------------------------------- */

/*
 * Clients encode a user once or twice, so it is decoded until nothing is left
 * to decode; a % that stands for itself does not decode and ends it.
 */
void
user_id_read(struct request *r, const char *arg, struct user_id *u)
{
	const char *again, *at;
	int turn;

	for (turn = 0; turn < 3; turn++) {
		again = text_unescape(&r->op, arg, strlen(arg));
		if (again == NULL || strcmp(again, arg) == 0)
			break;
		arg = again;
	}
	u->text = u->name = arg;
	u->host = "%";
	if ((at = strrchr(arg, '@')) == NULL)
		return;
	u->name = op_strndup(&r->op, arg, at - arg);
	if (at[1] != '\0')
		u->host = at + 1;
}

enum err
user_of(struct request *r, const char *before, struct guest *g,
    struct user_id *u)
{
	TRY(guest_of(r, g));
	user_id_read(r, r->arg[2], u);
	TRY(name_user(&r->op, g->manager, before, u->name));
	return name_host(&r->op, g->manager, before, u->host);
}

enum err
user_missing(struct request *r, const struct user_id *u)
{
	return op_fail(&r->op, ERR_NOT_FOUND,
	    "User %s cannot be found on the instance.", u->text);
}

enum err
user_show(struct request *r)
{
	const struct json *answer;
	struct user_id u;
	struct guest g;
	struct jsonw w;
	enum err e;

	TRY(user_of(r, "User show error: ", &g, &u));
	order_user(&w, &r->op, &u);
	e = guest_read(r, &g, ORDER_USER, order_done(&w), &answer);
	if (e == ERR_NOT_FOUND)
		return user_missing(r, &u);
	TRY(e);
	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, "user");
	view_user(r, answer);
	jsonw_map_end(&r->out);
	return OK;
}

/* What it is to become keeps the rules, too. */
static enum err
target_check(struct request *r, const char *manager)
{
	const char *before = "User update error: ";
	const char *name = body_str(r, "user/name");
	const char *host = body_str(r, "user/host");
	const char *password = body_str(r, "user/password");

	if (name != NULL)
		TRY(name_user(&r->op, manager, before, name));
	if (host != NULL)
		TRY(name_host(&r->op, manager, before, host));
	if (password != NULL)
		TRY(name_password(&r->op, before, password));
	if (name == NULL && host == NULL && password == NULL)
		return op_fail(&r->op, ERR_BAD_REQUEST, "Validation error: "
		    "user does not have enough properties");
	return OK;
}

enum err
user_update(struct request *r)
{
	struct user_id u;
	struct guest g;
	struct jsonw w;
	bool ended;
	enum err e;

	TRY(user_of(r, "Error loading user: ", &g, &u));
	TRY(target_check(r, g.manager));
	order_user(&w, &r->op, &u);
	order_user_target(&w, body(r, "user"));
	e = guest_do(r, &g, TASK_USER_UPDATE, order_done(&w), &ended);
	if (e == ERR_NOT_FOUND)
		return user_missing(r, &u);
	TRY(e);
	return reply_empty(r, 202);
}

enum err
user_delete(struct request *r)
{
	struct user_id u;
	struct guest g;
	struct jsonw w;
	bool ended;
	enum err e;

	TRY(user_of(r, "User delete error: ", &g, &u));
	order_user(&w, &r->op, &u);
	e = guest_do(r, &g, TASK_USER_DELETE, order_done(&w), &ended);
	if (e == ERR_NOT_FOUND)
		return user_missing(r, &u);
	TRY(e);
	return reply_empty(r, 202);
}
