#include "fcgi/views.h"

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
