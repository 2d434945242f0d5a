#include "lib/store/leases.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/seal.h"

#include <assert.h>
#include <string.h>

/* The parameters of each statement that is a fence. */
#define MINE(l) (l)->id, (l)->token, (l)->owner

static const char *
lease_secs(struct op *op)
{
	return store_num(op, conf_int("task.lease"));
}

/* --- taking ------------------------------------------------------------------ */

static void
home_read(const struct rows *r, int col, struct home *h)
{
	*h = (struct home){
		.name = row_str(r, 0, col), .engine = row_str(r, 0, col + 1),
		.version = row_str(r, 0, col + 2),
		.ram_mb = (int)row_int(r, 0, col + 3),
		.vcpus = (int)row_int(r, 0, col + 4),
		.volume_gb = (int)row_int(r, 0, col + 5),
		.server_id = row_str(r, 0, col + 6),
		.volume_id = row_str(r, 0, col + 7),
		.port_id = row_str(r, 0, col + 8),
		.address = row_str(r, 0, col + 9),
		.key_epoch = (int)row_int(r, 0, col + 10),
		.slot = row_str(r, 0, col + 11) == NULL ? -1 :
		    (int)row_int(r, 0, col + 11),
		.network = row_str(r, 0, col + 12),
		.zone = row_str(r, 0, col + 13),
		.to_ram_mb = (int)row_int(r, 0, col + 14),
		.to_vcpus = (int)row_int(r, 0, col + 15),
		.to_gb = (int)row_int(r, 0, col + 16),
		.access = row_str(r, 0, col + 17),
		.public_address = row_str(r, 0, col + 18),
	};
}

static void
guest_read(const struct rows *r, int col, struct guest_said *g)
{
	*g = (struct guest_said){
		.status = row_str(r, 0, col), .seq = row_int(r, 0, col + 1),
		.order = row_str(r, 0, col + 2), .err = row_str(r, 0, col + 3),
		.why = row_str(r, 0, col + 4), .heard = row_bool(r, 0, col + 5),
		.used_bytes = row_int(r, 0, col + 6),
	};
}

/* The columns of TASK_TAKE. */
static void
lease_read(const struct rows *r, int64_t asked, struct lease *l)
{
	l->instance = row_str(r, 0, 0);
	l->tenant = row_str(r, 0, 1);
	l->user = row_str(r, 0, 2);
	l->request = row_str(r, 0, 3);
	l->word = row_str(r, 0, 4);
	l->kind = task_kind_find(l->word);
	l->args = row_str(r, 0, 5);
	l->step = row_str(r, 0, 6);
	l->undoing = row_bool(r, 0, 7);
	l->cancel = row_bool(r, 0, 8);
	l->failed_step = row_str(r, 0, 9);
	l->error = row_str(r, 0, 10);
	l->attempt = (int)row_int(r, 0, 11);
	l->crashes = (int)row_int(r, 0, 12);
	l->token = row_str(r, 0, 13);
	l->deadline = asked + row_int(r, 0, 14);
	l->step_deadline = row_str(r, 0, 15) == NULL ? 0 :
	    asked + row_int(r, 0, 15);
	home_read(r, 16, &l->home);
	guest_read(r, 35, &l->guest);
	l->home.verifies = row_str(r, 0, 42);
}

enum err
lease_take(struct op *op, const char *task, const struct lease_by *by,
    struct lease *l, bool *taken)
{
	int64_t asked = clock_ms();
	struct rows r;

	*taken = false;
	*l = (struct lease){ .id = op_strdup(op, task), .owner = by->owner,
	    .until = asked + conf_int("task.lease") * 1000 };
	TRY(STORE_WRITE(op, &r, TASK_TAKE, task, by->owner,
	    lease_secs(op), by->host));
	if (rows_count(&r) == 0)
		return OK;
	lease_read(&r, asked, l);
	*taken = true;
	return OK;
}

enum err
lease_args(struct op *op, const struct lease *l, const char **json)
{
	*json = NULL;
	return l->args == NULL ? OK :
	    seal_untext(op, seal_master(), l->id, l->args, json);
}

/* --- holding ------------------------------------------------------------------- */

enum err
lease_check(struct op *op, const struct lease *l)
{
	if (clock_ms() < l->until)
		return OK;
	return op_fail(op, ERR_FENCED, "the lease ran out");
}

enum err
lease_write(struct op *op, const struct lease *l, struct rows *rows, int n,
    const struct call *call)
{
	struct call all[LEASE_CALLS + 1] = { CALL(TASK_FENCE, MINE(l)) };
	struct rows got[LEASE_CALLS + 1];

	assert(n <= LEASE_CALLS);
	memcpy(all + 1, call, (size_t)n * sizeof(*call));
	TRY(store_write(op, got, n + 1, all));
	if (rows != NULL)
		memcpy(rows, got + 1, (size_t)n * sizeof(*rows));
	return OK;
}

enum err
lease_step(struct op *op, struct lease *l, const struct lease_step *s)
{
	struct call all[LEASE_CALLS] = {
		CALL(TASK_STEP, MINE(l), lease_secs(op), s->name,
		    store_num(op, s->no), store_num(op, s->count),
		    store_num(op, s->patience), s->undoing ? "t" : "f")
	};
	struct rows r[LEASE_CALLS];
	int64_t asked = clock_ms();

	assert(s->calls < LEASE_CALLS);
	if (s->calls > 0)
		memcpy(all + 1, s->call, (size_t)s->calls * sizeof(*all));
	TRY(store_write(op, r, s->calls + 1, all));
	l->until = asked + conf_int("task.lease") * 1000;
	l->cancel = row_bool(&r[0], 0, 0);
	l->step = s->name;
	l->undoing = s->undoing;
	l->step_deadline = clock_ms() + s->patience * 1000;
	return OK;
}

enum err
lease_guest(struct op *op, struct lease *l)
{
	struct rows r;

	TRY(STORE_READ(op, &r, HOME_GUEST, l->instance, l->id));
	l->guest = (struct guest_said){ 0 };
	if (rows_count(&r) > 0)
		guest_read(&r, 0, &l->guest);
	return OK;
}

/* --- letting go ------------------------------------------------------------------ */

enum err
lease_give_back(struct op *op, struct lease *l, const struct lease_pause *p)
{
	return STORE_WRITE(op, NULL, TASK_GIVE_BACK, MINE(l),
	    store_num(op, p->ms), p->error, store_num(op, p->patience));
}

enum err
lease_turn(struct op *op, struct lease *l, const char *failed_step,
    const char *error, int secs)
{
	TRY(STORE_WRITE(op, NULL, TASK_TURN, MINE(l), failed_step, error,
	    store_num(op, secs)));
	l->undoing = true;
	l->failed_step = failed_step;
	l->error = error;
	l->deadline = (l->deadline > clock_ms() ? l->deadline : clock_ms()) +
	    (int64_t)secs * 1000;
	return OK;
}

enum err
lease_end(struct op *op, struct lease *l, const struct lease_end *e,
    const char **next)
{
	struct call all[LEASE_CALLS] = { CALL(TASK_END, MINE(l), e->status,
	    e->failed_step, e->error, e->unless_cancelled ? "t" : "f") };
	struct rows r[LEASE_CALLS];

	assert(e->calls < LEASE_CALLS);
	if (e->calls > 0)
		memcpy(all + 1, e->call, (size_t)e->calls * sizeof(*all));
	TRY(store_write(op, r, e->calls + 1, all));
	*next = row_str(&r[0], 0, 0);
	return OK;
}

/* --- who looks after all of them ----------------------------------------------- */

enum err
tasks_sweep(struct op *op, int late_ms, int again_ms, const char ***ids,
    int *n)
{
	struct rows r;

	TRY(STORE_WRITE(op, &r, TASKS_SWEEP, store_num(op, late_ms),
	    store_num(op, again_ms)));
	*n = rows_count(&r);
	*ids = op_alloc(op, ((size_t)*n + 1) * sizeof(**ids));
	for (int i = 0; i < *n; i++)
		(*ids)[i] = row_str(&r, i, 0);
	return OK;
}

enum err
tasks_prune(struct op *op, int days)
{
	return STORE_WRITE(op, NULL, TASKS_PRUNE, store_num(op, days));
}

enum err
tasks_recoverable(struct op *op, const char *host, struct recoverable **list,
    int *n)
{
	struct rows r;

	TRY(STORE_READ(op, &r, TASKS_RECOVERABLE, host));
	*n = rows_count(&r);
	*list = op_alloc(op, ((size_t)*n + 1) * sizeof(**list));
	for (int i = 0; i < *n; i++)
		(*list)[i] = (struct recoverable){
			.instance = row_str(&r, i, 0),
			.server_id = row_str(&r, i, 1),
			.slot = (int)row_int(&r, i, 2),
			.engine = row_str(&r, i, 3),
			.version = row_str(&r, i, 4),
		};
	return OK;
}

enum err
task_recover(struct op *op, const char *instance, const char **id)
{
	char *made = op_alloc(op, UUID_LEN + 1);
	struct rows r[2];

	text_uuid(made);
	const struct call calls[] = {
		CALL(TASK_RECOVER_LOCK, instance),
		CALL(TASK_RECOVER, made, instance,
		    op_printf(op, "req-%s", made),
		    store_num(op, task_kind_secs(TASK_RECOVER))),
	};

	TRY(store_write(op, r, 2, calls));
	*id = rows_touched(&r[1]) == 1 ? made : NULL;
	return OK;
}
