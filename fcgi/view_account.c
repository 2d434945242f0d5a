/* Databases and their users, as guests tell of them. */
#include "fcgi/views.h"

#include "fcgi/names.h"

#include <string.h>

static const char *
name_of(const struct json *item)
{
	return json_kind(item) == JSON_STR ? json_str(item) :
	    json_str(json_get(item, "name"));
}

void
view_databases(struct request *r, const struct json *list)
{
	const char *name;
	size_t i;

	jsonw_list(&r->out);
	for (i = 0; i < json_count(list); i++) {
		name = name_of(json_at(list, i));
		if (name == NULL || name_database_is_ours(name))
			continue;
		jsonw_map(&r->out);
		jsonw_kstr(&r->out, "name", name);
		jsonw_map_end(&r->out);
	}
	jsonw_list_end(&r->out);
}

void
view_user(struct request *r, const struct json *user)
{
	jsonw_map(&r->out);
	jsonw_kstr(&r->out, "name", name_of(user));
	jsonw_kstr(&r->out, "host", json_str(json_get(user, "host")));
	jsonw_key(&r->out, "databases");
	view_databases(r, json_get(user, "databases"));
	jsonw_map_end(&r->out);
}

void
view_users(struct request *r, const struct json *list)
{
	const char *name;
	size_t i;

	jsonw_list(&r->out);
	for (i = 0; i < json_count(list); i++) {
		name = name_of(json_at(list, i));
		if (name != NULL && !name_user_is_ours(name))
			view_user(r, json_at(list, i));
	}
	jsonw_list_end(&r->out);
}

bool
view_databases_has(const struct json *list, const char *name)
{
	const char *s;
	size_t i;

	for (i = 0; i < json_count(list); i++) {
		s = name_of(json_at(list, i));
		if (s != NULL && strcmp(s, name) == 0)
			return true;
	}
	return false;
}

void
view_root(struct request *r, const char *name, const char *password,
    bool number)
{
	jsonw_map(&r->out);
	jsonw_kstr(&r->out, "name", name);
	jsonw_key(&r->out, "password");
	if (number)
		jsonw_raw(&r->out, password);
	else
		jsonw_str(&r->out, password);
	jsonw_map_end(&r->out);
}
