#include "fcgi/datastores.h"
#include "fcgi/handlers.h"
#include "fcgi/views.h"

#include <string.h>

static bool
has_active(const struct catalog *c, const struct datastore_row *d)
{
	int i;

	for (i = 0; i < c->versions; i++)
		if (c->version[i].of == d && c->version[i].active)
			return true;
	return false;
}

/* Only admins are shown what cannot be used. */
enum err
datastores_list(struct request *r)
{
	const struct catalog *c;
	struct jsonw *w;
	int i;

	TRY(catalog_read(&r->op, &c));
	w = reply_json(r, 200);
	jsonw_map(w);
	jsonw_key(w, "datastores");
	jsonw_list(w);
	for (i = 0; i < c->datastores; i++)
		if (r->caller.admin || has_active(c, &c->datastore[i]))
			view_datastore(r, c, &c->datastore[i],
			    r->caller.admin);
	jsonw_list_end(w);
	jsonw_map_end(w);
	return OK;
}

enum err
datastore_find(struct op *op, const struct catalog **c, const char *id_or_name,
    const struct datastore_row **d)
{
	if ((*d = catalog_datastore(*c, id_or_name)) != NULL)
		return OK;
	TRY(catalog_reread(op, c));
	if ((*d = catalog_datastore(*c, id_or_name)) != NULL)
		return OK;
	return op_fail(op, ERR_NOT_FOUND, "Datastore '%s' cannot be found.",
	    id_or_name);
}

/* The datastore of arg[1]. */
static enum err
datastore_of(struct request *r, const struct catalog **c,
    const struct datastore_row **d)
{
	TRY(catalog_read(&r->op, c));
	return datastore_find(&r->op, c, r->arg[1], d);
}

enum err
datastore_show(struct request *r)
{
	const struct datastore_row *d;
	const struct catalog *c;
	struct jsonw *w;

	TRY(datastore_of(r, &c, &d));
	w = reply_json(r, 200);
	jsonw_map(w);
	jsonw_key(w, "datastore");
	view_datastore(r, c, d, false);
	jsonw_map_end(w);
	return OK;
}

enum err
datastore_versions_list(struct request *r)
{
	const struct datastore_row *d;
	const struct catalog *c;
	struct jsonw *w;
	int i;

	TRY(datastore_of(r, &c, &d));
	w = reply_json(r, 200);
	jsonw_map(w);
	jsonw_key(w, "versions");
	jsonw_list(w);
	for (i = 0; i < c->versions; i++)
		if (c->version[i].of == d &&
		    (c->version[i].active || r->caller.admin))
			view_version(r, &c->version[i], VERSION_LISTED);
	jsonw_list_end(w);
	jsonw_map_end(w);
	return OK;
}

static enum err
reply_version(struct request *r, const struct version_row *v)
{
	struct jsonw *w = reply_json(r, 200);

	jsonw_map(w);
	jsonw_key(w, "version");
	view_version(r, v, VERSION_ALONE);
	jsonw_map_end(w);
	return OK;
}

static enum err
no_version(struct op *op, const char *name)
{
	return op_fail(op, ERR_BAD_REQUEST,
	    "Datastore version '%s' cannot be found.", name);
}

static bool
is_wished(const struct version_row *v, const struct version_wish *wish)
{
	return (wish->name == NULL || strcmp(v->name, wish->name) == 0) &&
	    (wish->number == NULL || strcmp(v->number, wish->number) == 0);
}

static enum err
default_version(struct op *op, const struct catalog *c,
    const struct datastore_row *d, const struct version_row **out)
{
	*out = catalog_version(c, d->default_version);
	return *out != NULL ? OK : op_fail(op, ERR_BAD_REQUEST,
	    "Default version for datastore '%s' not found.", d->name);
}

/* *out NULL: there is none. */
static enum err
version_among(struct op *op, const struct catalog *c, const char *datastore,
    const struct version_wish *wish, const struct version_row **out)
{
	const struct version_row *v = catalog_version(c, wish->name);
	int i;

	*out = NULL;
	if (v != NULL && strcmp(v->of->id, datastore) == 0) {
		*out = v;
		return OK;
	}
	for (i = 0; i < c->versions; i++) {
		v = &c->version[i];
		if (strcmp(v->of->id, datastore) != 0 || !is_wished(v, wish))
			continue;
		if (*out != NULL)
			return op_fail(op, ERR_BAD_REQUEST, "Multiple "
			    "datastore versions found for '%s', use an UUID or "
			    "specify both the name and version number to be "
			    "more specific.",
			    wish->name != NULL ? wish->name : wish->number);
		*out = v;
	}
	return OK;
}

enum err
version_find(struct op *op, const struct catalog **c,
    const struct datastore_row *d, const struct version_wish *wish,
    const struct version_row **out)
{
	const char *shown = wish->name != NULL ? wish->name : wish->number;

	if (shown == NULL)
		return default_version(op, *c, d, out);
	TRY(version_among(op, *c, d->id, wish, out));
	if (*out != NULL)
		return OK;
	TRY(catalog_reread(op, c));
	TRY(version_among(op, *c, d->id, wish, out));
	return *out != NULL ? OK : no_version(op, shown);
}

enum err
version_of(struct op *op, const struct catalog **c, const char *id,
    const struct version_row **v)
{
	*v = NULL;
	if (id == NULL || (*v = catalog_version(*c, id)) != NULL)
		return OK;
	TRY(catalog_reread(op, c));
	*v = catalog_version(*c, id);
	return OK;
}

enum err
version_of_path(struct request *r, const struct version_row **v)
{
	const struct datastore_row *d;
	const struct catalog *c;
	enum err e;

	TRY(datastore_of(r, &c, &d));
	e = version_find(&r->op, &c, d, &(struct version_wish){ r->arg[2] },
	    v);
	if (e != OK && text_is_uuid(r->arg[2]))
		return op_fail(&r->op, ERR_NOT_FOUND, "%s", r->op.why);
	return e;
}

enum err
version_of_id(struct request *r, const struct version_row **v)
{
	const struct catalog *c;

	TRY(catalog_read(&r->op, &c));
	TRY(version_of(&r->op, &c, r->arg[1], v));
	return *v != NULL ? OK : no_version(&r->op, r->arg[1]);
}

enum err
datastore_version_show(struct request *r)
{
	const struct version_row *v;

	TRY(version_of_path(r, &v));
	return reply_version(r, v);
}

enum err
version_by_id_show(struct request *r)
{
	const struct version_row *v;

	TRY(version_of_id(r, &v));
	return reply_version(r, v);
}
