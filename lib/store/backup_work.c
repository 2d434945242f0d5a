#include "lib/store/backup_work.h"

enum err
backup_work_read(struct op *op, const char *id, struct backup_work *b)
{
	struct rows r;

	TRY(STORE_READ(op, &r, BACKUP_WORK, id));
	if (rows_count(&r) == 0)
		return op_fail(op, ERR_NOT_FOUND, "The backup is gone.");
	*b = (struct backup_work){
		.name = row_str(&r, 0, 0), .container = row_str(&r, 0, 1),
		.key = row_str(&r, 0, 2), .datastore = row_str(&r, 0, 3),
		.version = row_str(&r, 0, 4), .engine = row_str(&r, 0, 5),
		.parent = row_str(&r, 0, 6), .parent_good = row_bool(&r, 0, 7),
		.mark = row_str(&r, 0, 8),
		.parent_location = row_str(&r, 0, 9),
		.parent_checksum = row_str(&r, 0, 10),
		.moved = row_int(&r, 0, 11),
		.deleted = row_bool(&r, 0, 12),
	};
	return OK;
}

struct call
backup_begun(const char *id, const char *key)
{
	return (struct call)CALL(BACKUP_BEGUN, id, key);
}

struct call
backup_stored(struct op *op, const char *id, const struct backup_stored *s)
{
	return (struct call)CALL(BACKUP_STORED, id, s->location, s->gb,
	    s->checksum, s->mark, s->segments,
	    s->stored < 0 ? NULL : store_num(op, s->stored),
	    s->plain < 0 ? NULL : store_num(op, s->plain), s->digest);
}

struct call
backup_ended(struct op *op, const char *id, const char *instance,
    const char *state, int verify_of)
{
	return (struct call)CALL(BACKUP_ENDED, id, instance, state,
	    store_num(op, verify_of));
}

enum err
backup_chain(struct op *op, const char *id, struct backup_link **out, int *n)
{
	struct rows r;

	TRY(STORE_READ(op, &r, BACKUP_CHAIN, id));
	*n = rows_count(&r);
	*out = op_alloc(op, ((size_t)*n + 1) * sizeof(**out));
	for (int i = 0; i < *n; i++)
		(*out)[i] = (struct backup_link){
			.id = row_str(&r, i, 0), .tenant = row_str(&r, i, 1),
			.container = row_str(&r, i, 2),
			.good = row_bool(&r, i, 3),
			.parent = row_str(&r, i, 4), .key = row_str(&r, i, 5),
			.segments = row_str(&r, i, 6),
			.stored = row_int(&r, i, 7),
			.plain = row_int(&r, i, 8),
			.location = row_str(&r, i, 9),
			.checksum = row_str(&r, i, 10),
		};
	return OK;
}

struct call
task_moved(struct op *op, const char *task, int64_t bytes, int64_t of,
    const char *instance)
{
	return (struct call)CALL(TASK_MOVED, task,
	    bytes >= 0 ? store_num(op, bytes) : NULL,
	    of > 0 ? store_num(op, of) : NULL, instance);
}

void
task_moved_read(const struct rows *r, int64_t *still, int64_t *silent)
{
	*still = row_int(r, 0, 0);
	*silent = row_str(r, 0, 1) == NULL ? -1 : row_int(r, 0, 1);
}

enum err
backups_sweep(struct op *op, int most, struct backup_trace **out, int *n)
{
	struct rows r;

	TRY(STORE_WRITE(op, &r, BACKUPS_SWEEP, store_num(op, most)));
	*n = rows_count(&r);
	*out = op_alloc(op, ((size_t)*n + 1) * sizeof(**out));
	for (int i = 0; i < *n; i++)
		(*out)[i] = (struct backup_trace){ row_str(&r, i, 0),
		    row_str(&r, i, 1), row_str(&r, i, 2) };
	return OK;
}

enum err
backup_swept(struct op *op, const char *id, bool nothing, int leave)
{
	return STORE_WRITE(op, NULL, BACKUP_SWEPT, id, nothing ? "t" : "f",
	    store_num(op, leave));
}
