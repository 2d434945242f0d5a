/*
 * POST /instances: what is asked for is checked in the contract's order, then
 * the instance, its guest, its task and the quota come into being at once.
 */
#include "fcgi/accounts.h"
#include "fcgi/configurations.h"
#include "fcgi/guest.h"
#include "fcgi/handlers.h"
#include "fcgi/instance_modules.h"
#include "fcgi/names.h"
#include "fcgi/views.h"
#include "fcgi/wishes.h"

#include "lib/base/conf.h"
#include <inttypes.h>
#include <string.h>

/* What belongs to later parts of the API; null and empty lists ask for nothing. */
static const struct { const char *path, *text; } not_built[] = {
	{ "instance/replica_of",    "Replicas are not implemented yet." },
	{ NULL, NULL }
};

static enum err
combination_check(struct request *r)
{
	const struct json *v;
	int i;

	if (body_int(r, "instance/replica_count") > 1 &&
	    body(r, "instance/replica_of") == NULL)
		return op_fail(&r->op, ERR_BAD_REQUEST, "Replica count only "
		    "valid when creating replicas. Cannot create %" PRId64
		    " instances.", body_int(r, "instance/replica_count"));
	for (i = 0; not_built[i].path != NULL; i++) {
		v = body(r, not_built[i].path);
		if (json_kind(v) == JSON_NULL ||
		    (json_kind(v) == JSON_LIST && json_count(v) == 0))
			continue;
		return op_fail(&r->op, ERR_NOT_BUILT, "%s", not_built[i].text);
	}
	return OK;
}

/* Databases, users, settings and modules, as the order that prepares the guest. */
static enum err
pick_content(struct request *r, const struct version_row *v, struct pick *p,
    struct module_list *modules, const char **args)
{
	const struct json *databases = body(r, "instance/databases");
	const struct json *users = body(r, "instance/users");
	const char *group = body_str(r, "instance/configuration");
	struct jsonw w;

	if (items_count(databases) + items_count(users) > 0) {
		TRY(databases_check(&r->op, v->manager, databases));
		TRY(users_check(&r->op, v->manager, "", users));
		TRY(users_databases_check(&r->op, v->manager, "", users));
		TRY(users_subset_check(&r->op, users, databases));
	}
	jsonw_begin(&w, &r->op, 256);
	jsonw_map(&w);
	order_databases(&w, databases);
	order_users(&w, users);
	if (group != NULL) {
		TRY(configuration_pick(r, group, v->id, p));
		order_settings(&w, p->group.settings, p->restart);
	}
	TRY(wish_modules(r, v, modules));
	TRY(modules_order(&r->op, &w, modules));
	*args = order_done(&w);
	return guest_fits(&r->op, *args);
}

static enum err
reply_created(struct request *r, const struct version_row *v,
    const struct instance *in)
{
	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, "instance");
	view_instance(r, v, in, SHOW_FORM);
	jsonw_map_end(&r->out);
	return OK;
}

enum err
instance_create(struct request *r)
{
	const struct json *access = body(r, "instance/access");
	struct new_instance new = {
		.tenant = r->tenant,
		.name = body_str(r, "instance/name"),
		.locality = body_str(r, "instance/locality"),
		.region = conf_str("coffer.region"),
	};
	const struct catalog *c;
	const struct version_row *v;
	const struct flavor_row *f;
	struct module_list modules;
	const char *args;
	struct pick group = { 0 };
	struct new_task task;
	struct instance in;
	struct jsonw w;

	TRY(combination_check(r));
	TRY(catalog_read(&r->op, &c));
	TRY(wish_version(r, c, body(r, "instance/datastore"), &v));
	TRY(pick_content(r, v, &group, &modules, &args));
	TRY(wish_place(r, &new));
	TRY(wish_flavor(r, c, body(r, "instance/flavorRef"), &f));
	TRY(wish_storage(r, v, f));
	TRY(wish_volume(r, v, &new.volume_gb));
	TRY(wish_backup(r, v, new.volume_gb));

	new.version_id = v->id;
	new.flavor_id = f->id;
	new.ram_mb = f->ram_mb;
	new.vcpus = f->vcpus;
	new.configuration_id = group.group.id;
	new.configuration_revision = group.group.revision;
	if (modules.n > 0) {
		new.module_ids = modules_ids(&r->op, &modules);
		new.module_md5s = modules_md5s(&r->op, &modules);
	}
	if (access != NULL) {
		jsonw_begin(&w, &r->op, 128);
		store_access(&w, access);
		new.access = w.out.s;
	}
	text_uuid(new.id);
	r->op.instance = new.id;
	new_task_begin(&r->op, &task, TASK_CREATE, new.id, new.tenant,
	    r->caller.user, args);
	TRY(instance_insert(&r->op, &new, &task, &in));
	tasks_ring(&r->op, task.id, NULL);
	r->op.instance = in.id;
	return reply_created(r, v, &in);
}
