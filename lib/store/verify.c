#include "lib/store/verify.h"
#include "lib/base/conf.h"
#include "lib/base/text.h"
#include "lib/store/tasks.h"

#include <string.h>

#define SLOTS_MOST	32		/* LOCAL_SPARE has as many */
#define LEFT_SECS	20		/* a removal that failed is not tried again at once */

static const char *
new_id(struct op *op)
{
	char id[UUID_LEN + 1];

	text_uuid(id);
	return op_strdup(op, id);
}

int
verify_slots(void)
{
	int n = conf_int("backup.verify_slots");

	if (strcmp(conf_str("compute.driver"), "local") != 0 || n < 1)
		return 0;
	return n < SLOTS_MOST ? n : SLOTS_MOST;
}

enum err
verify_ask(struct op *op, const struct backup *b)
{
	if (strcmp(b->state, "COMPLETED") != 0 || !b->ours)
		return op_fail(op, ERR_UNPROCESSABLE, "Backup %s cannot be "
		    "verified: %s.", b->id, strcmp(b->state, "RESTORED") == 0 ?
		    "it was taken elsewhere" : "it is not completed");
	if (verify_slots() == 0)
		return op_fail(op, ERR_NOT_BUILT,
		    "Backups are not verified here.");
	return STORE_WRITE(op, NULL, VERIFY_ASK, b->id);
}

enum err
verify_begin(struct op *op, int slots, const char *region, const char **task)
{
	const char *instance = new_id(op), *id = new_id(op);
	const struct call calls[] = {
		CALL(VERIFY_LOCK, NULL),
		CALL(VERIFY_BEGIN, instance, store_num(op, slots), region),
		CALL(VERIFY_GUEST, instance),
		CALL(VERIFY_TASK, id, instance, op->id,
		    task_kind_word(TASK_VERIFY),
		    store_num(op, task_kind_secs(TASK_VERIFY))),
	};
	struct rows rows[4] = { 0 };

	TRY(store_write(op, rows, 4, calls));
	*task = rows_count(&rows[3]) > 0 ? id : NULL;
	return OK;
}

enum err
verify_read(struct op *op, const char *backup, struct verify_work *w)
{
	struct rows r;

	*w = (struct verify_work){ 0 };
	TRY(STORE_READ(op, &r, VERIFY_WORK, backup));
	if (rows_count(&r) == 0)
		return op_fail(op, ERR_NOT_FOUND, "The backup is gone.");
	w->tries = (int)row_int(&r, 0, 0);
	w->digest = row_str(&r, 0, 1);
	return OK;
}

struct call
verify_good(const char *backup)
{
	return (struct call)CALL(VERIFY_DONE, backup, "t", NULL, NULL);
}

struct call
verify_bad(const char *backup, const char *why)
{
	return (struct call)CALL(VERIFY_DONE, backup, "f", why, NULL);
}

struct call
verify_unknown(struct op *op, const char *backup, const char *why,
    int again_s)
{
	return (struct call)CALL(VERIFY_DONE, backup, NULL, why,
	    again_s < 0 ? NULL : store_num(op, again_s));
}

struct call
verify_remove(struct op *op, const char *instance, const char **task)
{
	*task = new_id(op);
	return (struct call)CALL(VERIFY_REMOVE, instance, *task, op->id,
	    task_kind_word(TASK_DELETE),
	    store_num(op, task_kind_secs(TASK_DELETE)));
}

enum err
verify_sweep(struct op *op, const char ***tasks, int *n)
{
	struct rows left, made;
	struct call call;

	*n = 0;
	TRY(STORE_READ(op, &left, VERIFY_LEFT, store_num(op, LEFT_SECS)));
	*tasks = op_alloc(op, ((size_t)rows_count(&left) + 1) *
	    sizeof(**tasks));
	for (int i = 0; i < rows_count(&left); i++) {
		call = verify_remove(op, row_str(&left, i, 0), &(*tasks)[*n]);
		TRY(store_write(op, &made, 1, &call));
		*n += rows_count(&made) > 0;
	}
	return OK;
}

enum err
verify_prune(struct op *op)
{
	return STORE_WRITE(op, NULL, VERIFY_PRUNE, NULL);
}
