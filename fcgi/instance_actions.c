/* POST /instances/{id}/action: one of a table of actions. */
#include "fcgi/guest.h"
#include "fcgi/handlers.h"
#include "fcgi/status.h"

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

/* With force_delete in it, it is the first half of an owner's delete. */
static enum err
reset_status(struct request *r, struct instance *in)
{
	const char *const *also = NULL;

	if (!r->caller.admin &&
	    !json_has(body(r, "reset_status"), "force_delete"))
		return op_fail(&r->op, ERR_FORBIDDEN, "Policy doesn't allow "
		    "instance:reset_status to be performed.");
	TRY(instance_reset(&r->op, in->id, &also));
	tasks_ring(&r->op, NULL, also);
	return reply_empty(r, 202);
}

/* NULL: not built yet. */
static const struct action {
	const char *name;
	enum err (*run)(struct request *, struct instance *);
} actions[] = {
	{ "restart",                   restart },
	{ "reset_status",              reset_status },
	{ "resize",                    NULL },
	{ "promote_to_replica_source", NULL },
	{ "eject_replica_source",      NULL },
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
	if (a->run == NULL)
		return op_fail(&r->op, ERR_NOT_BUILT,
		    "Action %s is not implemented yet.", name);
	return a->run(r, &in);
}
