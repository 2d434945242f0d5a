#include "fcgi/views.h"
#include "lib/base/conf.h"
#include "lib/store/schedules.h"

/* Null: it was not tried, or not yet. */
static void
view_verified(struct request *r, const struct backup *b)
{
	jsonw_key(&r->out, "verified");
	if (b->verified == NULL)
		jsonw_null(&r->out);
	else
		jsonw_bool(&r->out, *b->verified == 't');
	view_time(r, "verified_at", b->verified_at);
	jsonw_kstr(&r->out, "verify_error", b->verify_error);
}

void
view_backup(struct request *r, const struct version_row *v,
    const struct backup *b)
{
	struct jsonw *w = &r->out;

	jsonw_map(w);
	jsonw_kstr(w, "id", b->id);
	jsonw_kstr(w, "name", b->name);
	jsonw_kstr(w, "description", b->description);
	jsonw_kstr(w, "locationRef", b->location);
	jsonw_kstr(w, "instance_id", b->instance);
	view_time(r, "created", b->created);
	view_time(r, "updated", b->updated);
	jsonw_key(w, "size");
	jsonw_raw(w, b->size != NULL ? b->size : "null");
	jsonw_kstr(w, "status", b->state);
	jsonw_kstr(w, "parent_id", b->parent);
	jsonw_kstr(w, "project_id", b->tenant);
	if (!conf_bool("api.stock"))
		view_verified(r, b);
	if (v != NULL) {
		jsonw_key(w, "datastore");
		jsonw_map(w);
		jsonw_kstr(w, "type", v->of->name);
		jsonw_kstr(w, "version", v->name);
		jsonw_kstr(w, "version_id", v->id);
		jsonw_map_end(w);
	}
	jsonw_map_end(w);
}

void
view_strategy(struct request *r, const struct strategy *s)
{
	struct jsonw *w = &r->out;

	jsonw_map(w);
	jsonw_kstr(w, "project_id", s->tenant);
	jsonw_kstr(w, "instance_id", s->instance);
	jsonw_kstr(w, "backend", "swift");
	jsonw_kstr(w, "swift_container", s->container);
	jsonw_map_end(w);
}

static void
view_number(struct jsonw *w, const char *key, int n)
{
	jsonw_key(w, key);
	if (n == 0)
		jsonw_null(w);
	else
		jsonw_int(w, n);
}

static void
view_last(struct jsonw *w, const struct schedule *s)
{
	jsonw_key(w, "last_backup");
	if (s->last_backup == NULL) {
		jsonw_null(w);
		return;
	}
	jsonw_map(w);
	jsonw_kstr(w, "id", s->last_backup);
	jsonw_kstr(w, "status", s->last_state);
	jsonw_map_end(w);
}

void
view_schedule(struct request *r, const struct schedule *s)
{
	struct jsonw *w = &r->out;

	jsonw_map(w);
	jsonw_kstr(w, "id", s->id);
	jsonw_kstr(w, "name", s->name);
	jsonw_kstr(w, "description", s->description);
	jsonw_kstr(w, "project_id", s->tenant);
	jsonw_kstr(w, "instance_id", s->instance);
	jsonw_kstr(w, "cron", s->cron);
	jsonw_kstr(w, "timezone", s->zone);
	view_number(w, "keep_last", s->keep_last);
	view_number(w, "keep_days", s->keep_days);
	jsonw_kint(w, "full_every", s->full_every);
	jsonw_kbool(w, "enabled", s->enabled);
	view_time(r, "next_run", s->next_run);
	view_time(r, "last_run", s->last_run);
	view_last(w, s);
	jsonw_kstr(w, "last_error", s->last_error);
	view_time(r, "created", s->created);
	view_time(r, "updated", s->updated);
	jsonw_map_end(w);
}
