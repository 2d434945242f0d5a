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
#include "fcgi/replicas.h"
#include "fcgi/views.h"
#include "fcgi/wishes.h"

#include "lib/base/conf.h"

/* A replica's data are its source's. */
static const char *
restored_from(struct request *r)
{
	return body(r, "instance/replica_of") != NULL ? NULL :
	    body_str(r, "instance/restorePoint/backupRef");
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
	if (restored_from(r) != NULL)
		jsonw_kstr(&w, "restore", restored_from(r));
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

/* The reference shows a list of passwords that nobody has. */
static void
no_passwords(struct request *r)
{
	int64_t n = body_int(r, "instance/replica_count");

	if (n <= 1 || !conf_bool("api.stock"))
		return;
	jsonw_key(&r->out, "password");
	jsonw_list(&r->out);
	while (n-- > 0)
		jsonw_null(&r->out);
	jsonw_list_end(&r->out);
}

static enum err
reply_created(struct request *r, const struct version_row *v,
    const struct instance *in)
{
	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, "instance");
	jsonw_map(&r->out);
	view_instance_members(r, v, in, SHOW_FORM);
	no_passwords(r);
	jsonw_map_end(&r->out);
	jsonw_map_end(&r->out);
	return OK;
}

/* Flavor and volume; a replica has those of its source. */
static enum err
pick_hardware(struct request *r, const struct catalog *c,
    const struct version_row *v, struct new_instance *new)
{
	const struct flavor_row *f;

	TRY(wish_flavor(r, c, body(r, "instance/flavorRef"), &f));
	TRY(wish_volume(r, v, &new->volume_gb));
	TRY(wish_storage(r, v, f));
	new->flavor_id = f->id;
	new->ram_mb = f->ram_mb;
	new->vcpus = f->vcpus;
	return OK;
}

/* Several are told apart by a number behind the name. */
static enum err
submit(struct request *r, const struct new_instance *wish, const char *args,
    int more_secs, struct instance *in)
{
	int64_t count = body_int(r, "instance/replica_count");
	int i, n = count > 1 ? (int)count : 1;
	struct new_instance new[REPLICAS_MOST];
	struct new_task task[REPLICAS_MOST];

	for (i = 0; i < n; i++) {
		new[i] = *wish;
		text_uuid(new[i].id);
		if (n > 1)
			new[i].name = op_printf(&r->op, "%s-%d", wish->name,
			    i + 1);
		new_task_begin(&r->op, &task[i], TASK_CREATE, new[i].id,
		    wish->tenant, r->caller.user, args);
		task[i].secs = task_kind_secs(TASK_CREATE) + more_secs;
	}
	TRY(instances_insert(&r->op, new, n, task, in));
	for (i = 0; i < n; i++)
		tasks_ring(&r->op, task[i].id, NULL);
	r->op.instance = in->id;
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
	bool replica = body(r, "instance/replica_of") != NULL;
	const struct version_row *v;
	struct module_list modules;
	struct pick group = { 0 };
	const struct catalog *c;
	struct instance in;
	const char *args;
	struct jsonw w;
	int more_secs;

	TRY(replica_check(r));
	TRY(catalog_read(&r->op, &c));
	TRY(replica ? replica_wish(r, &c, &new, &v) :
	    wish_version(r, c, body(r, "instance/datastore"), &v));
	TRY(pick_content(r, v, &group, &modules, &args));
	TRY(wish_place(r, &new));
	if (!replica)
		TRY(pick_hardware(r, c, v, &new));
	TRY(wish_backup(r, v, new.volume_gb, &more_secs));
	new.restores = restored_from(r);
	new.version_id = v->id;
	new.configuration_id = group.group.id;
	new.configuration_revision = group.group.revision;
	if (modules.n > 0) {
		new.module_ids = modules_ids(&r->op, &modules);
		new.module_md5s = modules_md5s(&r->op, &modules);
	}
	if (json_count(access) > 0) {
		jsonw_begin(&w, &r->op, 128);
		store_access(&w, access, true);
		new.access = w.out.s;
	}
	TRY(submit(r, &new, args, more_secs, &in));
	return reply_created(r, v, &in);
}
