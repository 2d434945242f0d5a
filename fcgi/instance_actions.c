/* POST /instances/{id}/action: one of a table of actions. */
#include "fcgi/guest.h"
#include "fcgi/handlers.h"
#include "fcgi/replicas.h"
#include "fcgi/status.h"
#include "fcgi/wishes.h"

#include "lib/base/conf.h"

#include <inttypes.h>
#include <string.h>

static enum err
restart(struct request *r, struct instance *in)
{
	struct op *op = &r->op;
	struct new_task task;
	enum err e;

	TRY(status_actionable(op, in));
	new_task_begin(op, &task, TASK_RESTART, in->id, in->tenant,
	    r->caller.user, NULL);
	e = instance_restart(op, in->id, &task);
	if (e == ERR_CONFLICT) {
		/* Another was faster; should it be done already, say which. */
		TRY(instance_of(r, in));
		TRY(status_actionable(op, in));
		in->task = "REBOOTING";
		return status_actionable(op, in);
	}
	TRY(e);
	tasks_ring(op, task.id, NULL);
	return reply_empty(r, 202);
}

/* One of another's tasks may come between looking and writing: look again. */
static enum err
resized(struct request *r, struct instance *in, enum err e, const char *task)
{
	if (e == ERR_CONFLICT) {
		TRY(instance_of(r, in));
		TRY(status_actionable(&r->op, in));
		in->task = "RESIZING";
		return status_actionable(&r->op, in);
	}
	TRY(e);
	tasks_ring(&r->op, task, NULL);
	return reply_empty(r, 202);
}

/* Its replicas grow with a source: what it takes, they have to take. */
static enum err
grow(struct request *r, struct instance *in, int gb)
{
	char **id = text_split(&r->op, in->replicas != NULL ? in->replicas : "",
	    " ");
	struct new_task *task;
	struct instance *all;
	struct op *op = &r->op;
	int i, n = 1;
	enum err e;

	while (id[n - 1] != NULL)
		n++;
	all = op_alloc(op, (size_t)n * sizeof(*all));
	task = op_alloc(op, (size_t)n * sizeof(*task));
	for (i = 0; i < n; i++) {
		if (i == 0)
			all[0] = *in;
		else
			TRY(instance_read(op, id[i - 1], in->tenant, &all[i]));
		TRY(status_growable(op, &all[i]));
		new_task_begin(op, &task[i], TASK_RESIZE_VOLUME, all[i].id,
		    in->tenant, r->caller.user, NULL);
	}
	e = instances_grow(op, all, n, gb, task);
	for (i = 1; e == OK && i < n; i++)
		tasks_ring(op, task[i].id, NULL);
	return resized(r, in, e, task[0].id);
}

static enum err
resize_volume(struct request *r, struct instance *in)
{
	int max = conf_int("quota.volume_max");
	struct op *op = &r->op;
	int64_t size;

	size = json_kind(body(r, "resize/volume")) == JSON_MAP ?
	    body_int(r, "resize/volume/size") : body_int(r, "resize/volume");
	if (in->volume_gb == 0)
		return op_fail(op, ERR_BAD_REQUEST,
		    "Instance %s has no volume.", in->id);
	if (size <= in->volume_gb)
		return op_fail(op, ERR_BAD_REQUEST, "The new volume 'size' "
		    "must be larger than the current volume size of '%d'.",
		    in->volume_gb);
	if (size > max)
		return op_fail(op, ERR_OVER_LIMIT, "Volume 'size' cannot "
		    "exceed maximum of %d GB, %" PRId64 " cannot be accepted.",
		    max, size);
	return grow(r, in, (int)size);
}

static enum err
resize_flavor(struct request *r, struct instance *in)
{
	const struct catalog *c;
	const struct flavor_row *f;
	struct op *op = &r->op;
	struct new_task task;

	TRY(status_actionable(op, in));
	TRY(catalog_read(op, &c));
	TRY(wish_flavor(r, c, body(r, "resize/flavorRef"), &f));
	if (strcmp(f->id, in->flavor_id) == 0)
		return op_fail(op, ERR_BAD_REQUEST, "The new flavor id must be "
		    "different than the current flavor id of '%s'.", f->id);
	new_task_begin(op, &task, TASK_RESIZE_FLAVOR, in->id, in->tenant,
	    r->caller.user, NULL);
	return resized(r, in, instance_reflavor(op, in, f, &task), task.id);
}

/* Should both be asked for, the volume comes first, as it always did. */
static enum err
resize(struct request *r, struct instance *in)
{
	if (in->cluster_id != NULL)
		return op_fail(&r->op, ERR_NOT_BUILT, "Operation not supported "
		    "for instances that are part of a cluster.");
	if (body(r, "resize/volume") != NULL)
		return resize_volume(r, in);
	if (body(r, "resize/flavorRef") != NULL)
		return resize_flavor(r, in);
	return op_fail(&r->op, ERR_BAD_REQUEST,
	    "Resize needs a volume or a flavorRef.");
}

/* With force_delete in it, it is the first half of an owner's delete. */
static enum err
reset_status(struct request *r, struct instance *in)
{
	const char *const *also = NULL;

	if (!r->caller.admin &&
	    !json_has(body(r, "reset_status"), "force_delete"))
		return op_fail(&r->op, ERR_FORBIDDEN, "Policy doesn't allow "
		    "instance:reset_status to be performed.");
	TRY(instance_reset(&r->op, in->id, true, &also));
	tasks_ring(&r->op, NULL, also);
	return reply_empty(r, 202);
}

static const struct action {
	const char	*name;
	enum err	(*run)(struct request *, struct instance *);
} actions[] = {
	{ "restart",                   restart },
	{ "reset_status",              reset_status },
	{ "resize",                    resize },
	{ "promote_to_replica_source", replica_promote },
	{ "eject_replica_source",      replica_eject },
	{ NULL }
};

enum err
instance_action(struct request *r)
{
	const struct json *v;
	const struct action *a;
	const char *name = NULL;
	struct instance in;
	void *at = NULL;

	TRY(instance_of(r, &in));
	if (json_count(r->body) != 1 || !json_next(r->body, &at, &name, &v))
		return op_fail(&r->op, ERR_BAD_REQUEST, "Action request should "
		    "have exactly one action specified in body");
	for (a = actions; a->name != NULL; a++)
		if (strcmp(a->name, name) == 0)
			break;
	if (a->name == NULL)
		return op_fail(&r->op, ERR_BAD_REQUEST,
		    "Action %.64s not supported", name);
	return a->run(r, &in);
}
