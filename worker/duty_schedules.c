/*
 * Backups that come by themselves.  The claim of a schedule, its next time,
 * the backup's row, its task and its quota are one transaction: whoever dies
 * here leaves all of it or nothing.  What was missed while nobody was there is
 * made up for once.
 */
#include "worker/duties.h"
#include "lib/base/cron.h"
#include "lib/base/engines.h"
#include "lib/base/log.h"
#include "lib/msg/bus.h"
#include "lib/store/schedules.h"

#include <string.h>

#define RUNS		20		/* at one time: there are tasks, too */
#define BUSY_SECS	5		/* until an instance with a task is looked at again */
#define AWAY_SECS	60		/* ... one that no backup can be taken of */

static enum err
next_of(struct op *op, const struct run *r, int64_t *next)
{
	const struct zone *zone;
	struct cron cron;

	TRY(cron_parse(op, r->cron, &cron));
	TRY(zone_load(op, r->zone, &zone));
	*next = cron_next(&cron, zone, r->now);
	return OK;
}

/* Every k-th one is full, and each where the engine knows no others. */
static enum err
pick_parent(struct op *op, const struct run *r, struct backup *b)
{
	const struct engine *e = r->manager == NULL ? NULL :
	    engine_serving(r->manager);

	if (e == NULL || e->suffix == NULL)
		return op_fail(op, ERR_NOT_BUILT,
		    "No backups are taken of instances of this datastore.");
	return e->increments && r->full_every > 1 ? schedule_parent(op, r,
	    strcmp(e->name, "null") == 0, &b->parent) : OK;
}

static enum err
take(struct op *op, const struct run *r, int64_t next, const char **task)
{
	struct backup b = { .tenant = r->tenant, .instance = r->instance,
	    .name = r->name, .description = r->description, .state = "NEW",
	    .version_id = r->version_id };
	struct new_task t;
	struct call ran, probe;

	TRY(pick_parent(op, r, &b));
	TRY(backup_container(op, b.tenant, b.instance, &b.container));
	new_task_begin(op, &t, TASK_BACKUP, b.instance, b.tenant, r->user,
	    backup_args(op, &b));
	*task = b.id = op_strdup(op, t.id);
	TRY(backup_insert(op, &b, &t));
	ran = schedule_ran(op, r, b.id, next);
	probe = new_task_probe(op, &t);
	return store_keep(op, &ran, &probe);
}

/* Within the claim's transaction. */
static enum err
attend(struct op *op, const struct run *r, const char **task)
{
	int64_t next;

	if (r->busy)
		TRY(schedule_later(op, r, BUSY_SECS, NULL));
	else if (r->state != NULL)
		TRY(schedule_later(op, r, AWAY_SECS, op_printf(op, "The backup "
		    "waits for its instance, whose status is %s.", r->state)));
	else {
		TRY(next_of(op, r, &next));
		return take(op, r, next, task);
	}
	return store_keep(op, NULL, NULL);
}

/* What the claim's transaction did is undone: this stays of the run. */
static enum err
note(struct op *op, const struct run *r, enum err e)
{
	const char *why = op->why;
	int64_t next;

	log_warn(op, "schedule %s: %s", r->id, why);
	if (e != ERR_OVER_LIMIT && e != ERR_NOT_BUILT && e != ERR_BAD_REQUEST)
		return schedule_later(op, r, AWAY_SECS,
		    "The backup could not be begun.");
	if (e == ERR_BAD_REQUEST || next_of(op, r, &next) != OK)
		return schedule_later(op, r, AWAY_SECS, why);
	return schedule_missed(op, r, next, why);
}

static enum err
run_one(struct op *op, bool *found)
{
	const char *task = NULL;
	struct run r;
	enum err e;

	*found = false;
	store_hold(NULL);
	e = schedule_claim(op, &r, found);
	if (e == OK && *found)
		e = attend(op, &r, &task);
	store_drop(op);
	if (e != OK && (e == ERR_UNAVAILABLE || !*found))
		return e;
	if (e != OK)
		return note(op, &r, e);
	if (task == NULL)
		return OK;
	log_info(op, "schedule %s: task %s backs up instance %s", r.id, task,
	    r.instance);
	return bus_ring(op, &task, 1);
}

/* What hinders one of them (it is restored from, say) keeps none of the others. */
static enum err
tidy_one(struct op *op, bool *found)
{
	const char *id, **backup;
	bool all = true;
	int n;

	TRY(schedule_tidy(op, &id));
	*found = id != NULL;
	if (!*found)
		return OK;
	TRY(schedule_expired(op, id, &backup, &n));
	for (int i = 0; i < n; i++) {
		enum err e = backup_delete(op, backup[i], NULL);

		if (e == ERR_UNAVAILABLE)
			return e;
		if (e != OK)
			log_warn(op, "schedule %s: backup %s stays: %s", id,
			    backup[i], op->why);
		else
			log_info(op, "schedule %s: backup %s is kept no longer",
			    id, backup[i]);
		all = all && e == OK;
	}
	return all ? schedule_tidied(op, id) : OK;
}

enum err
duty_schedules(struct op *op, const char *host)
{
	bool found = true;

	(void)host;
	for (int i = 0; i < RUNS && found; i++)
		TRY(run_one(op, &found));
	found = true;
	for (int i = 0; i < RUNS && found; i++)
		TRY(tidy_one(op, &found));
	return OK;
}
