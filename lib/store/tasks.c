#include "lib/store/tasks.h"
#include "lib/base/seal.h"

#include <assert.h>
#include <string.h>

static const struct { const char *word; int secs; } kinds[TASK__MAX] = {
#define KIND(name, word, secs) [TASK_##name] = { word, secs },
#include "lib/store/task_kinds.tbl.h"
#undef KIND
};

const char *
task_kind_word(enum task_kind k)
{
	assert(k < TASK__MAX);
	return kinds[k].word;
}

int
task_kind_secs(enum task_kind k)
{
	assert(k < TASK__MAX);
	return kinds[k].secs;
}

enum task_kind
task_kind_find(const char *word)
{
	int k = 0;

	while (k < TASK__MAX && strcmp(kinds[k].word, word) != 0)
		k++;
	return (enum task_kind)k;
}

static const struct {
	const char *const *step;
	bool restarts;
} doings[TASK__MAX] = {
#define STEPS(name, restarts, ...) [TASK_##name] =			\
	{ (const char *const[]){ __VA_ARGS__, NULL }, restarts },
#include "lib/store/task_steps.tbl.h"
#undef STEPS
};

static const char *const no_steps[] = { NULL };

const char *const *
task_steps(enum task_kind k)
{
	return k < TASK__MAX && doings[k].step != NULL ? doings[k].step :
	    no_steps;
}

bool
task_kind_restarts(enum task_kind k)
{
	return k < TASK__MAX && doings[k].restarts;
}

/* --- submitting ------------------------------------------------------------- */

void
new_task_begin(struct op *op, struct new_task *t, enum task_kind kind,
    const char *instance, const char *tenant, const char *user,
    const char *args_json)
{
	*t = (struct new_task){ .kind = kind, .instance = instance,
	    .tenant = tenant, .user = user, .request = op->id };
	text_uuid(t->id);
	if (args_json != NULL)
		t->args = seal_text(op, seal_master(), t->id, args_json);
}

struct call
new_task_call(struct op *op, const struct new_task *t)
{
	return (struct call)CALL(TASK_INSERT, t->id, t->instance, t->tenant,
	    t->user, t->request, task_kind_word(t->kind), t->args,
	    store_num(op, t->secs > 0 ? t->secs : task_kind_secs(t->kind)));
}

struct call
new_task_probe(struct op *op, const struct new_task *t)
{
	(void)op;
	return (struct call)CALL(TASK_PROBE, t->id);
}

/* --- showing ------------------------------------------------------------------ */

static void
task_read(const struct rows *r, int i, struct task_row *t)
{
	*t = (struct task_row){
		.id = row_str(r, i, 0), .instance = row_str(r, i, 1),
		.tenant = row_str(r, i, 2), .kind = row_str(r, i, 3),
		.status = row_str(r, i, 4), .step = row_str(r, i, 5),
		.request = row_str(r, i, 6),
		.step_no = (int)row_int(r, i, 7),
		.step_count = (int)row_int(r, i, 8),
		.attempt = (int)row_int(r, i, 9),
		.undoing = row_bool(r, i, 10),
		.failed_step = row_str(r, i, 11), .error = row_str(r, i, 12),
		.created = row_str(r, i, 13), .started = row_str(r, i, 14),
		.ended = row_str(r, i, 15), .deadline = row_str(r, i, 16),
		.moves = row_str(r, i, 17) != NULL,
		.moved_bytes = row_int(r, i, 17),
		.total_bytes = row_int(r, i, 18),
		.moving_ms = row_int(r, i, 19),
		.waits_for = row_str(r, i, 20),
	};
}

enum err
tasks_of_instance(struct op *op, const char *instance, int limit,
    struct task_row **tasks, int *n)
{
	struct rows r;

	TRY(STORE_READ(op, &r, TASKS_OF_INSTANCE, instance,
	    store_num(op, limit)));
	*n = rows_count(&r);
	*tasks = op_alloc(op, ((size_t)*n + 1) * sizeof(**tasks));
	for (int i = 0; i < *n; i++)
		task_read(&r, i, &(*tasks)[i]);
	return OK;
}

enum err
task_show(struct op *op, const char *instance, const char *id,
    struct task_row *t)
{
	struct rows r;

	if (!text_is_uuid(id))
		return op_fail(op, ERR_NOT_FOUND, "Task %s cannot be found.",
		    id);
	TRY(STORE_READ(op, &r, TASK_SHOW, id, instance));
	if (rows_count(&r) == 0)
		return op_fail(op, ERR_NOT_FOUND, "Task %s cannot be found.",
		    id);
	task_read(&r, 0, t);
	return OK;
}

/* --- error texts ---------------------------------------------------------------- */

const char *
task_error_text(struct op *op, enum err e, const char *why)
{
	return op_printf(op, "%s %s", err_name(e), why != NULL ? why : "");
}

enum err
task_error_read(struct op *op, const char *error, const char **why)
{
	const char *blank = error == NULL ? NULL : strchr(error, ' ');
	const char *name = blank == NULL ? "" :
	    op_strndup(op, error, (size_t)(blank - error));
	enum err e = err_find(name);

	*why = error == NULL ? "" : error;
	if (strcmp(err_name(e), name) == 0)
		*why = blank + 1;
	return e;
}
