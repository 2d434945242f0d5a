/* PUT and PATCH of an instance: its name, and one thing besides. */
#include "fcgi/configurations.h"
#include "fcgi/datastores.h"
#include "fcgi/guest.h"
#include "fcgi/handlers.h"
#include "fcgi/replicas.h"
#include "fcgi/status.h"
#include "fcgi/views.h"

#include "lib/base/conf.h"
#include "lib/store/catalog.h"

#include <string.h>

/* A task that is no action: in its way is only another one. */
static enum err
submit(struct request *r, struct instance *in, enum task_kind kind,
    const char *args, const struct alteration *to)
{
	struct new_task task;
	enum err e;

	if (in->server_id == NULL && in->address == NULL)
		return op_fail(&r->op, ERR_UNPROCESSABLE,
		    "Instance %s is not ready.", in->id);
	new_task_begin(&r->op, &task, kind, in->id, in->tenant,
	    r->caller.user, args);
	e = instance_alter(&r->op, in->id, to, &task);
	if (e == ERR_CONFLICT) {
		TRY(instance_of(r, in));
		return op_fail(&r->op, ERR_UNPROCESSABLE, "Instance %s is not "
		    "ready. (Status is %s).", in->id, status_of(in));
	}
	TRY(e);
	tasks_ring(&r->op, task.id, NULL);
	return reply_empty(r, 202);
}

static enum err
change_access(struct request *r, struct instance *in, const char *name)
{
	struct jsonw w;

	jsonw_begin(&w, &r->op, 128);
	store_access(&w, body(r, "instance/access"), false);
	return submit(r, in, TASK_ACCESS, w.out.s,
	    &(struct alteration){ .word = "UPDATING", .name = name });
}

/* No engine of ours can take another version yet. */
static enum err
change_version(struct request *r, struct instance *in, const char *name)
{
	const char *wish = body_str(r, "instance/datastore_version");
	const struct version_row *now, *to;
	const struct catalog *c;

	TRY(catalog_read(&r->op, &c));
	TRY(version_of(&r->op, &c, in->version_id, &now));
	if (now == NULL)
		return op_fail(&r->op, ERR_BAD_REQUEST,
		    "Datastore version '%s' cannot be found.", wish);
	to = catalog_version(c, wish);
	if (to != NULL && to->of != now->of)
		return op_fail(&r->op, ERR_NOT_FOUND,
		    "DBDatastoreVersion Not Found");
	TRY(version_find(&r->op, &c, now->of,
	    &(struct version_wish){ wish }, &to));
	if (to != now && strcmp(conf_str("compute.driver"), "local") == 0)
		return op_fail(&r->op, ERR_NOT_BUILT,
		    "Upgrading an instance is not implemented yet.");
	if (to == now && strcmp(conf_str("compute.driver"), "local") == 0)
		return reply_empty(r, 202);
	return submit(r, in, TASK_UPGRADE, NULL, &(struct alteration){
	    .word = "UPGRADING", .name = name, .version_id = to->id });
}

static enum err
change_group(struct request *r, struct instance *in, const char *name)
{
	const char *group = body_str(r, "instance/configuration");

	TRY(group != NULL ? instance_attach(r, in, group, name) :
	    instance_detach(r, in, name));
	return reply_empty(r, 202);
}

static enum err
change_name(struct request *r, struct instance *in, const char *name)
{
	TRY(instance_rename(&r->op, in->id, name));
	return reply_empty(r, 202);
}

/* The first that is there; the name goes with each of them. */
static const struct change {
	const char	*member;
	enum err	(*run)(struct request *, struct instance *,
			    const char *name);
} changes[] = {
	{ "replica_of",        replica_detach },
	{ "slave_of",          replica_detach },
	{ "datastore_version", change_version },
	{ "access",            change_access },
	{ "configuration",     change_group },
	{ "name",              change_name },
};

/* An empty map detaches its group: so gophercloud, Terraform and the dashboard do it. */
enum err
instance_update(struct request *r)
{
	const struct json *wish = body(r, "instance");
	const char *name = body_str(r, "instance/name");
	struct instance in;
	size_t i;

	TRY(instance_of(r, &in));
	if (json_count(wish) - json_has(wish, "name") > 1)
		return op_fail(&r->op, ERR_BAD_REQUEST,
		    "Only one attribute (except 'name') is allowed to update.");
	for (i = 0; i < sizeof changes / sizeof *changes; i++)
		if (json_has(wish, changes[i].member))
			return changes[i].run(r, &in, name);
	return change_group(r, &in, NULL);
}
