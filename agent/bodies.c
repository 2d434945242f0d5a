#include "agent/bodies.h"
#include "agent/names.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#define PAGE_MOST	1000
#define ANSWER_MOST	(40 * 1024)	/* bytes of a page; a message holds 64 KiB */
#define ROWS_MOST	(56 * 1024)	/* with its last row, unless that is the only one */

static bool
is_given(const char *s)
{
	return s != NULL && *s != '\0';	/* an empty text counts as none */
}

static enum err
list_check(struct op *op, const struct json *list, const char *what)
{
	if (json_kind(list) != JSON_LIST && json_kind(list) != JSON_NULL)
		return op_fail(op, ERR_BAD_REQUEST, "%s is no list.", what);
	return OK;
}

static enum err
database_read(struct op *op, const struct json *j, struct db_database *d)
{
	const char *charset = json_str(json_get(j, "character_set"));
	const char *collate = json_str(json_get(j, "collate"));

	*d = (struct db_database){
		.name = json_str(json_get(j, "name")),
		.charset = is_given(charset) ? charset : NULL,
		.collate = is_given(collate) ? collate : NULL,
	};
	TRY(names_database(op, d->name));
	if (d->charset != NULL)
		TRY(names_charset(op, d->charset));
	if (d->collate != NULL)
		TRY(names_charset(op, d->collate));
	return OK;
}

enum err
body_databases(struct op *op, const struct json *list,
    const struct db_database **out)
{
	size_t n = json_count(list);
	struct db_database *d = op_alloc(op, (n + 1) * sizeof(*d));

	TRY(list_check(op, list, "databases"));
	for (size_t i = 0; i < n; i++) {
		TRY(database_read(op, json_at(list, i), &d[i]));
		for (size_t k = 0; k < i; k++)
			if (strcmp(d[k].name, d[i].name) == 0)
				return op_fail(op, ERR_BAD_REQUEST,
				    "Database %s is named twice.", d[i].name);
	}
	*out = d;
	return OK;
}

enum err
body_user(struct op *op, const struct json *map, struct db_user *u)
{
	const char *host = json_str(json_get(map, "host"));

	*u = (struct db_user){
		.name = json_str(json_get(map, "name")),
		.host = is_given(host) ? host : "%",
	};
	TRY(names_user(op, u->name));
	return names_host(op, u->host);
}

enum err
body_granted(struct op *op, const struct json *list, struct db_user *u)
{
	size_t n = json_count(list);
	const char **names = op_alloc(op, (n + 1) * sizeof(*names));

	TRY(list_check(op, list, "databases"));
	for (size_t i = 0; i < n; i++) {
		const struct json *j = json_at(list, i);

		names[i] = json_str(json_kind(j) == JSON_MAP ?
		    json_get(j, "name") : j);
		TRY(names_grant(op, names[i]));
	}
	u->databases = names;
	return OK;
}

static enum err
user_read(struct op *op, const struct json *j, struct db_user *u)
{
	TRY(body_user(op, j, u));
	u->password = json_str(json_get(j, "password"));
	TRY(names_password(op, u->password));
	return body_granted(op, json_get(j, "databases"), u);
}

enum err
body_users(struct op *op, const struct json *list, const struct db_user **out)
{
	size_t n = json_count(list);
	struct db_user *u = op_alloc(op, (n + 1) * sizeof(*u));

	TRY(list_check(op, list, "users"));
	for (size_t i = 0; i < n; i++) {
		TRY(user_read(op, json_at(list, i), &u[i]));
		for (size_t k = 0; k < i; k++)
			if (strcmp(u[k].name, u[i].name) == 0 &&
			    strcmp(u[k].host, u[i].host) == 0)
				return op_fail(op, ERR_BAD_REQUEST,
				    "User %s is named twice.", u[i].name);
	}
	*out = u;
	return OK;
}

enum err
body_user_change(struct op *op, const struct json *map, struct db_user *to)
{
	*to = (struct db_user){
		.name = json_str(json_get(map, "name")),
		.host = json_str(json_get(map, "host")),
		.password = json_str(json_get(map, "password")),
	};
	if (to->name != NULL)
		TRY(names_user(op, to->name));
	if (to->host != NULL)
		TRY(names_host(op, to->host));
	if (to->password != NULL)
		TRY(names_password(op, to->password));
	if (to->name == NULL && to->host == NULL && to->password == NULL)
		return op_fail(op, ERR_BAD_REQUEST, "Nothing is to change.");
	return OK;
}

/* --- settings ------------------------------------------------------------------- */

static enum err
setting_read(struct op *op, const struct json *j, struct db_setting *s)
{
	switch (json_kind(j)) {
	case JSON_BOOL:
		s->value = json_true(j) ? "1" : "0";
		break;
	case JSON_INT:
		s->value = op_printf(op, "%" PRId64, json_int(j));
		break;
	case JSON_BIG:
		s->value = op_printf(op, "%" PRIu64, json_big(j));
		break;
	case JSON_REAL:
		s->value = op_printf(op, "%.15g", json_real(j));
		break;
	case JSON_STR:
		s->value = json_str(j);
		break;
	default:
		return op_fail(op, ERR_BAD_REQUEST, "%s has no value.",
		    s->name);
	}
	s->number = json_kind(j) != JSON_STR;
	return s->number ? OK : names_setting_value(op, s->value);
}

enum err
body_settings(struct op *op, const struct json *map,
    const struct db_setting **out)
{
	struct db_setting *s = op_alloc(op,
	    (json_count(map) + 1) * sizeof(*s));
	const struct json *value;
	const char *name;
	void *at = NULL;
	int n = 0;

	if (json_kind(map) != JSON_MAP && json_kind(map) != JSON_NULL)
		return op_fail(op, ERR_BAD_REQUEST, "values is no map.");
	while (json_next(map, &at, &name, &value)) {
		TRY(names_setting(op, name));
		s[n].name = name;
		for (int i = 0; i < n; i++)
			if (strcasecmp(s[i].name, name) == 0)
				return op_fail(op, ERR_BAD_REQUEST,
				    "%s is set twice.", name);
		TRY(setting_read(op, value, &s[n++]));
	}
	*out = s;
	return OK;
}

/* --- answers -------------------------------------------------------------------- */

enum err
body_page(struct op *op, const struct json *body, struct listing *l)
{
	const struct json *limit = json_get(body, "limit");
	int64_t n = json_int(limit);

	if (limit != NULL && (json_kind(limit) != JSON_INT || n < 0))
		return op_fail(op, ERR_BAD_REQUEST, "limit is no number.");
	l->limit = n == 0 || n > PAGE_MOST ? PAGE_MOST : (int)n;
	l->page = (struct db_page){
		.limit = l->limit + 1,
		.marker = json_str(json_get(body, "marker")),
	};
	return OK;
}

/* True when this row is for the next page. */
static bool
page_is_full(struct listing *l)
{
	if (l->count == l->limit || l->answer->out.len > ANSWER_MOST)
		l->more = true;
	return l->more;
}

static void
names_write(struct jsonw *w, const char *const *names)
{
	jsonw_key(w, "databases");
	jsonw_list(w);
	for (; names != NULL && *names != NULL; names++) {
		jsonw_map(w);
		jsonw_kstr(w, "name", *names);
		jsonw_map_end(w);
	}
	jsonw_list_end(w);
}

enum err
body_database_row(struct op *op, void *arg, const char *name,
    const char *host, const char *const *databases)
{
	struct listing *l = arg;

	(void)host;
	(void)databases;
	if (page_is_full(l))
		return OK;
	l->count++;
	l->last = op_strdup(op, name);
	jsonw_map(l->answer);
	jsonw_kstr(l->answer, "name", name);
	jsonw_map_end(l->answer);
	return OK;
}

enum err
body_user_members(struct op *op, void *arg, const char *name,
    const char *host, const char *const *databases)
{
	struct jsonw *w = arg;

	(void)op;
	jsonw_kstr(w, "name", name);
	jsonw_kstr(w, "host", host);
	names_write(w, databases);
	return OK;
}

enum err
body_user_row(struct op *op, void *arg, const char *name, const char *host,
    const char *const *databases)
{
	struct listing *l = arg;
	struct jsonw *w = l->answer;
	size_t len = w->out.len;
	bool comma = w->comma;

	if (page_is_full(l))
		return OK;
	jsonw_map(w);
	TRY(body_user_members(op, w, name, host, databases));
	jsonw_map_end(w);
	if (l->count > 0 && w->out.len > ROWS_MOST) {
		text_end(&w->out, w->out.s + len);	/* for the next page */
		w->comma = comma;
		l->more = true;
		return OK;
	}
	l->count++;
	l->last = op_printf(op, "%s@%s", name, host);
	return OK;
}

enum err
body_access_members(struct op *op, void *arg, const char *name,
    const char *host, const char *const *databases)
{
	(void)op;
	(void)name;
	(void)host;
	names_write(arg, databases);
	return OK;
}

enum err
body_ignore_row(struct op *op, void *arg, const char *name, const char *host,
    const char *const *databases)
{
	(void)op;
	(void)arg;
	(void)name;
	(void)host;
	(void)databases;
	return OK;
}
