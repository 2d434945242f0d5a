#include "fcgi/accounts.h"
#include "fcgi/fields.h"
#include "fcgi/guest.h"
#include "fcgi/handlers.h"
#include "fcgi/names.h"
#include "fcgi/query.h"
#include "fcgi/views.h"

#include "lib/base/engines.h"
#include "lib/store/tasks.h"

static enum err
guest_with_databases(struct request *r, struct guest *g)
{
	TRY(guest_of(r, g));
	return names_databases_check(&r->op, g->manager);
}

enum err
databases_list(struct request *r)
{
	const struct json *answer;
	const char *next;
	struct guest g;
	struct page page;

	TRY(guest_page_of(r, &page));
	TRY(guest_with_databases(r, &g));
	TRY(guest_read(r, &g, ORDER_DATABASES, order_page(&r->op, &page),
	    &answer));
	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, "databases");
	view_databases(r, json_get(answer, "databases"));
	if ((next = json_str(json_get(answer, "next"))) != NULL)
		page_links(r, "databases", next);
	jsonw_map_end(&r->out);
	return OK;
}

enum err
databases_create(struct request *r)
{
	const struct json *list = body(r, "databases");
	struct guest g = { 0 };
	struct jsonw w;
	bool ended;
	enum err e;

	if (list == NULL)
		list = body(r, "database");
	e = guest_with_databases(r, &g);
	/* A name that no engine takes is said first. */
	if (g.manager != NULL && !names_databases(g.manager))
		TRY(databases_check(&r->op, ENGINE_USUAL, list));
	TRY(e);
	TRY(databases_check(&r->op, g.manager, list));
	if (items_count(list) == 0)
		return reply_empty(r, 202);
	jsonw_begin(&w, &r->op, 256);
	jsonw_map(&w);
	order_databases(&w, list);
	TRY(guest_do(r, &g, TASK_DATABASE_CREATE, order_done(&w), &ended));
	return reply_empty(r, 202);
}

/* The contract has the route and no answer to it. */
enum err
database_show(struct request *r)
{
	struct guest g;

	TRY(guest_with_databases(r, &g));
	return op_fail(&r->op, ERR_NOT_BUILT,
	    "The 'show_database' operation is not supported.");
}

enum err
database_delete(struct request *r)
{
	const char *name = r->arg[2];
	struct guest g;
	struct jsonw w;
	bool ended;
	enum err e;

	TRY(guest_with_databases(r, &g));
	TRY(name_database(&r->op, g.manager, name_database_is_reserved(name) ?
	    "Database delete error: Cannot delete database: " :
	    "Database delete error: ", name));
	jsonw_begin(&w, &r->op, 128);
	jsonw_map(&w);
	jsonw_kstr(&w, "name", name);
	e = guest_do(r, &g, TASK_DATABASE_DELETE, order_done(&w), &ended);
	if (e == ERR_NOT_FOUND)
		return op_fail(&r->op, e,
		    "Database %s cannot be found on the instance.", name);
	TRY(e);
	return reply_empty(r, 202);
}
