#include "fcgi/replicas.h"

#include "fcgi/datastores.h"
#include "fcgi/guest.h"
#include "fcgi/status.h"

#include "lib/base/conf.h"
#include "lib/base/engines.h"

#include <inttypes.h>
#include <string.h>

static bool
replicates(const struct version_row *v)
{
	const struct engine *e = v != NULL ? engine_find(v->manager) : NULL;

	return e != NULL && e->contract->replicates &&
	    strcmp(conf_str("compute.driver"), "local") != 0;
}

static const struct { const char *path, *what; } inherited[] = {
	{ "instance/flavorRef", "flavor" },
	{ "instance/datastore", "datastore" },
	{ "instance/volume",    "volume" },
	{ "instance/locality",  "locality" },
	{ NULL, NULL }
};

enum err
replica_check(struct request *r)
{
	struct op *op = &r->op;
	int i;

	if (body(r, "instance/replica_of") == NULL) {
		if (body_int(r, "instance/replica_count") <= 1)
			return OK;
		return op_fail(op, ERR_BAD_REQUEST, "Replica count only "
		    "valid when creating replicas. Cannot create %" PRId64
		    " instances.", body_int(r, "instance/replica_count"));
	}
	for (i = 0; inherited[i].path != NULL; i++)
		if (body(r, inherited[i].path) != NULL)
			return op_fail(op, ERR_BAD_REQUEST, "Cannot specify %s "
			    "when creating replicas.", inherited[i].what);
	if (json_count(body(r, "instance/databases")) > 0 ||
	    json_count(body(r, "instance/users")) > 0)
		return op_fail(op, ERR_BAD_REQUEST,
		    "Cannot create a replica with users or databases.");
	if (json_has(json_at(body(r, "instance/nics"), 0), "ip_address"))
		return op_fail(op, ERR_BAD_REQUEST,
		    "Cannot specify IP address when creating replicas.");
	return OK;
}

static enum err
source_check(struct request *r, const struct instance *source,
    const struct version_row *v)
{
	if (source->replica_of != NULL)
		return op_fail(&r->op, ERR_UNAUTHORIZED, "Cannot create a "
		    "replica of a replica %s", source->id);
	if (!replicates(v))
		return op_fail(&r->op, ERR_BAD_REQUEST, "Replication is not "
		    "supported for the '%s' datastore.",
		    v != NULL ? v->manager : "unknown");
	if (source->volume_gb == 0)
		return op_fail(&r->op, ERR_BAD_REQUEST,
		    "Instance %s has no volume.", source->id);
	return status_actionable(&r->op, source);
}

enum err
replica_wish(struct request *r, const struct catalog **c,
    struct new_instance *new, const struct version_row **v)
{
	const char *id = body_str(r, "instance/replica_of");
	const struct flavor_row *f;
	struct instance source;

	TRY(instance_read(&r->op, id, r->caller.admin ? NULL : r->tenant,
	    &source));
	TRY(version_of(&r->op, c, source.version_id, v));
	TRY(source_check(r, &source, *v));
	if ((f = catalog_flavor(*c, source.flavor_id)) == NULL)
		return op_fail(&r->op, ERR_BAD_REQUEST,
		    "Resource %s cannot be found.", source.flavor_id);
	new->replica_of = source.id;
	new->flavor_id = source.flavor_id;
	new->ram_mb = source.ram_mb;
	new->vcpus = f->vcpus;
	new->volume_gb = source.volume_gb;
	return OK;
}

/* --- what is done with them ------------------------------------------------- */

static enum err
no_replica(struct op *op, const struct instance *in)
{
	return op_fail(op, ERR_BAD_REQUEST, "Instance %s is not a replica.",
	    in->id);
}

/* Another was faster: say what is in the way. */
static enum err
begun(struct request *r, struct instance *in, enum err e, const char *task)
{
	if (e == ERR_CONFLICT) {
		TRY(instance_of(r, in));
		TRY(status_actionable(&r->op, in));
		return no_replica(&r->op, in);
	}
	TRY(e);
	tasks_ring(&r->op, task, NULL);
	return reply_empty(r, 202);
}

enum err
replica_detach(struct request *r, struct instance *in, const char *name)
{
	struct new_task task;

	if (in->replica_of == NULL)
		return no_replica(&r->op, in);
	TRY(status_actionable(&r->op, in));
	new_task_begin(&r->op, &task, TASK_DETACH, in->id, in->tenant,
	    r->caller.user, NULL);
	return begun(r, in, instance_alter(&r->op, in->id,
	    &(struct alteration){ .word = "DETACHING", .name = name }, &task),
	    task.id);
}

enum err
replica_promote(struct request *r, struct instance *in)
{
	struct new_task task;

	if (in->replica_of == NULL)
		return no_replica(&r->op, in);
	TRY(status_actionable(&r->op, in));
	new_task_begin(&r->op, &task, TASK_PROMOTE, in->id, in->tenant,
	    r->caller.user, NULL);
	return begun(r, in, instance_promote(&r->op, in->id, &task), task.id);
}

/* One that lives cannot be put aside, and for one that does not, nothing is built. */
enum err
replica_eject(struct request *r, struct instance *in)
{
	if (in->replicas == NULL)
		return op_fail(&r->op, ERR_BAD_REQUEST,
		    "Instance %s is not a replica source.", in->id);
	if (in->guest_age >= 0 && in->guest_age < conf_int("guest.expiry"))
		return op_fail(&r->op, ERR_BAD_REQUEST, "Replica Source %s "
		    "cannot be ejected as it has a current heartbeat", in->id);
	return op_fail(&r->op, ERR_NOT_BUILT,
	    "Ejecting a replica source is not implemented yet.");
}
