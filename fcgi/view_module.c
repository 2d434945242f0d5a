#include "fcgi/views.h"

#include <string.h>

/* "all" is how the API says any. */
static void
scope(struct jsonw *w, const struct module *m, const struct catalog *c)
{
	const struct datastore_row *d = catalog_datastore(c, m->datastore_id);
	const struct version_row *v = catalog_version(c, m->version_id);

	jsonw_kstr(w, "tenant", m->tenant != NULL ? m->tenant : "all");
	jsonw_kstr(w, "datastore", d != NULL ? d->name :
	    m->datastore_id != NULL ? m->datastore_id : "all");
	jsonw_kstr(w, "datastore_version", v != NULL ? v->name :
	    m->version_id != NULL ? m->version_id : "all");
}

void
view_module(struct request *r, const struct catalog *c,
    const struct module *m, enum module_form form)
{
	struct jsonw *w = &r->out;

	jsonw_map(w);
	jsonw_kstr(w, "id", m->id);
	jsonw_kstr(w, "name", m->name);
	jsonw_kstr(w, "type", m->type);
	jsonw_kstr(w, "description", m->description);
	jsonw_kstr(w, "tenant_id", m->tenant);
	jsonw_kstr(w, "datastore_id", m->datastore_id);
	jsonw_kstr(w, "datastore_version_id", m->version_id);
	jsonw_kbool(w, "auto_apply", m->auto_apply);
	jsonw_kbool(w, "priority_apply", m->priority_apply);
	jsonw_kint(w, "apply_order", m->apply_order);
	jsonw_kbool(w, "is_admin", m->is_admin);
	jsonw_kstr(w, "md5", m->md5);
	jsonw_kbool(w, "visible", m->visible);
	view_time(r, "created", m->created);
	view_time(r, "updated", m->updated);
	scope(w, m, c);
	if (form != MODULE_LISTED)
		jsonw_kbool(w, "live_update", m->live_update);
	if (form == MODULE_SHOWN)
		jsonw_kint(w, "instance_count", m->instances);
	jsonw_map_end(w);
}

/* The names are ours; of the guest's words only how it went is believed. */
void
view_applied(struct request *r, const struct catalog *c,
    const struct module *m, const struct json *said, const char *contents)
{
	struct jsonw *w = &r->out;

	jsonw_map(w);
	jsonw_kstr(w, "id", m->id);
	jsonw_kstr(w, "name", m->name);
	jsonw_kstr(w, "type", m->type);
	scope(w, m, c);
	jsonw_kstr(w, "md5", json_str(json_get(said, "md5")));
	jsonw_kstr(w, "status", json_str(json_get(said, "status")));
	jsonw_kstr(w, "message", json_str(json_get(said, "message")));
	jsonw_kstr(w, "created", json_str(json_get(said, "created")));
	jsonw_kstr(w, "updated", json_str(json_get(said, "updated")));
	jsonw_kstr(w, "removed", NULL);
	jsonw_kbool(w, "auto_apply", m->auto_apply);
	jsonw_kbool(w, "visible", m->visible);
	jsonw_kbool(w, "is_admin", m->is_admin);
	jsonw_kstr(w, "contents", contents);
	jsonw_map_end(w);
}

void
view_module_count(struct request *r, const struct module *m,
    const struct module_count *n)
{
	struct jsonw *w = &r->out;

	jsonw_map(w);
	jsonw_kstr(w, "module_name", m->name);
	jsonw_kstr(w, "module_id", m->id);
	jsonw_kstr(w, "module_md5", n->md5);
	jsonw_kint(w, "instance_count", n->n);
	jsonw_kbool(w, "current", strcmp(n->md5, m->md5) == 0);
	view_time(r, "min_updated_date", n->first);
	view_time(r, "max_updated_date", n->last);
	jsonw_map_end(w);
}

void
order_module(struct jsonw *w, const struct module *m, const char *contents)
{
	jsonw_map(w);
	jsonw_kstr(w, "id", m->id);
	jsonw_kstr(w, "name", m->name);
	jsonw_kstr(w, "type", m->type);
	jsonw_kstr(w, "md5", m->md5);
	jsonw_kstr(w, "contents", contents);
	jsonw_map_end(w);
}

void
order_module_id(struct jsonw *w, const struct module *m)
{
	jsonw_kstr(w, "id", m->id);
}
