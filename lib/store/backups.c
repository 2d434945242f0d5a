#include "lib/store/backups.h"

#include "lib/base/conf.h"
#include "lib/base/jsonw.h"

static void
take(const struct rows *rows, int row, struct backup *b)
{
	*b = (struct backup){
		.id = row_str(rows, row, 0),
		.tenant = row_str(rows, row, 1),
		.instance = row_str(rows, row, 2),
		.name = row_str(rows, row, 3),
		.description = row_str(rows, row, 4),
		.state = row_str(rows, row, 5),
		.parent = row_str(rows, row, 6),
		.version_id = row_str(rows, row, 7),
		.container = row_str(rows, row, 8),
		.location = row_str(rows, row, 9),
		.size = row_str(rows, row, 10),
		.created = row_str(rows, row, 11),
		.updated = row_str(rows, row, 12),
		.ours = row_bool(rows, row, 13),
		.verified = row_str(rows, row, 14),
		.verified_at = row_str(rows, row, 15),
		.verify_error = row_str(rows, row, 16),
		.checksum = row_str(rows, row, 17),
	};
}

enum err
backups_read(struct op *op, const struct backups_page *page,
    struct backup **out, int *n)
{
	struct rows rows;

	TRY(STORE_READ(op, &rows, BACKUPS_LIST, page->tenant, page->instance,
	    page->datastore, store_num(op, page->limit),
	    store_num(op, page->offset)));
	*n = rows_count(&rows);
	*out = op_alloc(op, ((size_t)*n + 1) * sizeof(**out));
	for (int i = 0; i < *n; i++)
		take(&rows, i, &(*out)[i]);
	return OK;
}

enum err
backup_read(struct op *op, const char *id, const char *tenant,
    struct backup *b)
{
	struct rows rows;

	if (text_is_uuid(id))
		TRY(STORE_READ(op, &rows, BACKUP_SHOW, id, tenant));
	if (!text_is_uuid(id) || rows_count(&rows) == 0)
		return op_fail(op, ERR_NOT_FOUND,
		    "Resource %s cannot be found.", id);
	take(&rows, 0, b);
	return OK;
}

enum err
backup_latest(struct op *op, const char *instance, const char **id)
{
	struct rows rows;

	TRY(STORE_READ(op, &rows, BACKUP_LATEST, instance));
	*id = rows_count(&rows) > 0 ? row_str(&rows, 0, 0) : NULL;
	return OK;
}

enum err
backup_container(struct op *op, const char *tenant, const char *instance,
    const char **container)
{
	struct rows rows;

	TRY(STORE_READ(op, &rows, BACKUP_CONTAINER, tenant, instance));
	*container = rows_count(&rows) > 0 ? row_str(&rows, 0, 0) :
	    BACKUPS_CONTAINER;
	return OK;
}

const char *
backup_args(struct op *op, const struct backup *b)
{
	struct jsonw w;

	jsonw_begin(&w, op, 256);
	jsonw_map(&w);
	jsonw_kstr(&w, "name", b->name);
	jsonw_kstr(&w, "container", b->container);
	jsonw_map_end(&w);
	return w.out.s;
}

/* The quota comes last: its row is the one that others wait for. */
enum err
backup_insert(struct op *op, const struct backup *b,
    const struct new_task *task)
{
	struct call calls[5], probe = CALL(BACKUP_PROBE, b->id);
	int n = 0;

	if (task != NULL)
		calls[n++] = (struct call)CALL(BACKUP_HOLD, b->instance, b->id);
	calls[n++] = (struct call)CALL(BACKUP_PARENT, b->parent);
	calls[n++] = (struct call)CALL(BACKUP_INSERT, b->id, b->tenant,
	    b->instance, b->name, b->description, b->state, b->parent,
	    b->version_id, b->container, b->location, b->size,
	    b->checksum);
	if (task != NULL)
		calls[n++] = new_task_call(op, task);
	calls[n++] = (struct call)CALL(BACKUP_CHARGE, b->tenant,
	    store_num(op, conf_int("quota.instances")),
	    store_num(op, conf_int("quota.ram")),
	    store_num(op, conf_int("quota.volumes")),
	    store_num(op, conf_int("quota.backups")));
	return store_write_sure(op, NULL, n, calls, &probe);
}

/* Tasks before backups, as workers take them. */
enum err
backup_delete(struct op *op, const char *id, const char *const **also)
{
	const struct call calls[] = {
		CALL(BACKUP_STOP, also != NULL ? id : NULL),
		CALL(BACKUP_LOCK, id),
		CALL(BACKUP_DELETE, id, also != NULL ? "t" : "f"),
	};
	struct rows rows[3] = { 0 };
	const char **list;
	int n;

	TRY(store_write(op, rows, 3, calls));
	if (also == NULL)
		return OK;
	n = rows_count(&rows[0]);
	list = op_alloc(op, ((size_t)n + 1) * sizeof(*list));
	for (int i = 0; i < n; i++)
		list[i] = row_str(&rows[0], i, 0);
	*also = list;
	return OK;
}

/* --- strategies -------------------------------------------------------------------- */

enum err
strategies_read(struct op *op, const char *tenant, const char *instance,
    struct strategy **out, int *n)
{
	struct rows rows;

	TRY(STORE_READ(op, &rows, STRATEGIES_LIST, tenant, instance));
	*n = rows_count(&rows);
	*out = op_alloc(op, ((size_t)*n + 1) * sizeof(**out));
	for (int i = 0; i < *n; i++)
		(*out)[i] = (struct strategy){ tenant,
		    row_str(&rows, i, 0), row_str(&rows, i, 1) };
	return OK;
}

enum err
strategy_set(struct op *op, const struct strategy *s)
{
	return STORE_WRITE(op, NULL, STRATEGY_SET, s->tenant, s->instance,
	    s->container);
}

enum err
strategy_delete(struct op *op, const char *tenant, const char *instance)
{
	return STORE_WRITE(op, NULL, STRATEGY_DELETE, tenant, instance);
}
