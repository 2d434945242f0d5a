/* Operators change what can be had: datastores and their versions. */
#include "fcgi/datastores.h"
#include "fcgi/handlers_mgmt.h"
#include "fcgi/mgmt.h"

#include "lib/base/conf.h"

#include <string.h>

const struct field mgmt_version_new_fields[] = {
	{ "version",                        MAP,    REQUIRED | CLOSED },
	{ "version/name",                   NES,    REQUIRED },
	{ "version/datastore_name",         NES,    REQUIRED },
	{ "version/datastore_manager",      NES,    REQUIRED },
	{ "version/active",                 BOOL,   REQUIRED },
	{ "version/image",                  UUID },
	{ "version/image_tags",             LIST,   0, 0, 5 },
	{ "version/image_tags[]",           STR,    0, 1, 20 },
	{ "version/packages",               LIST,   UNIQUE },
	{ "version/packages[]",             STR,    0, 1, 255 },
	{ "version/default",                BOOL },
	{ "version/version",                NES },
	{ "version/registry_ext",           NES },
	{ "version/repl_strategy",          NES },
	{ 0 }
};

/* Not wrapped, and closed: mgmt_version_change() looks at the rest. */
const struct field mgmt_version_fields[] = {
	{ "name",                           NES },
	{ "datastore_manager",              NES },
	{ "active",                         BOOL },
	{ "image",                          UUID },
	{ "image_tags",                     LIST,   0, 0, 5 },
	{ "image_tags[]",                   STR,    0, 1, 20 },
	{ "packages",                       LIST,   UNIQUE },
	{ "packages[]",                     STR,    0, 1, 255 },
	{ "default",                        BOOL },
	{ "registry_ext",                   NES },
	{ "repl_strategy",                  NES },
	{ 0 }
};

/* --- reading ---------------------------------------------------------------------- */

/* The version of arg[1], as the store has it now. */
static enum err
managed_version(struct request *r, const struct catalog **c,
    const struct version_row **v)
{
	TRY(catalog_fresh(&r->op, c));
	if ((*v = catalog_version(*c, r->arg[1])) == NULL)
		return op_fail(&r->op, ERR_BAD_REQUEST,
		    "Datastore version '%s' cannot be found.", r->arg[1]);
	return OK;
}

enum err
mgmt_versions_list(struct request *r)
{
	const struct catalog *c;

	TRY(catalog_fresh(&r->op, &c));
	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, "versions");
	jsonw_list(&r->out);
	for (int i = 0; i < c->versions; i++)
		view_managed_version(r, &c->version[i]);
	jsonw_list_end(&r->out);
	jsonw_map_end(&r->out);
	return OK;
}

enum err
mgmt_version_show(struct request *r)
{
	const struct version_row *v;
	const struct catalog *c;

	TRY(managed_version(r, &c, &v));
	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, "version");
	view_managed_version(r, v);
	jsonw_map_end(&r->out);
	return OK;
}

/* --- images ------------------------------------------------------------------------ */

static bool
listed(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = list; *at != '\0';) {
		size_t len;

		at += strspn(at, ", ");
		len = strcspn(at, ", ");
		if (len == n && strncmp(at, word, n) == 0)
			return true;
		at += len;
	}
	return false;
}

static enum err
images_check(struct op *op, const char *image, const char *tags)
{
	const char *known = conf_str("api.images");

	if (*known == '\0')
		return OK;
	if (image != NULL && !listed(known, image))
		return op_fail(op, ERR_BAD_REQUEST,
		    "Image %s cannot be found.", image);
	for (char **tag = text_split(op, tags, ","); image == NULL &&
	    *tag != NULL; tag++)
		if (!listed(known, *tag))
			return op_fail(op, ERR_BAD_REQUEST, "Failed to "
			    "retrieve image with tags: %s.", tags);
	return OK;
}

/* --- writing ----------------------------------------------------------------------- */

/* A list as "a,b"; NULL when it is not there. */
static const char *
joined(struct op *op, const struct json *list)
{
	struct text t;

	if (json_kind(list) != JSON_LIST)
		return NULL;
	text_begin(&t, op, 64);
	for (size_t i = 0; i < json_count(list); i++) {
		if (i > 0)
			text_addc(&t, ',');
		text_add(&t, json_str(json_at(list, i)));
	}
	return t.s;
}

static const char *
yes_no(const struct json *v)
{
	return v == NULL ? NULL : json_true(v) ? "t" : "f";
}

/* What both bodies have in common. */
static struct version_new
wished(struct request *r, const struct json *from)
{
	return (struct version_new){
		.name = json_str(json_get(from, "name")),
		.manager = json_str(json_get(from, "datastore_manager")),
		.active = yes_no(json_get(from, "active")),
		.preset = yes_no(json_get(from, "default")),
		.image = json_str(json_get(from, "image")),
		.tags = joined(&r->op, json_get(from, "image_tags")),
		.packages = joined(&r->op, json_get(from, "packages")),
		.registry_ext = json_str(json_get(from, "registry_ext")),
		.repl_strategy = json_str(json_get(from, "repl_strategy")),
	};
}

enum err
mgmt_version_create(struct request *r)
{
	struct version_new v = wished(r, body(r, "version"));
	char id[UUID_LEN + 1];
	enum err e;

	text_uuid(id);
	v.id = id;
	v.datastore = body_str(r, "version/datastore_name");
	v.number = body_str(r, "version/version");
	if (v.number == NULL)
		v.number = v.name;
	if (v.image == NULL && (v.tags == NULL || *v.tags == '\0'))
		return op_fail(&r->op, ERR_BAD_REQUEST,
		    "Image must be specified.");
	TRY(images_check(&r->op, v.image, v.tags != NULL ? v.tags : ""));
	if (v.tags == NULL)
		v.tags = "";
	if (v.packages == NULL)
		v.packages = "";
	e = version_insert(&r->op, &v);
	if (e == ERR_CONFLICT)
		return op_fail(&r->op, ERR_BAD_REQUEST, "The datastore version "
		    "'%s(%s)' already exists.", v.name, v.number);
	TRY(e);
	catalog_changed();
	return reply_empty(r, 202);
}

static enum err
closed(struct request *r)
{
	const struct json *v;
	const char *name;
	void *at = NULL;

	if (r->body != NULL && json_kind(r->body) != JSON_MAP)
		return op_fail(&r->op, ERR_BAD_REQUEST,
		    "Validation error: the body is not of type 'object'");
	while (json_next(r->body, &at, &name, &v)) {
		const struct field *f = mgmt_version_fields;

		while (f->path != NULL && strcmp(f->path, name) != 0)
			f++;
		if (f->path == NULL)
			return op_fail(&r->op, ERR_BAD_REQUEST, "Validation "
			    "error: Additional properties are not allowed "
			    "('%.64s' was unexpected)", name);
	}
	return OK;
}

enum err
mgmt_version_change(struct request *r)
{
	struct version_new change = wished(r, r->body);
	const struct version_row *v;
	const struct catalog *c;
	enum err e;

	TRY(closed(r));
	TRY(managed_version(r, &c, &v));
	change.id = v->id;
	if (change.image != NULL || change.tags != NULL)
		TRY(images_check(&r->op, change.image,
		    change.tags != NULL ? change.tags : ""));
	e = version_change(&r->op, &change);
	if (e == ERR_CONFLICT)
		return op_fail(&r->op, ERR_BAD_REQUEST, "The datastore version "
		    "'%s(%s)' already exists.", change.name, v->number);
	TRY(e);
	catalog_changed();
	return reply_empty(r, 202);
}

enum err
mgmt_version_delete(struct request *r)
{
	const struct version_row *v;
	const struct catalog *c;
	enum err e;

	TRY(managed_version(r, &c, &v));
	e = version_delete(&r->op, v->id);
	if (e == ERR_CONFLICT)
		return op_fail(&r->op, ERR_BAD_REQUEST, "%s", r->op.why);
	TRY(e);
	catalog_changed();
	return reply_empty(r, 202);
}

enum err
datastore_remove(struct request *r)
{
	const struct datastore_row *d;
	const struct catalog *c;
	enum err e;

	TRY(catalog_fresh(&r->op, &c));
	TRY(datastore_find(&r->op, &c, r->arg[1], &d));
	e = datastore_delete(&r->op, d->id);
	if (e == ERR_CONFLICT)
		return op_fail(&r->op, ERR_BAD_REQUEST,
		    "Datastore versions exist for datastore %s.", d->id);
	TRY(e);
	catalog_changed();
	return reply_empty(r, 202);
}
