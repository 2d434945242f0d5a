#include "fcgi/view_attempt.h"

#include "fcgi/fields.h"
#include "lib/store/tasks.h"

#include <string.h>

#define NAMES_MAX 4096		/* bytes of names in one event */

static void
view_steps(struct jsonw *w, enum task_kind kind)
{
	const char *const *step = task_steps(kind);

	jsonw_key(w, "steps");
	jsonw_list(w);
	for (; *step != NULL; step++)
		jsonw_str(w, *step);
	jsonw_list_end(w);
}

static void
view_tasks(struct jsonw *w, const struct dry *d)
{
	const struct event *e;

	jsonw_key(w, "tasks");
	jsonw_list(w);
	for (e = d->event; e < d->event + d->events; e++) {
		enum task_kind kind = e->task_kind == NULL ? TASK__MAX :
		    task_kind_find(e->task_kind);

		if (kind == TASK__MAX)
			continue;
		jsonw_map(w);
		jsonw_kstr(w, "kind", task_kind_word(kind));
		view_steps(w, kind);
		jsonw_map_end(w);
	}
	jsonw_list_end(w);
}

static bool
restarts(const struct dry *d)
{
	const struct event *e;

	for (e = d->event; e < d->event + d->events; e++)
		if (e->task_kind != NULL &&
		    task_kind_restarts(task_kind_find(e->task_kind)))
			return true;
	return d->restart;
}

static void
view_quota(struct jsonw *w, const struct dry *d)
{
	jsonw_key(w, "quota");
	jsonw_list(w);
	for (int i = 0; i < QUOTAS; i++) {
		jsonw_map(w);
		jsonw_kstr(w, "resource", d->after[i].resource);
		jsonw_kint(w, "limit", d->after[i].limit);
		jsonw_kint(w, "before", d->before[i].used);
		jsonw_kint(w, "after", d->after[i].used);
		jsonw_map_end(w);
	}
	jsonw_list_end(w);
}

void
view_dry(struct request *r, const struct dry *d)
{
	struct jsonw *w = reply_json(r, 200);

	jsonw_map(w);
	jsonw_key(w, "dry_run");
	jsonw_map(w);
	jsonw_kint(w, "status", d->status);
	view_tasks(w, d);
	jsonw_kbool(w, "restart_required", restarts(d));
	view_quota(w, d);
	jsonw_key(w, "events");
	jsonw_list(w);
	for (int i = 0; i < d->events; i++)
		jsonw_str(w, d->event[i].type);
	jsonw_list_end(w);
	jsonw_map_end(w);
	jsonw_map_end(w);
}

const char *
view_kept(struct request *r)
{
	struct jsonw w;

	jsonw_begin(&w, &r->op, r->out.out.len + 512);
	jsonw_map(&w);
	jsonw_kstr(&w, "type", r->type);
	jsonw_kstr(&w, "headers", r->headers.s);
	jsonw_kstr(&w, "body", r->has_body ? r->out.out.s : NULL);
	jsonw_map_end(&w);
	return w.out.s;
}

/* --- the context of events ---------------------------------------------------- */

/* The path's argument of this name; NULL: the route has none. */
static const char *
arg(const struct request *r, const char *name)
{
	const char *p = r->route->path;
	int i = 0;

	for (; (p = strchr(p, '{')) != NULL; p++, i++)
		if (strncmp(p + 1, name, strlen(name)) == 0 &&
		    p[1 + strlen(name)] == '}')
			return r->arg[i];
	return NULL;
}

/* "a,b" from [{"name": "a"}, {"name": "b"}]. */
static void
joined(struct jsonw *w, struct request *r, const char *key, const char *path,
    char between)
{
	const struct json *list = body(r, path);
	const char *name;
	struct text t;

	if (items_count(list) == 0)
		return;
	text_begin(&t, &r->op, 128);
	for (size_t i = 0; i < items_count(list) && t.len < NAMES_MAX; i++) {
		name = json_str(json_get(items_at(list, i), "name"));
		if (i > 0)
			text_addc(&t, between);
		text_add(&t, name != NULL ? name : "");
	}
	jsonw_kstr(w, key, t.s);
}

/* What the contract calls traits of the requests that work inside a guest. */
static void
view_names(struct jsonw *w, struct request *r)
{
	const char *user = arg(r, "user"), *name = arg(r, "name");

	if (user != NULL) {
		jsonw_kstr(w, "username", user);
		joined(w, r, "database", "databases", ',');
	} else {
		joined(w, r, "username", "users", ',');
		joined(w, r, "dbname", body(r, "database") != NULL ?
		    "database" : "databases", '.');
	}
	if (name != NULL)
		jsonw_kstr(w, user != NULL ? "database" : "dbname", name);
}

const char *
view_context(struct request *r)
{
	struct jsonw w;

	jsonw_begin(&w, &r->op, 256);
	jsonw_map(&w);
	jsonw_kstr(&w, "server_type", "api");
	jsonw_kstr(&w, "request_id", r->op.id);
	jsonw_kstr(&w, "client_ip", r->client);
	jsonw_kstr(&w, "server_ip", r->host);
	jsonw_kstr(&w, "user_id", r->caller.user);
	if (strstr(r->route->path, "/instances/{id}/") != NULL)
		view_names(&w, r);
	jsonw_map_end(&w);
	return w.out.s;
}
