#include "worker/runner.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"
#include "lib/base/seal.h"
#include "lib/base/service.h"
#include "lib/msg/bus.h"

#include <assert.h>
#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define AGAIN_MS	1000		/* a step that waits, unless it says otherwise */
#define AWAY_MS		1000		/* the store or the bus is away */
#define HOLD_MAX_MS	1000		/* between two attempts to give a task back */
#define CANCELLED	"Cancelled."

void (*runner_watch)(const struct work *, bool before);

/* --- what steps say ------------------------------------------------------------ */

enum verdict
work_verdict(struct work *w, enum err e)
{
	w->err = e;
	return e == OK ? DONE : FAIL;
}

enum verdict
work_fail(struct work *w, enum err e, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return work_verdict(w, op_fail(w->op, e, "%s", text));
}

enum err
work_guest(struct work *w)
{
	if (w->guest_fresh)
		return OK;
	w->guest_fresh = true;
	return lease_guest(w->op, &w->lease);
}

void
work_record(struct work *w, struct call c)
{
	assert(w->records < RECORDS);
	w->record[w->records++] = c;
}

int64_t
work_elapsed(const struct work *w)
{
	return w->step->patience * 1000 -
	    (w->lease.step_deadline - clock_ms());
}

const char *
worker_host(struct op *op)
{
	const char *given = conf_str("local.host");
	char own[96];

	if (*given != '\0')
		return given;
	if (gethostname(own, sizeof(own)) == -1)
		err(1, "gethostname");
	own[sizeof(own) - 1] = '\0';
	return op_strdup(op, own);
}

/* --- one step -------------------------------------------------------------------- */

static int
step_count(const struct flow *f)
{
	int n = 0;

	while (f->steps[n].name != NULL)
		n++;
	return n;
}

static const struct step *
step_find(const struct flow *f, const char *name)
{
	const struct step *s = f->steps;

	while (s->name != NULL && (name == NULL || strcmp(s->name, name) != 0))
		s++;
	return s->name != NULL ? s : f->steps;
}

/* The step's name is in the store before its first effect is in the world. */
static enum err
step_enter(struct work *w, const struct step *s)
{
	const struct lease_step now = {
		.name = s->name, .no = (int)(s - w->flow->steps) + 1,
		.count = step_count(w->flow), .patience = s->patience,
		.undoing = w->lease.undoing,
		.call = w->record, .calls = w->records,
	};

	w->step = s;
	if (w->stored == s)
		return OK;
	TRY(lease_step(w->op, &w->lease, &now));
	w->stored = s;
	w->records = 0;
	return OK;
}

static bool
step_is_late(const struct work *w)
{
	int64_t now = clock_ms();

	return now >= w->lease.step_deadline || now >= w->lease.deadline;
}

static enum verdict
step_give_up(struct work *w)
{
	if (w->err != OK)		/* the text of the last attempt is there */
		return FAIL;
	if (w->late != NULL)
		return work_fail(w, ERR_GUEST, "%s", w->late);
	return work_fail(w, ERR_CLOUD, "Step %s was not done in time.",
	    w->step->name);
}

static enum verdict
step_try(struct work *w, enum verdict (*act)(struct work *))
{
	enum verdict v;

	w->err = OK;
	w->op->why = NULL;
	w->late = NULL;
	w->wait_ms = AGAIN_MS;
	w->tell.kind = ORDER_NONE;
	w->watch = false;
	w->more_ms = 0;
	if (runner_watch != NULL)
		runner_watch(w, true);
	v = act == NULL ? DONE : act(w);
	if (runner_watch != NULL)
		runner_watch(w, false);
	if (v == DONE)			/* what comes after is another time */
		w->guest_fresh = false;
	return v == WAIT && step_is_late(w) ? step_give_up(w) : v;
}

/* --- a walk ------------------------------------------------------------------------- */

static enum verdict
walk_on(struct work *w)
{
	const struct step *s = step_find(w->flow, w->lease.step);
	enum verdict v;

	for (; s->name != NULL; s++) {
		if (work_verdict(w, step_enter(w, s)) != DONE)
			return FAIL;
		if (w->lease.cancel && w->lease.kind != TASK_DELETE) {
			w->cancelled = true;
			return work_fail(w, ERR_CONFLICT, CANCELLED);
		}
		if ((v = step_try(w, s->run)) != DONE)
			return v;
	}
	return DONE;
}

/*
 * From the step that failed, which may be half done, to the first one.  Where
 * one cannot be taken back, those before it stay too: a volume is not removed
 * from under a server that may still run.
 */
static enum verdict
walk_back(struct work *w)
{
	const struct step *s = step_find(w->flow, w->lease.step);
	enum verdict v;

	for (;; s--) {
		if (work_verdict(w, step_enter(w, s)) != DONE)
			return FAIL;
		if ((v = step_try(w, s->undo)) != DONE || s == w->flow->steps)
			return v;
	}
}

static void
ring_end(struct work *w, const char *next)
{
	if (bus_ring_done(w->op, w->lease.id) != OK ||
	    (next != NULL && bus_ring(w->op, &next, 1) != OK))
		log_warn(w->op, "%s", w->op->why);
}

static enum err
task_end(struct work *w, const char *status, const char *failed_step,
    const char *error)
{
	struct call call[RECORDS + ENDS];
	bool good = strcmp(status, "SUCCEEDED") == 0;
	struct lease_end end = { .status = status, .failed_step = failed_step,
	    .error = error, .call = call, .calls = w->records,
	    .unless_cancelled = good && w->lease.kind == TASK_CREATE };
	const char *next;

	memcpy(call, w->record, sizeof(w->record));
	w->lease.error = error;
	if (!good && failed_step != NULL)
		w->lease.failed_step = failed_step;
	if (w->flow->ended != NULL)
		end.calls += w->flow->ended(w, good, call + w->records);
	assert(end.calls <= w->records + ENDS);
	TRY(lease_end(w->op, &w->lease, &end, &next));
	if (good)
		log_info(w->op, "%s: done", w->lease.word);
	else
		log_warn(w->op, "%s: %s at step %s: %s",
		    w->lease.word, status,
		    failed_step != NULL ? failed_step : "-", error);
	ring_end(w, next != NULL ? next : w->rings);
	return OK;
}

static bool
can_undo(const struct work *w)
{
	if (w->lease.kind == TASK_CREATE && conf_bool("task.keep_failed"))
		return false;
	for (const struct step *s = w->flow->steps; s->name != NULL; s++)
		if (s->undo != NULL)
			return true;
	return false;
}

/* Forward is over: turn round, or end, if there is nothing to take back. */
static enum err
task_failed(struct work *w)
{
	const char *step = w->cancelled ? NULL : w->step->name;
	const char *error = task_error_text(w->op, w->err, w->op->why);

	if (!can_undo(w))
		return task_end(w, step == NULL ? "CANCELLED" : "FAILED", step,
		    error);
	log_warn(w->op, "%s: undoing from step %s: %s",
	    w->lease.word, w->step->name, error);
	if (w->records > 0)
		TRY(lease_write(w->op, &w->lease, NULL, w->records, w->record));
	w->records = 0;
	w->stored = NULL;		/* the same step, but the other direction */
	return lease_turn(w->op, &w->lease, step, error,
	    task_kind_secs(w->lease.kind));
}

static enum err
task_undone(struct work *w, enum verdict v)
{
	const char *error = w->lease.error;
	const char *step = w->lease.failed_step;

	if (v == DONE)
		return task_end(w, step == NULL ? "CANCELLED" : "FAILED", step,
		    error);
	error = op_printf(w->op, "%s Left behind, from step %s on: %s", error,
	    w->step->name, w->op->why);
	return task_end(w, "FAILED", step != NULL ? step : w->step->name,
	    error);
}

/* Neither is the task's failure: it goes on with another worker, or later. */
static bool
is_ours_no_more(const struct work *w, enum verdict v)
{
	return v == FAIL && (w->err == ERR_FENCED ||
	    (w->err == ERR_UNAVAILABLE && clock_ms() < w->lease.deadline));
}

/* OK: it ended, or *wait: it waits.  Else it stopped in the middle. */
static enum err
task_walk(struct work *w, bool *wait)
{
	enum verdict v = DONE;
	enum err e;

	*wait = false;
	if (!w->lease.undoing) {
		v = walk_on(w);
		if (v == DONE) {
			e = task_end(w, "SUCCEEDED", NULL, NULL);
			if (e != ERR_CONFLICT)
				return e;
			w->cancelled = true;
			v = work_fail(w, ERR_CONFLICT, CANCELLED);
		}
		if ((*wait = v == WAIT))
			return OK;
		if (is_ours_no_more(w, v))
			return w->err;
		TRY(task_failed(w));
		if (!w->lease.undoing)
			return OK;
	}
	v = walk_back(w);
	if ((*wait = v == WAIT))
		return OK;
	return is_ours_no_more(w, v) ? w->err : task_undone(w, v);
}

/* --- letting go ------------------------------------------------------------------------ */

/*
 * The store may be away just now.  A task that is only dropped would count as
 * one that killed its worker, so keep it in hand until it can be given back
 * or another has it.
 */
static enum err
give_back(struct work *w, const struct lease_pause *pause)
{
	enum err e;

	for (int ms = 50;; ms = ms * 2 > HOLD_MAX_MS ? HOLD_MAX_MS : ms * 2) {
		e = lease_give_back(w->op, &w->lease, pause);
		if (e != ERR_UNAVAILABLE || service_stopping())
			return e;
		clock_sleep_ms(ms);
	}
}

/*
 * An order is sent only when the task waits: the conductor rings waiting tasks,
 * so no end of an order can come too early to be heard.
 */
static enum err
tell(struct work *w)
{
	if (w->tell.kind == ORDER_NONE || lease_check(w->op, &w->lease) != OK)
		return OK;
	return guest_tell(w->op, seal_master(), w->lease.instance,
	    w->lease.home.key_epoch, w->tell.id, w->tell.kind, w->tell.body);
}

/* A report may have come between our look and the moment from which we wait. */
static enum err
look_again(struct work *w, int *again_ms)
{
	int64_t seen = w->lease.guest.seq;

	if (!w->watch)
		return OK;
	TRY(lease_guest(w->op, &w->lease));
	if (w->lease.guest.seq != seen)
		*again_ms = 1;
	return OK;
}

static enum err
task_wait(struct work *w, int *again_ms)
{
	struct lease_pause pause = { .ms = w->wait_ms,
	    .patience = w->more_ms };
	enum err e;

	if (w->err != OK)
		pause.error = task_error_text(w->op, w->err, w->op->why);
	e = give_back(w, &pause);
	if (e != OK)
		return e == ERR_FENCED ? OK : e;
	*again_ms = w->wait_ms;
	TRY(tell(w));
	return look_again(w, again_ms);
}

/* Its patience is not spent while it cannot even be tried. */
static enum err
task_drop(struct work *w, enum err why, int64_t since, int *again_ms)
{
	const struct lease_pause pause = { .ms = AWAY_MS,
	    .error = task_error_text(w->op, why, w->op->why),
	    .patience = clock_ms() - since + AWAY_MS };

	if (why == ERR_FENCED) {
		log_info(w->op, "another worker has it: %s", w->op->why);
		return OK;
	}
	log_warn(w->op, "%s", w->op->why);
	if (why != ERR_UNAVAILABLE)	/* the lease runs out; the sweep rings */
		return OK;
	if (give_back(w, &pause) == OK)
		*again_ms = AWAY_MS;
	return why;
}

/* --- taking ------------------------------------------------------------------------------ */

static enum err
quarantine(struct work *w)
{
	const char *step = w->lease.step != NULL ? w->lease.step : "take";

	return task_end(w, "FAILED", step, task_error_text(w->op, ERR_INTERNAL,
	    op_printf(w->op, "Quarantined: %d workers in a row died with it "
	    "at step %s.", w->lease.crashes - 1, step)));
}

static enum err
task_begin(struct work *w, bool *wait)
{
	static const struct step nothing[] = { { 0 } };
	static const struct flow none = { nothing, NULL };

	*wait = false;
	w->flow = w->lease.kind < TASK__MAX ? &flows[w->lease.kind] : &none;
	w->guest_fresh = true;
	if (w->lease.crashes > conf_int("task.attempts"))
		return quarantine(w);
	if (w->flow == &none)
		return task_end(w, "FAILED", "take", task_error_text(w->op,
		    ERR_NOT_BUILT, "This worker does not know such tasks."));
	if (w->lease.step != NULL && w->lease.step_deadline != 0)
		w->stored = step_find(w->flow, w->lease.step);
	return task_walk(w, wait);
}

enum err
task_run(struct op *op, const struct lease_by *me, const char *task,
    int *again_ms)
{
	struct work w = { .op = op };
	int64_t since = clock_ms();
	bool taken, wait;
	enum err e;

	*again_ms = 0;
	if (!text_is_uuid(task))
		return OK;		/* somebody else's word in our list */
	TRY(lease_take(op, task, me, &w.lease, &taken));
	if (!taken)
		return OK;
	op->id = w.lease.request;
	op->instance = w.lease.instance;
	op->task = w.lease.id;
	e = task_begin(&w, &wait);
	if (e != OK)
		return task_drop(&w, e, since, again_ms);
	return wait ? task_wait(&w, again_ms) : OK;
}
