/* Bodies of orders to guests: the args of tasks, and questions. */
#include "fcgi/views.h"

#include "fcgi/fields.h"
#include "fcgi/users.h"

const char *
order_page(struct op *op, const struct page *page)
{
	struct jsonw w;

	jsonw_begin(&w, op, 128);
	jsonw_map(&w);
	jsonw_kint(&w, "limit", page->limit);
	if (page->marker != NULL)
		jsonw_kstr(&w, "marker", page->marker);
	return order_done(&w);
}

void
order_user(struct jsonw *w, struct op *op, const struct user_id *u)
{
	jsonw_begin(w, op, 128);
	jsonw_map(w);
	jsonw_kstr(w, "name", u->name);
	jsonw_kstr(w, "host", u->host);
}

static void
optional(struct jsonw *w, const char *key, const struct json *from)
{
	const char *s = json_str(json_get(from, key));

	if (s != NULL)
		jsonw_kstr(w, key, s);
}

void
order_user_target(struct jsonw *w, const struct json *to)
{
	jsonw_key(w, "to");
	jsonw_map(w);
	optional(w, "name", to);
	optional(w, "host", to);
	optional(w, "password", to);
	jsonw_map_end(w);
}

void
order_databases(struct jsonw *w, const struct json *list)
{
	const struct json *item;
	size_t i;

	jsonw_key(w, "databases");
	jsonw_list(w);
	for (i = 0; i < items_count(list); i++) {
		item = items_at(list, i);
		jsonw_map(w);
		jsonw_kstr(w, "name", json_str(json_get(item, "name")));
		optional(w, "character_set", item);
		optional(w, "collate", item);
		jsonw_map_end(w);
	}
	jsonw_list_end(w);
}

void
order_users(struct jsonw *w, const struct json *list)
{
	const struct json *item;
	const char *host;
	size_t i;

	jsonw_key(w, "users");
	jsonw_list(w);
	for (i = 0; i < items_count(list); i++) {
		item = items_at(list, i);
		host = json_str(json_get(item, "host"));
		jsonw_map(w);
		jsonw_kstr(w, "name", json_str(json_get(item, "name")));
		jsonw_kstr(w, "host", host != NULL ? host : "%");
		optional(w, "password", item);
		order_databases(w, json_get(item, "databases"));
		jsonw_map_end(w);
	}
	jsonw_list_end(w);
}

const char *
order_done(struct jsonw *w)
{
	jsonw_map_end(w);
	return w->out.s;
}

void
store_access(struct jsonw *w, const struct json *access, bool first)
{
	const struct json *public = json_get(access, "is_public");
	const struct json *cidrs = json_get(access, "allowed_cidrs");
	size_t i;

	jsonw_map(w);
	if (public != NULL)
		jsonw_kbool(w, "is_public", json_true(public));
	if (cidrs != NULL) {
		jsonw_key(w, "allowed_cidrs");
		jsonw_list(w);
		for (i = 0; i < json_count(cidrs); i++)
			jsonw_str(w, json_str(json_at(cidrs, i)));
		if (first && i == 0)
			jsonw_str(w, "0.0.0.0/0");
		jsonw_list_end(w);
	}
	jsonw_map_end(w);
}
