#include "fcgi/views.h"

#include "lib/base/conf.h"

#include <stdlib.h>
#include <string.h>

/* Old clients want a number; what is none they read from str_id. */
static bool
is_number(const char *id)
{
	return id[strspn(id, "0123456789")] == '\0' && *id != '\0' &&
	    (*id != '0' || id[1] == '\0') && strlen(id) < 19;
}

void
view_flavor(struct request *r, const struct flavor_row *f)
{
	struct jsonw *w = &r->out;

	jsonw_map(w);
	jsonw_key(w, "id");
	if (is_number(f->id))
		jsonw_int(w, strtoll(f->id, NULL, 10));
	else
		jsonw_null(w);
	view_links(r, "flavors", f->id);
	jsonw_kstr(w, "name", f->name);
	jsonw_kint(w, "ram", f->ram_mb);
	jsonw_kint(w, "vcpus", f->vcpus);
	jsonw_kint(w, "disk", f->disk_gb);
	jsonw_kint(w, "ephemeral", f->ephemeral_gb);
	jsonw_kstr(w, "str_id", f->id);
	jsonw_map_end(w);
}

void
view_words(struct jsonw *w, const char *key, const char *list)
{
	jsonw_key(w, key);
	jsonw_list(w);
	for (; list != NULL && *list != '\0'; list += *list == ',') {
		size_t n = strcspn(list, ",");

		jsonw_str(w, op_strndup(w->out.op, list, n));
		list += n;
	}
	jsonw_list_end(w);
}

/* One release lists it as its database holds it. */
static void
active(struct jsonw *w, const struct version_row *v, enum version_form form)
{
	if (form != VERSION_ALONE && conf_bool("api.stock"))
		jsonw_kint(w, "active", v->active);
	else
		jsonw_kbool(w, "active", v->active);
}

void
view_version(struct request *r, const struct version_row *v,
    enum version_form form)
{
	struct jsonw *w = &r->out;

	jsonw_map(w);
	jsonw_kstr(w, "id", v->id);
	jsonw_kstr(w, "name", v->name);
	jsonw_kstr(w, "version", v->number);
	view_links(r, "datastores/versions", v->id);
	if (form != VERSION_NESTED)
		jsonw_kstr(w, "datastore", v->of->id);
	if (r->caller.admin) {
		active(w, v, form);
		jsonw_kstr(w, "packages", v->packages);
		jsonw_kstr(w, "image", v->image);
		jsonw_kstr(w, "registry_ext", v->registry_ext);
		jsonw_kstr(w, "repl_strategy", v->repl_strategy);
		view_words(w, "image_tags", v->tags);
	}
	jsonw_map_end(w);
}

void
view_datastore(struct request *r, const struct catalog *c,
    const struct datastore_row *d, bool all)
{
	struct jsonw *w = &r->out;
	int i;

	jsonw_map(w);
	jsonw_kstr(w, "id", d->id);
	jsonw_kstr(w, "name", d->name);
	view_links(r, "datastores", d->id);
	jsonw_key(w, "versions");
	jsonw_list(w);
	for (i = 0; i < c->versions; i++)
		if (c->version[i].of == d && (all || c->version[i].active))
			view_version(r, &c->version[i], VERSION_NESTED);
	jsonw_list_end(w);
	if (d->default_version != NULL)
		jsonw_kstr(w, "default_version", d->default_version);
	jsonw_map_end(w);
}
