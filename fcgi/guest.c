#include "fcgi/guest.h"

#include "fcgi/attempt.h"
#include "fcgi/datastores.h"
#include "fcgi/names.h"
#include "fcgi/status.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"
#include "lib/base/seal.h"
#include "lib/msg/bus.h"
#include "lib/store/catalog.h"
#include "lib/store/tasks.h"

#include <string.h>

#define TIMED_OUT "Timeout trying to connect to the Guest Agent."
#define LOOK_MS	1000	/* how often the task's row is read when no bell rings */
#define CALM_MS	 200	/* ... when the bell itself is out of order */
#define ENVELOPE 2048	/* bytes of a message around its body */

enum err
instance_of(struct request *r, struct instance *in)
{
	TRY(instance_read(&r->op, r->arg[1],
	    r->caller.admin ? NULL : r->tenant, in));
	r->op.instance = in->id;
	return OK;
}

enum err
guest_engine(struct request *r, struct guest *g)
{
	const struct catalog *c;
	const struct version_row *v;

	TRY(catalog_read(&r->op, &c));
	TRY(version_of(&r->op, &c, g->in.version_id, &v));
	g->manager = v != NULL ? v->manager : "unknown";
	return OK;
}

enum err
guest_check(struct request *r, struct guest *g)
{
	TRY(guest_engine(r, g));
	if (!names_known(g->manager))
		return op_fail(&r->op, ERR_UNPROCESSABLE,
		    "Operation not supported for datastore %s.", g->manager);
	return status_guest_ready(&r->op, &g->in);
}

enum err
guest_of(struct request *r, struct guest *g)
{
	TRY(instance_of(r, &g->in));
	return guest_check(r, g);
}

/* What a guest's failure is to a client: the contract knows few of them. */
static enum err
guest_failed(struct op *op, enum err e, const char *why)
{
	switch (e) {
	case ERR_BAD_REQUEST:
	case ERR_FORBIDDEN:
	case ERR_GUEST:
	case ERR_NOT_BUILT:
	case ERR_NOT_FOUND:
	case ERR_UNAVAILABLE:
	case ERR_UNPROCESSABLE:
		return op_fail(op, e, "%s", why);
	case ERR_CONFLICT:
		return op_fail(op, ERR_BAD_REQUEST, "%s", why);
	default:
		return op_fail(op, ERR_GUEST, "An error occurred communicating "
		    "with the guest: %s", why);
	}
}

/* One that has said nothing for so long would only hold this process up. */
static enum err
heard_check(struct op *op, const struct guest *g)
{
	if (g->in.guest_age < conf_int("guest.expiry"))
		return OK;
	return op_fail(op, ERR_GUEST, TIMED_OUT);
}

enum err
guest_fits(struct op *op, const char *args)
{
	if (strlen(args) <= GUEST_MAX - ENVELOPE)
		return OK;
	return op_fail(op, ERR_BAD_REQUEST, "The request is too large for one "
	    "instance: at most %d bytes of databases, users and values.",
	    GUEST_MAX - ENVELOPE);
}

enum err
guest_read(struct request *r, const struct guest *g, enum order_kind order,
    const char *body, const struct json **answer)
{
	struct op *op = &r->op;
	enum err e;

	TRY(heard_check(op, g));
	e = guest_ask(op, seal_master(), g->in.id, g->in.key_epoch, order,
	    body, conf_int("api.guest_wait") * 1000, answer);
	if (e == OK)
		return OK;
	return guest_failed(op, e, op->why != NULL ? op->why : err_name(e));
}

static const char *bells[64];		/* ids of the op that is served */
static int bells_n;

static void
bells_add(const char *task)
{
	if (bells_n < (int)(sizeof(bells) / sizeof(bells[0])))
		bells[bells_n++] = task;
}

void
tasks_ring_held(struct op *op, bool kept)
{
	int n = bells_n;

	bells_n = 0;
	if (kept && n > 0 && bus_ring(op, bells, n) != OK)
		log_warn(op, "the bell is out of order, the sweep will do: %s",
		    op->why != NULL ? op->why : "-");
}

void
tasks_ring(struct op *op, const char *task, const char *const *also)
{
	if (task != NULL)
		bells_add(task);
	for (; also != NULL && *also != NULL; also++)
		bells_add(*also);
	if (!store_holds())
		tasks_ring_held(op, true);
}

/* The row is the truth; the bell only says when to look. */
static enum err
wait_for_end(struct request *r, const struct guest *g, const char *task,
    struct task_row *row, bool *ended)
{
	struct op *op = &r->op;
	int64_t end = clock_ms() + conf_int("api.guest_wait") * 1000, left;
	bool rung;

	for (;;) {
		TRY(task_show(op, g->in.id, task, row));
		*ended = row->ended != NULL;
		left = end - clock_ms();
		if (*ended || left <= 0)
			return OK;
		if (bus_wait_done(op, task, left < LOOK_MS ? left : LOOK_MS,
		    &rung) != OK)
			clock_sleep_ms(left < CALM_MS ? left : CALM_MS);
	}
}

static enum err
outcome(struct op *op, const struct task_row *row)
{
	const char *why = "the task was cancelled";
	enum err e = ERR_GUEST;

	if (strcmp(row->status, "SUCCEEDED") == 0)
		return OK;
	if (row->error != NULL)
		e = task_error_read(op, row->error, &why);
	return guest_failed(op, e, why);
}

/* A backup may take hours: whoever waits behind one is told so, not kept. */
static enum err
behind_backup(struct request *r, const struct guest *g,
    const struct task_row *row)
{
	struct instance in;

	if (row->waits_for == NULL)
		return OK;
	TRY(instance_read(&r->op, g->in.id, NULL, &in));
	return in.backing_up ? status_actionable(&r->op, &in) : OK;
}

static enum err
given_up(struct request *r, const struct guest *g, const char *task)
{
	if (instance_cancel_task(&r->op, g->in.id, task) == OK)
		tasks_ring(&r->op, task, NULL);
	else
		log_warn(&r->op, "task %s goes on: it could not be cancelled",
		    task);
	return op_fail(&r->op, ERR_GUEST, TIMED_OUT);
}

enum err
guest_do(struct request *r, const struct guest *g, enum task_kind kind,
    const char *args, bool *ended)
{
	struct op *op = &r->op;
	struct new_task task;
	struct task_row row;
	const char *why;
	bool end;
	enum err e;

	TRY(heard_check(op, g));
	if (args != NULL)
		TRY(guest_fits(op, args));
	new_task_begin(op, &task, kind, g->in.id, g->in.tenant,
	    r->caller.user, args);
	e = instance_submit(op, g->in.id, &task);
	if (e == ERR_CONFLICT)		/* it is being deleted */
		return op_fail(op, ERR_UNPROCESSABLE, "Instance %s is not "
		    "currently available for an action to be performed (task "
		    "status was DELETING).", g->in.id);
	TRY(e);
	tasks_ring(op, task.id, NULL);
	if (ended != NULL)
		*ended = false;
	if (attempt_is_dry(r))
		return OK;
	TRY(attempt_settle(r));
	TRY(wait_for_end(r, g, task.id, &row, &end));
	if (!end && (e = behind_backup(r, g, &row)) != OK) {
		why = op->why;
		(void)given_up(r, g, task.id);
		return op_fail(op, e, "%s", why);
	}
	if (!end && ended == NULL)
		return given_up(r, g, task.id);
	if (ended != NULL)
		*ended = end;
	return end ? outcome(op, &row) : OK;
}
