#include "lib/store/configurations.h"

#include "lib/base/seal.h"
#include "lib/store/store.h"

/* The columns of CONFIGURATION_LEAN. */
static void
take(const struct rows *rows, int row, struct configuration *c)
{
	*c = (struct configuration){
		.id = row_str(rows, row, 0),
		.tenant = row_str(rows, row, 1),
		.name = row_str(rows, row, 2),
		.description = row_str(rows, row, 3),
		.version_id = row_str(rows, row, 4),
		.created = row_str(rows, row, 5),
		.updated = row_str(rows, row, 6),
	};
}

static enum err
take_full(struct op *op, const struct rows *rows, struct configuration *c)
{
	take(rows, 0, c);
	c->revision = (int)row_int(rows, 0, 8);
	c->instances = row_int(rows, 0, 9);
	return seal_untext(op, seal_master(), c->id, row_str(rows, 0, 7),
	    &c->settings);
}

enum err
configurations_read(struct op *op, const struct configurations_page *page,
    struct configuration **out, int *n)
{
	const char *marker = page->marker != NULL ? page->marker : STORE_FIRST;
	const char *limit = store_num(op, page->limit + 1);
	struct rows rows;

	if (page->tenant != NULL)
		TRY(STORE_READ(op, &rows, CONFIGURATIONS_LIST, page->tenant,
		    marker, limit));
	else
		TRY(STORE_READ(op, &rows, CONFIGURATIONS_ALL, marker, limit));
	*n = rows_count(&rows);
	*out = op_alloc(op, ((size_t)*n + 1) * sizeof(**out));
	for (int i = 0; i < *n; i++)
		take(&rows, i, &(*out)[i]);
	return OK;
}

enum err
configuration_read(struct op *op, const char *id, const char *tenant,
    struct configuration *c)
{
	struct rows rows;

	if (!text_is_uuid(id))
		return ERR_NOT_FOUND;
	TRY(STORE_READ(op, &rows, CONFIGURATION_SHOW, id, tenant));
	return rows_count(&rows) > 0 ? take_full(op, &rows, c) : ERR_NOT_FOUND;
}

enum err
configuration_insert(struct op *op, const struct configuration *new,
    struct configuration *out)
{
	struct call calls[] = {
		CALL(CONFIGURATION_INSERT, new->id, new->tenant, new->name,
		    new->description, new->version_id,
		    seal_text(op, seal_master(), new->id, new->settings)),
		CALL(CONFIGURATION_SHOW, new->id, new->tenant),
	};
	struct rows rows[2] = { 0 };

	TRY(store_write_sure(op, rows, 2, calls, &calls[1]));
	if (rows_count(&rows[1]) == 0)
		return configuration_read(op, new->id, new->tenant, out);
	return take_full(op, &rows[1], out);
}

enum err
configuration_remove(struct op *op, const char *id)
{
	struct call calls[] = {
		CALL(CONFIGURATION_LOCK, id),
		CALL(CONFIGURATION_IS_FREE, id),
		CALL(CONFIGURATION_DELETE, id),
	};

	return store_write(op, NULL, 3, calls);
}

enum err
configuration_instances(struct op *op, const char *id,
    const struct configurations_page *page, struct holder **out, int *n)
{
	struct rows rows;

	TRY(STORE_READ(op, &rows, CONFIGURATION_INSTANCES, id, page->tenant,
	    page->marker != NULL ? page->marker : STORE_FIRST,
	    store_num(op, page->limit + 1)));
	*n = rows_count(&rows);
	*out = op_alloc(op, ((size_t)*n + 1) * sizeof(**out));
	for (int i = 0; i < *n; i++)
		(*out)[i] = (struct holder){ .id = row_str(&rows, i, 0),
		    .name = row_str(&rows, i, 1) };
	return OK;
}

enum err
configuration_holders(struct op *op, const char *id, struct holder **out,
    int *n)
{
	struct rows rows;

	TRY(STORE_READ(op, &rows, CONFIGURATION_HOLDERS, id));
	*n = rows_count(&rows);
	*out = op_alloc(op, ((size_t)*n + 1) * sizeof(**out));
	for (int i = 0; i < *n; i++)
		(*out)[i] = (struct holder){ .id = row_str(&rows, i, 0),
		    .tenant = row_str(&rows, i, 1),
		    .told = row_bool(&rows, i, 2) };
	return OK;
}

static const char *
ids_of(struct op *op, const struct holder *h, int n)
{
	const char **id = op_alloc(op, ((size_t)n + 1) * sizeof(*id));

	for (int i = 0; i < n; i++)
		id[i] = h[i].id;
	return pg_array(op, id, n);
}

enum err
configuration_change(struct op *op, const struct reconfiguration *r)
{
	const struct configuration *to = &r->to;
	struct call *calls = op_alloc(op, (2 + 2 * (size_t)r->holders) *
	    sizeof(*calls));
	int n = 0;

	calls[n++] = (struct call)CALL(CONFIGURATION_CHANGE, to->id,
	    store_num(op, to->revision), to->name, to->description,
	    seal_text(op, seal_master(), to->id, to->settings));
	calls[n++] = (struct call)CALL(CONFIGURATION_NO_OTHERS, to->id,
	    ids_of(op, r->holder, r->holders));
	for (int i = 0; i < r->holders; i++) {
		if (!r->holder[i].told)
			continue;
		calls[n++] = (struct call)CALL(INSTANCE_RECONFIGURE,
		    r->holder[i].id, r->restart ? "t" : "f", to->id);
		calls[n++] = new_task_call(op, &r->task[i]);
	}
	return store_write(op, NULL, n, calls);
}

enum err
instance_configure(struct op *op, const char *instance,
    const struct attachment *a, const struct new_task *task)
{
	struct call calls[3];
	struct call probe = new_task_probe(op, task);
	int n = 0;

	if (a->now != NULL)
		calls[n++] = (struct call)CALL(CONFIGURATION_HOLD, a->now->id,
		    store_num(op, a->now->revision));
	calls[n++] = (struct call)CALL(INSTANCE_CONFIGURE, instance,
	    a->restart ? "t" : "f", a->was,
	    a->now != NULL ? a->now->id : NULL, a->name);
	calls[n++] = new_task_call(op, task);
	return store_write_sure(op, NULL, n, calls, &probe);
}
