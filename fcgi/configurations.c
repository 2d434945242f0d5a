/* /configurations */
#include "fcgi/attempt.h"
#include "fcgi/datastores.h"
#include "fcgi/guest.h"
#include "fcgi/handlers_configuration.h"
#include "fcgi/query.h"
#include "fcgi/settings.h"
#include "fcgi/views.h"
#include "fcgi/wishes.h"

#include <string.h>

#define TURNS 3				/* when others change the group too */

static const char *
owner(const struct request *r)
{
	return r->caller.admin ? NULL : r->tenant;
}

/* The group of arg[1]. */
static enum err
configuration_of(struct request *r, struct configuration *c)
{
	enum err e = configuration_read(&r->op, r->arg[1], owner(r), c);

	if (e == ERR_NOT_FOUND)
		return op_fail(&r->op, e, "Configuration group with ID %s "
		    "could not be found.", r->arg[1]);
	return e;
}

/* POST /configurations */
const struct field configuration_new_fields[] = {
	{ "configuration",                  MAP,    REQUIRED },
	{ "configuration/name",             NES,    REQUIRED, 1, 64 },
	{ "configuration/description",      NES },
	{ "configuration/values",           MAP,    REQUIRED },
	{ "configuration/datastore",        MAP },
	{ "configuration/datastore/type",   NES },
	{ "configuration/datastore/version", NES },
	{ "configuration/datastore/version_number", NES },
	{ 0 }
};

/* PUT /configurations/{id} */
const struct field configuration_put_fields[] = {
	{ "configuration",                  MAP,    REQUIRED },
	{ "configuration/name",             NES,    0, 1, 64 },
	{ "configuration/description",      NES },
	{ "configuration/values",           MAP },
	{ 0 }
};

/* PATCH /configurations/{id}: of the rest nothing is changed. */
const struct field configuration_patch_fields[] = {
	{ "configuration",                  MAP,    REQUIRED },
	{ "configuration/values",           MAP },
	{ 0 }
};

/* --- reading -------------------------------------------------------------------- */

enum err
configurations_list(struct request *r)
{
	const struct version_row *v;
	const struct catalog *c;
	struct configuration *group;
	const char *next = NULL;
	struct page page;
	int n;

	TRY(page_by_id(r, &page));
	TRY(catalog_read(&r->op, &c));
	TRY(configurations_read(&r->op, &(struct configurations_page){
	    owner(r), page.marker, page.limit }, &group, &n));
	if (n > page.limit)
		next = group[(n = page.limit) - 1].id;
	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, "configurations");
	jsonw_list(&r->out);
	for (int i = 0; i < n; i++) {
		TRY(version_of(&r->op, &c, group[i].version_id, &v));
		view_configuration(r, v, &group[i], NULL);
	}
	jsonw_list_end(&r->out);
	if (next != NULL)
		page_links(r, "configurations", next);
	jsonw_map_end(&r->out);
	return OK;
}

static enum err
reply_configuration(struct request *r, const struct configuration *group,
    const struct json *values)
{
	const struct version_row *v;
	const struct catalog *c;

	TRY(catalog_read(&r->op, &c));
	TRY(version_of(&r->op, &c, group->version_id, &v));
	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, "configuration");
	view_configuration(r, v, group, values);
	jsonw_map_end(&r->out);
	return OK;
}

enum err
configuration_show(struct request *r)
{
	const struct json *values;
	struct configuration group;

	TRY(configuration_of(r, &group));
	TRY(json_parse(&r->op, group.settings, strlen(group.settings),
	    &values));
	return reply_configuration(r, &group, values);
}

enum err
configuration_instances_list(struct request *r)
{
	struct configuration group;
	const char *next = NULL;
	struct holder *holder;
	struct page page;
	int n;

	TRY(page_by_id(r, &page));
	TRY(configuration_of(r, &group));
	TRY(configuration_instances(&r->op, group.id,
	    &(struct configurations_page){ owner(r), page.marker, page.limit },
	    &holder, &n));
	if (n > page.limit)
		next = holder[(n = page.limit) - 1].id;
	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, "instances");
	jsonw_list(&r->out);
	for (int i = 0; i < n; i++)
		view_holder(r, &holder[i]);
	jsonw_list_end(&r->out);
	if (next != NULL)
		page_links(r, "instances", next);
	jsonw_map_end(&r->out);
	return OK;
}

/* --- POST, DELETE --------------------------------------------------------------- */

/* What every instance of the group will be told. */
static enum err
size_check(struct request *r, const char *settings)
{
	const struct configuration c = { .id = "", .settings = settings };

	return guest_fits(&r->op, order_configure(&r->op,
	    &(struct attachment){ .now = &c }));
}

enum err
configuration_create(struct request *r)
{
	const struct json *values = body(r, "configuration/values");
	char id[UUID_LEN + 1];
	struct configuration new = {
		.id = id,
		.tenant = r->tenant,
		.name = body_str(r, "configuration/name"),
		.description = body_str(r, "configuration/description"),
	}, group;
	const struct version_row *v;
	const struct catalog *c;
	struct settings s;

	TRY(catalog_read(&r->op, &c));
	TRY(wish_version(r, c, body(r, "configuration/datastore"), &v));
	TRY(settings_begin(&r->op, v, &s));
	if (r->is_xml)
		values = settings_typed(&s, values);
	if (json_count(values) > 0)
		TRY(settings_add(&s, values));
	text_uuid(id);
	new.version_id = v->id;
	new.settings = store_settings(&s);
	TRY(size_check(r, new.settings));
	TRY(configuration_insert(&r->op, &new, &group));
	return reply_configuration(r, &group, values);
}

enum err
configuration_delete(struct request *r)
{
	struct configuration group;
	enum err e;

	TRY(configuration_of(r, &group));
	e = configuration_remove(&r->op, group.id);
	if (e == ERR_CONFLICT)
		return op_fail(&r->op, ERR_BAD_REQUEST, "A configuration group "
		    "cannot be deleted if it is associated with one or more "
		    "non-terminated instances. Detach the configuration group "
		    "from all non-terminated instances and please try again.");
	TRY(e);
	return reply_empty(r, 202);
}

/* --- PATCH, PUT ----------------------------------------------------------------- */

/* The new settings; restart: when one that was or will be set needs it. */
static enum err
settings_change(struct request *r, const struct configuration *was,
    bool replace, struct reconfiguration *change)
{
	const struct json *values = body(r, "configuration/values");
	const struct version_row *v;
	const struct catalog *c;
	struct settings before, after;

	TRY(catalog_read(&r->op, &c));
	TRY(version_of(&r->op, &c, was->version_id, &v));
	if (v == NULL)
		return op_fail(&r->op, ERR_BAD_REQUEST, "Datastore version "
		    "'%s' cannot be found.", was->version_id);
	TRY(settings_begin(&r->op, v, &before));
	TRY(settings_add_stored(&before, was->settings));
	after = before;
	if (replace)
		after.n = 0;
	if (values != NULL && r->is_xml)
		values = settings_typed(&after, values);
	if (values != NULL)
		TRY(settings_add(&after, values));
	change->to.settings = store_settings(&after);
	change->restart = settings_need_restart(&before) ||
	    settings_need_restart(&after);
	return size_check(r, change->to.settings);
}

/* A task for each instance, and their ids to ring for. */
static const char *const *
tasks_make(struct request *r, struct reconfiguration *change)
{
	struct attachment a = { change->to.id, &change->to, change->restart,
	    NULL };
	const char *args = order_configure(&r->op, &a);
	size_t n = (size_t)change->holders + 1;
	struct new_task *task = op_alloc(&r->op, n * sizeof(*task));
	const char **ids = op_alloc(&r->op, n * sizeof(*ids));

	attempt_restart(r, change->restart && change->holders > 0);
	for (int i = 0; i < change->holders; i++) {
		new_task_begin(&r->op, &task[i], TASK_CONFIGURE,
		    change->holder[i].id, change->holder[i].tenant,
		    r->caller.user, args);
		ids[i] = task[i].id;
	}
	change->task = task;
	return ids;
}

/* ERR_CONFLICT: somebody changed or attached it meanwhile. */
static enum err
try_change(struct request *r, bool replace)
{
	struct reconfiguration change = { 0 };
	struct configuration was;
	const char *const *ids;
	struct holder *holder;

	TRY(configuration_of(r, &was));
	change.to = (struct configuration){ .id = was.id,
	    .revision = was.revision };
	if (replace) {
		change.to.name = body_str(r, "configuration/name");
		change.to.description = body_str(r,
		    "configuration/description");
	}
	TRY(settings_change(r, &was, replace, &change));
	TRY(configuration_holders(&r->op, was.id, &holder, &change.holders));
	change.holder = holder;
	ids = tasks_make(r, &change);
	TRY(configuration_change(&r->op, &change));
	tasks_ring(&r->op, NULL, ids);
	return OK;
}

static enum err
change(struct request *r, bool replace, int status)
{
	enum err e = ERR_CONFLICT;

	for (int turn = 0; turn < TURNS && e == ERR_CONFLICT; turn++)
		e = try_change(r, replace);
	TRY(e);
	return reply_empty(r, status);
}

/* Its values alone, added to those that are there. */
enum err
configuration_patch(struct request *r)
{
	return change(r, false, 200);
}

enum err
configuration_put(struct request *r)
{
	return change(r, true, 202);
}
