#include "lib/store/operator.h"

#include "lib/store/store.h"

#include <string.h>

static void
managed_take(const struct rows *rows, int row, struct managed *m)
{
	int c = instance_take(rows, row, &m->in);

	m->deleted_at = row_str(rows, row, c++);
	m->root_by = row_str(rows, row, c++);
	m->root_at = row_str(rows, row, c++);
	m->in.server_id = row_str(rows, row, c++);
	m->in.volume_id = row_str(rows, row, c++);
	m->host = row_str(rows, row, c++);
	m->in.used_bytes = row_int(rows, row, c++);
	m->in.total_bytes = row_int(rows, row, c++);
}

enum err
managed_list(struct op *op, const struct managed_page *p,
    struct managed **out, int *n)
{
	struct rows rows;

	TRY(STORE_READ(op, &rows, MANAGED_LIST, p->deleted,
	    p->clustered ? "t" : "f", p->tenant, p->host,
	    store_num(op, p->limit), store_num(op, p->offset)));
	*n = rows_count(&rows);
	*out = op_alloc(op, ((size_t)*n + 1) * sizeof **out);
	for (int i = 0; i < *n; i++)
		managed_take(&rows, i, &(*out)[i]);
	return OK;
}

enum err
managed_show(struct op *op, const char *id, bool deleted_too,
    struct managed *out)
{
	struct rows rows;

	memset(out, 0, sizeof *out);
	if (text_is_uuid(id))
		TRY(STORE_READ(op, &rows, MANAGED_SHOW, id,
		    deleted_too ? "t" : "f"));
	if (!text_is_uuid(id) || rows_count(&rows) == 0)
		return op_fail(op, ERR_NOT_FOUND,
		    "Resource %s cannot be found.", id);
	managed_take(&rows, 0, out);
	return OK;
}

enum err
accounts_list(struct op *op, struct account **out, int *n)
{
	struct rows rows;

	TRY(STORE_READ(op, &rows, ACCOUNTS, NULL));
	*n = rows_count(&rows);
	*out = op_alloc(op, ((size_t)*n + 1) * sizeof **out);
	for (int i = 0; i < *n; i++)
		(*out)[i] = (struct account){ row_str(&rows, i, 0),
		    row_int(&rows, i, 1) };
	return OK;
}

enum err
hosts_list(struct op *op, const char *name, struct host **out, int *n)
{
	struct rows rows;

	TRY(STORE_READ(op, &rows, HOSTS, name));
	*n = rows_count(&rows);
	*out = op_alloc(op, ((size_t)*n + 1) * sizeof **out);
	for (int i = 0; i < *n; i++)
		(*out)[i] = (struct host){
			.name = row_str(&rows, i, 0),
			.driver = row_str(&rows, i, 1),
			.ram_mb = row_int(&rows, i, 2),
			.ram_used_mb = row_int(&rows, i, 3),
			.instances = row_int(&rows, i, 4),
			.disk_mb = row_int(&rows, i, 5),
			.disk_free_mb = row_int(&rows, i, 6),
			.promised_gb = row_int(&rows, i, 7),
		};
	return OK;
}

enum err
host_seen(struct op *op, const struct host *h)
{
	return STORE_WRITE(op, NULL, HOST_SEEN, h->name, h->driver,
	    store_num(op, h->ram_mb), store_num(op, h->disk_mb),
	    store_num(op, h->disk_free_mb));
}

enum err
quota_limits(struct op *op, const char *tenant, const char *const limit[4])
{
	return STORE_WRITE(op, NULL, QUOTA_LIMITS, tenant, limit[0], limit[1],
	    limit[2], limit[3]);
}

/* --- the catalogue ----------------------------------------------------------- */

enum err
version_insert(struct op *op, const struct version_new *v)
{
	char datastore[UUID_LEN + 1];
	struct call calls[] = {
		CALL(DATASTORE_ENSURE, datastore, v->datastore),
		CALL(VERSION_INSERT, v->id, v->datastore, v->name, v->number,
		    v->manager, v->active, v->image, v->packages, v->tags,
		    v->registry_ext, v->repl_strategy),
		CALL(VERSION_PRESET, v->id, v->preset),
	};

	text_uuid(datastore);
	return store_write(op, NULL, 3, calls);
}

enum err
version_change(struct op *op, const struct version_new *v)
{
	struct call calls[] = {
		CALL(VERSION_UPDATE, v->id, v->name, v->manager, v->active,
		    v->image, v->packages, v->tags, v->registry_ext,
		    v->repl_strategy),
		CALL(VERSION_PRESET, v->id, v->preset),
	};

	return store_write(op, NULL, 2, calls);
}

enum err
version_delete(struct op *op, const char *id)
{
	struct call calls[] = {
		CALL(VERSION_HOLD, id),
		CALL(VERSION_UNUSED, id),
		CALL(VERSION_DELETE, id),
	};

	return store_write(op, NULL, 3, calls);
}

enum err
datastore_delete(struct op *op, const char *id)
{
	return STORE_WRITE(op, NULL, DATASTORE_DELETE, id);
}
