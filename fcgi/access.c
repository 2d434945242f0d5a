/* Which databases a user may use. */
#include "fcgi/fields.h"
#include "fcgi/handlers.h"
#include "fcgi/names.h"
#include "fcgi/users.h"
#include "fcgi/views.h"

#include "lib/store/tasks.h"

static const char before[] = "Error loading user: ";

static enum err
user_with_databases(struct request *r, struct guest *g, struct user_id *u)
{
	TRY(user_of(r, before, g, u));
	return names_databases_check(&r->op, g->manager);
}

/* The guest's list; ERR_NOT_FOUND when there is no such user. */
static enum err
ask(struct request *r, const struct guest *g, const struct user_id *u,
    const struct json **list)
{
	const struct json *answer;
	struct jsonw w;
	enum err e;

	order_user(&w, &r->op, u);
	e = guest_read(r, g, ORDER_ACCESS, order_done(&w), &answer);
	if (e == ERR_NOT_FOUND)
		return user_missing(r, u);
	TRY(e);
	*list = json_get(answer, "databases");
	return OK;
}

enum err
access_list(struct request *r)
{
	const struct json *list;
	struct user_id u;
	struct guest g;

	TRY(user_with_databases(r, &g, &u));
	TRY(ask(r, &g, &u, &list));
	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, "databases");
	view_databases(r, list);
	jsonw_map_end(&r->out);
	return OK;
}

/* The databases need not exist; none may be the service's own. */
enum err
access_grant(struct request *r)
{
	const struct json *list = body(r, "databases"), *had;
	struct user_id u;
	struct guest g;
	struct jsonw w;
	bool ended;
	size_t i;
	enum err e;

	TRY(user_with_databases(r, &g, &u));
	for (i = 0; i < items_count(list); i++)
		TRY(name_grant(&r->op, g.manager, before,
		    json_str(json_get(items_at(list, i), "name"))));
	if (items_count(list) == 0) {
		TRY(ask(r, &g, &u, &had));
		return reply_empty(r, 202);
	}
	order_user(&w, &r->op, &u);
	order_databases(&w, list);
	e = guest_do(r, &g, TASK_GRANT, order_done(&w), &ended);
	if (e == ERR_NOT_FOUND)
		return user_missing(r, &u);
	TRY(e);
	return reply_empty(r, 202);
}

/* Asked before, because a 404 says whether the user or the grant is missing. */
static enum err
granted_check(struct request *r, const struct guest *g,
    const struct user_id *u, const char *name)
{
	const struct json *list;

	TRY(ask(r, g, u, &list));
	if (view_databases_has(list, name))
		return OK;
	return op_fail(&r->op, ERR_NOT_FOUND,
	    "Database %s cannot be found on the instance.", name);
}

enum err
access_revoke(struct request *r)
{
	struct user_id u;
	struct guest g;
	struct jsonw w;
	bool ended;

	TRY(user_with_databases(r, &g, &u));
	TRY(name_database(&r->op, g.manager, before, r->arg[3]));
	TRY(granted_check(r, &g, &u, r->arg[3]));
	order_user(&w, &r->op, &u);
	jsonw_kstr(&w, "database", r->arg[3]);
	TRY(guest_do(r, &g, TASK_REVOKE, order_done(&w), &ended));
	return reply_empty(r, 202);
}
