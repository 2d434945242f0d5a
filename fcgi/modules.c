/* Modules as rows: what they hold, whose they are, who may change them. */
#include "fcgi/datastores.h"
#include "fcgi/guest.h"
#include "fcgi/handlers.h"
#include "fcgi/instance_modules.h"
#include "fcgi/instances.h"
#include "fcgi/views.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define CONTENTS_MOST 49152		/* characters: an order holds 64 KiB */

#define MODULE_OPTIONS							\
	{ "module/description",            NES,  NULLABLE },		\
	{ "module/datastore",              MAP },			\
	{ "module/datastore/type",         NES },			\
	{ "module/datastore/version",      NES },			\
	{ "module/auto_apply",             FLAG },			\
	{ "module/all_tenants",            FLAG },			\
	{ "module/visible",                FLAG },			\
	{ "module/live_update",            FLAG },			\
	{ "module/priority_apply",         FLAG },			\
	{ "module/full_access",            FLAG },			\
	{ "module/apply_order",            INT,  0, 0, 9 }

const struct field module_new_fields[] = {
	{ "module",                        MAP,  REQUIRED },
	{ "module/name",                   NES,  REQUIRED },
	{ "module/module_type",            NES,  REQUIRED },
	{ "module/contents",               STR,  REQUIRED | HIDDEN, 1, CONTENTS_MOST },
	MODULE_OPTIONS,
	{ 0 }
};

const struct field module_put_fields[] = {
	{ "module",                        MAP,  REQUIRED },
	{ "module/name",                   NES },
	{ "module/type",                   NES },
	{ "module/contents",               STR,  HIDDEN, 1, CONTENTS_MOST },
	{ "module/all_datastores",         FLAG },
	{ "module/all_datastore_versions", FLAG },
	MODULE_OPTIONS,
	{ 0 }
};

const struct field module_reapply_fields[] = {
	{ "reapply",                       MAP,  REQUIRED },
	{ "reapply/md5",                   STR,  0, 0, 32 },
	{ "reapply/include_clustered",     ANY },
	{ "reapply/batch_size",            INT,  0, 1, INT32_MAX },
	{ "reapply/batch_delay",           INT,  0, 0, INT32_MAX },
	{ "reapply/force",                 ANY },
	{ 0 }
};

static enum err
module_of(struct request *r, struct module *m)
{
	return module_read(&r->op, r->arg[1],
	    r->caller.admin ? NULL : r->tenant, m);
}

static enum err
reply_module(struct request *r, const struct module *m, enum module_form form)
{
	const struct catalog *c;

	TRY(catalog_read(&r->op, &c));
	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, "module");
	view_module(r, c, m, form);
	jsonw_map_end(&r->out);
	return OK;
}

/* --- rules ------------------------------------------------------------------------- */

static enum err
invalid(struct op *op, const char *reason)
{
	return op_fail(op, ERR_BAD_REQUEST, "The module is invalid: %s",
	    reason);
}

/* A file's name goes into a path on the guest, and its contents are bytes. */
static enum err
file_check(struct op *op, const char *name, const char *contents)
{
	const char *p = name;
	size_t n;

	while (isalnum((unsigned char)*p) ||
	    (*p != '\0' && strchr("._-", *p) != NULL))
		p++;
	if (*p != '\0' || *name == '.' || p - name > 100)
		return invalid(op, "The name of a file is at most 100 letters, "
		    "digits, dots, underscores and hyphens, no dot in front.");
	if (contents != NULL && text_unbase64(op, contents, &n) == NULL)
		return invalid(op, "The contents of a file are base64.");
	return OK;
}

static enum err
type_check(struct op *op, struct module *m, const char *contents)
{
	if (strcasecmp(m->type, "ping") == 0) {
		m->type = "ping";
		return OK;
	}
	if (strcasecmp(m->type, "file") == 0) {
		m->type = "file";
		return file_check(op, m->name, contents);
	}
	return op_fail(op, ERR_NOT_FOUND, "Module type '%s' was not found.",
	    m->type);
}

/*
 * What only an admin may ask for.  full NULL: not said.  *any: some of it was
 * asked for.
 */
static enum err
options_check(struct request *r, const char *action, const struct module *m,
    const struct json *full, bool *any)
{
	struct text t;

	text_begin(&t, &r->op, 128);
	if (m->tenant == NULL)
		text_add(&t, ", Tenant: all");
	if (m->auto_apply)
		text_add(&t, ", Auto: 1");
	if (!m->visible)
		text_add(&t, ", Visible: 0");
	if (m->priority_apply)
		text_add(&t, ", Priority: 1");
	if (json_int(full) == 1 && t.len > 0)
		return invalid(&r->op, op_printf(&r->op, "Cannot make module "
		    "full access: (%s)", t.s + 2));
	if (full != NULL)
		text_printf(&t, ", Full Access: %d", (int)json_int(full));
	*any = t.len > 0;
	if (!*any || r->caller.admin)
		return OK;
	return op_fail(&r->op, ERR_FORBIDDEN, "You must be admin to %s a "
	    "module with these options. (%s)", action, t.s + 2);
}

static enum err
pick_scope(struct request *r, struct module *m)
{
	const char *type = body_str(r, "module/datastore/type");
	const char *version = body_str(r, "module/datastore/version");
	const struct datastore_row *d;
	const struct version_row *v;
	const struct catalog *c;

	TRY(catalog_read(&r->op, &c));
	if (type == NULL && version != NULL)
		type = m->datastore_id;
	if (type == NULL && version == NULL)
		return OK;
	TRY(datastore_find(&r->op, &c, type != NULL ? type : "None", &d));
	m->datastore_id = d->id;
	m->version_id = NULL;
	if (version == NULL)
		return OK;
	TRY(version_find(&r->op, &c, d, &(struct version_wish){ version },
	    &v));
	m->version_id = v->id;
	return OK;
}

static void
pick_flag(struct request *r, const char *path, bool *flag)
{
	if (body(r, path) != NULL)
		*flag = body_int(r, path) == 1;
}

/* Whatever the body says of it, onto what it was. */
static enum err
pick_options(struct request *r, struct module *m)
{
	if (body_str(r, "module/name") != NULL)
		m->name = body_str(r, "module/name");
	if (json_has(body(r, "module"), "description"))
		m->description = body_str(r, "module/description");
	if (body(r, "module/all_tenants") != NULL)
		m->tenant = body_int(r, "module/all_tenants") == 1 ? NULL :
		    r->tenant;
	if (body(r, "module/apply_order") != NULL)
		m->apply_order = (int)body_int(r, "module/apply_order");
	pick_flag(r, "module/auto_apply", &m->auto_apply);
	pick_flag(r, "module/visible", &m->visible);
	pick_flag(r, "module/live_update", &m->live_update);
	pick_flag(r, "module/priority_apply", &m->priority_apply);
	return pick_scope(r, m);
}

static enum err
already(struct op *op, const struct module *m)
{
	return op_fail(op, ERR_BAD_REQUEST, "A module with the name '%s' "
	    "already exists for datastore '%s' and datastore version '%s'",
	    m->name, m->datastore_id != NULL ? m->datastore_id : "all",
	    m->version_id != NULL ? m->version_id : "all");
}

static enum err
in_use(struct op *op)
{
	return op_fail(op, ERR_FORBIDDEN, "A module cannot be deleted or its "
	    "contents modified if it has been applied to a non-terminated "
	    "instance, unless the module has been marked as 'live_update.' "
	    "Please remove the module from all non-terminated instances and "
	    "try again.");
}

/* --- handlers ------------------------------------------------------------------------ */

enum err
modules_list(struct request *r)
{
	const char *datastore = query(r, "datastore");
	struct modules_wish wish = {
		.tenant = r->caller.admin ? NULL : r->tenant };
	const struct datastore_row *d;
	const struct catalog *c;
	struct module *m;
	int i, n;

	TRY(catalog_read(&r->op, &c));
	if (datastore != NULL && strcasecmp(datastore, "all") == 0) {
		wish.for_any = true;
	} else if (datastore != NULL && *datastore != '\0') {
		TRY(datastore_find(&r->op, &c, datastore, &d));
		wish.datastore = d->id;
	}
	TRY(modules_read(&r->op, &wish, &m, &n));
	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, "modules");
	jsonw_list(&r->out);
	for (i = 0; i < n; i++)
		view_module(r, c, &m[i], MODULE_LISTED);
	jsonw_list_end(&r->out);
	jsonw_map_end(&r->out);
	return OK;
}

enum err
module_create(struct request *r)
{
	const char *contents = body_str(r, "module/contents");
	const struct json *full = body(r, "module/full_access");
	struct op *op = &r->op;
	char id[UUID_LEN + 1];
	struct module m = {
		.type = body_str(r, "module/module_type"),
		.name = body_str(r, "module/name"),
		.tenant = r->tenant,
		.visible = true,
		.apply_order = 5,
		.is_admin = r->caller.admin && json_int(full) != 1,
	};
	bool any;
	enum err e;

	TRY(type_check(op, &m, contents));
	TRY(pick_options(r, &m));
	TRY(options_check(r, "create", &m, full, &any));
	text_uuid(id);
	m.id = id;
	module_seal(op, &m, contents);
	e = module_insert(op, &m);
	if (e == ERR_CONFLICT)
		return already(op, &m);
	TRY(e);
	TRY(module_read(op, id, NULL, &m));
	return reply_module(r, &m, MODULE_DETAIL);
}

enum err
module_show(struct request *r)
{
	struct module m;

	TRY(module_of(r, &m));
	return reply_module(r, &m, MODULE_SHOWN);
}

/* The admin's stay the admin's, unless he opens them. */
static enum err
change(struct request *r, struct module *m)
{
	const struct json *full = body(r, "module/full_access");
	const char *contents = body_str(r, "module/contents");
	bool any;

	if (m->is_admin && !r->caller.admin)
		return op_fail(&r->op, ERR_FORBIDDEN, "You must be admin to "
		    "update a module with these options. (Module is an admin "
		    "module)");
	TRY(pick_options(r, m));
	if (body_int(r, "module/all_datastores") == 1)
		m->datastore_id = m->version_id = NULL;
	if (body_int(r, "module/all_datastore_versions") == 1)
		m->version_id = NULL;
	TRY(type_check(&r->op, m, contents));
	TRY(options_check(r, "update", m, full, &any));
	m->is_admin = full != NULL ? json_int(full) != 1 :
	    m->is_admin || any;
	m->sealed = NULL;
	if (contents != NULL)
		module_seal(&r->op, m, contents);
	return OK;
}

enum err
module_put(struct request *r)
{
	struct module m;
	bool held;
	enum err e;

	TRY(module_of(r, &m));
	if (m.instances > 0 && !m.live_update)
		return in_use(&r->op);
	TRY(change(r, &m));
	e = module_update(&r->op, &m, &held);
	if (e == ERR_CONFLICT)
		return held ? in_use(&r->op) : already(&r->op, &m);
	TRY(e);
	TRY(module_read(&r->op, m.id, NULL, &m));
	return reply_module(r, &m, MODULE_DETAIL);
}

enum err
module_remove(struct request *r)
{
	struct module m;
	bool any;
	enum err e;

	TRY(module_of(r, &m));
	TRY(options_check(r, "delete", &m, NULL, &any));
	e = module_delete(&r->op, m.id);
	if (e == ERR_CONFLICT)
		return in_use(&r->op);
	TRY(e);
	return reply_empty(r, 200);
}

static enum err
reply_counts(struct request *r, const struct module *m,
    const struct module_users *u)
{
	struct module_count *count;
	int i, n;

	TRY(module_counts(&r->op, u, &count, &n));
	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, "instances");
	jsonw_list(&r->out);
	for (i = 0; i < n; i++)
		view_module_count(r, m, &count[i]);
	jsonw_list_end(&r->out);
	jsonw_map_end(&r->out);
	return OK;
}

enum err
module_instances(struct request *r)
{
	struct module_users u = {
		.tenant = r->caller.admin ? NULL : r->tenant,
		.clustered = query_true(r, "include_clustered"),
	};
	struct module m;

	TRY(module_of(r, &m));
	u.module = m.id;
	if (query_true(r, "count_only"))
		return reply_counts(r, &m, &u);
	return reply_instances(r, &(struct instances_page){
	    .tenant = u.tenant, .module = m.id, .clustered = u.clustered },
	    LIST_FORM);
}

/* Each instance gets a task of its own; workers see to it that not all run at once. */
enum err
module_reapply(struct request *r)
{
	const struct json *force = body(r, "reapply/force");
	struct module_users u = {
		.tenant = r->caller.admin ? NULL : r->tenant,
		.md5 = body_str(r, "reapply/md5"),
		.clustered = json_true(body(r, "reapply/include_clustered")),
	};
	struct module_user *user;
	struct module m;
	int i, n;

	TRY(module_of(r, &m));
	u.module = m.id;
	u.but = json_true(force) || json_int(force) == 1 ? NULL : m.md5;
	TRY(module_users(&r->op, &u, &user, &n));
	for (i = 0; i < n; i++)
		TRY(module_submit(r, &m, &user[i]));
	return reply_empty(r, 202);
}
