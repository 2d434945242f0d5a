#include "lib/store/schedules.h"

#include "lib/base/text.h"

#define TIDY_AGAIN_SECS	300

static void
take(const struct rows *rows, int row, struct schedule *s)
{
	*s = (struct schedule){
		.id = row_str(rows, row, 0),
		.tenant = row_str(rows, row, 1),
		.instance = row_str(rows, row, 2),
		.name = row_str(rows, row, 3),
		.description = row_str(rows, row, 4),
		.cron = row_str(rows, row, 5),
		.zone = row_str(rows, row, 6),
		.keep_last = (int)row_int(rows, row, 7),
		.keep_days = (int)row_int(rows, row, 8),
		.full_every = (int)row_int(rows, row, 9),
		.enabled = row_bool(rows, row, 10),
		.next_run = row_str(rows, row, 11),
		.last_run = row_str(rows, row, 12),
		.last_backup = row_str(rows, row, 13),
		.last_state = row_str(rows, row, 14),
		.last_error = row_str(rows, row, 15),
		.created = row_str(rows, row, 16),
		.updated = row_str(rows, row, 17),
	};
	if (s->last_state == NULL)
		s->last_backup = NULL;
}

enum err
schedules_read(struct op *op, const struct schedules_page *page,
    struct schedule **out, int *n)
{
	struct rows rows;

	TRY(STORE_READ(op, &rows, SCHEDULES_LIST, page->tenant, page->instance,
	    page->marker != NULL ? page->marker : STORE_FIRST,
	    store_num(op, page->limit + 1)));
	*n = rows_count(&rows);
	*out = op_alloc(op, ((size_t)*n + 1) * sizeof(**out));
	for (int i = 0; i < *n; i++)
		take(&rows, i, &(*out)[i]);
	return OK;
}

enum err
schedule_read(struct op *op, const char *id, const char *tenant,
    struct schedule *s)
{
	struct rows rows;

	if (text_is_uuid(id))
		TRY(STORE_READ(op, &rows, SCHEDULE_SHOW, id, tenant));
	if (!text_is_uuid(id) || rows_count(&rows) == 0)
		return op_fail(op, ERR_NOT_FOUND,
		    "Resource %s cannot be found.", id);
	take(&rows, 0, s);
	return OK;
}

static const char *
or_null(struct op *op, int n)
{
	return n == 0 ? NULL : store_num(op, n);
}

static const char *
time_arg(struct op *op, int64_t t)
{
	return t == SCHEDULE_NEVER ? NULL : store_num(op, t);
}

enum err
schedule_insert(struct op *op, const struct schedule *s, int64_t next)
{
	const struct call probe = CALL(SCHEDULE_SHOW, s->id, s->tenant);
	const struct call calls[] = {
		CALL(SCHEDULE_HOLD, s->instance),
		CALL(SCHEDULE_ROOM, s->instance,
		    store_num(op, SCHEDULES_MOST)),
		CALL(SCHEDULE_INSERT, s->id, s->tenant, s->user, s->instance,
		    s->name, s->description, s->cron, s->zone,
		    or_null(op, s->keep_last), or_null(op, s->keep_days),
		    store_num(op, s->full_every), s->enabled ? "t" : "f",
		    time_arg(op, next)),
	};

	return store_write_sure(op, NULL, 3, calls, &probe);
}

enum err
schedule_change(struct op *op, const struct schedule *s, const int64_t *next)
{
	return STORE_WRITE(op, NULL, SCHEDULE_CHANGE, s->id, s->updated,
	    s->name, s->description, s->cron, s->zone,
	    or_null(op, s->keep_last), or_null(op, s->keep_days),
	    store_num(op, s->full_every), s->enabled ? "t" : "f",
	    next != NULL ? "t" : "f",
	    next != NULL ? time_arg(op, *next) : NULL);
}

enum err
schedule_delete(struct op *op, const char *id)
{
	return STORE_WRITE(op, NULL, SCHEDULE_DELETE, id);
}

/* --- for workers ------------------------------------------------------------------ */

enum err
schedule_claim(struct op *op, struct run *r, bool *found)
{
	struct rows rows;

	TRY(STORE_WRITE(op, &rows, SCHEDULE_CLAIM, NULL));
	*found = rows_count(&rows) > 0;
	if (*found)
		*r = (struct run){
			.id = row_str(&rows, 0, 0),
			.tenant = row_str(&rows, 0, 1),
			.user = row_str(&rows, 0, 2),
			.instance = row_str(&rows, 0, 3),
			.name = row_str(&rows, 0, 4),
			.description = row_str(&rows, 0, 5),
			.cron = row_str(&rows, 0, 6),
			.zone = row_str(&rows, 0, 7),
			.full_every = (int)row_int(&rows, 0, 8),
			.due = row_str(&rows, 0, 9),
			.now = row_int(&rows, 0, 10),
			.version_id = row_str(&rows, 0, 11),
			.manager = row_str(&rows, 0, 12),
			.state = row_str(&rows, 0, 13),
			.busy = row_bool(&rows, 0, 14),
		};
	return OK;
}

enum err
schedule_parent(struct op *op, const struct run *r, bool unmarked,
    const char **parent)
{
	struct rows rows;

	TRY(STORE_READ(op, &rows, SCHEDULE_PARENT, r->id, r->version_id,
	    store_num(op, r->full_every), unmarked ? "t" : "f"));
	*parent = rows_count(&rows) > 0 ? row_str(&rows, 0, 0) : NULL;
	return OK;
}

struct call
schedule_ran(struct op *op, const struct run *r, const char *backup,
    int64_t next)
{
	return (struct call)CALL(SCHEDULE_RAN, r->id, backup,
	    time_arg(op, next));
}

enum err
schedule_missed(struct op *op, const struct run *r, int64_t next,
    const char *why)
{
	return STORE_WRITE(op, NULL, SCHEDULE_MISSED, r->id, r->due,
	    time_arg(op, next), why);
}

enum err
schedule_later(struct op *op, const struct run *r, int secs, const char *why)
{
	return STORE_WRITE(op, NULL, SCHEDULE_LATER, r->id, r->due,
	    store_num(op, secs), why);
}

enum err
schedule_tidy(struct op *op, const char **id)
{
	struct rows rows;

	TRY(STORE_WRITE(op, &rows, SCHEDULE_TIDY,
	    store_num(op, TIDY_AGAIN_SECS)));
	*id = rows_count(&rows) > 0 ? row_str(&rows, 0, 0) : NULL;
	return OK;
}

enum err
schedule_expired(struct op *op, const char *id, const char ***backups, int *n)
{
	struct rows rows;

	TRY(STORE_READ(op, &rows, SCHEDULE_EXPIRED, id));
	*n = rows_count(&rows);
	*backups = op_alloc(op, ((size_t)*n + 1) * sizeof(**backups));
	for (int i = 0; i < *n; i++)
		(*backups)[i] = row_str(&rows, i, 0);
	return OK;
}

enum err
schedule_tidied(struct op *op, const char *id)
{
	return STORE_WRITE(op, NULL, SCHEDULE_TIDIED, id);
}
