#include "lib/store/instances.h"

#include "lib/base/conf.h"
#include "lib/store/catalog.h"
#include "lib/store/modules.h"
#include "lib/store/store.h"

#include <stddef.h>
#include <string.h>

/* The columns of INSTANCE_LEAN. */
static int
take_lean(const struct rows *rows, int row, struct instance *in)
{
	int c = 0;

	in->id = row_str(rows, row, c++);
	in->tenant = row_str(rows, row, c++);
	in->name = row_str(rows, row, c++);
	in->version_id = row_str(rows, row, c++);
	in->flavor_id = row_str(rows, row, c++);
	in->volume_gb = row_int(rows, row, c++);
	in->task = row_str(rows, row, c++);
	in->server_status = row_str(rows, row, c++);
	in->region = row_str(rows, row, c++);
	in->access = row_str(rows, row, c++);
	in->address = row_str(rows, row, c++);
	in->public_address = row_str(rows, row, c++);
	in->network_id = row_str(rows, row, c++);
	in->replica_of = row_str(rows, row, c++);
	in->created = row_str(rows, row, c++);
	in->guest_status = row_str(rows, row, c++);
	in->guest_age = row_str(rows, row, c) == NULL ? -1 :
	    row_int(rows, row, c);
	in->backing_up = row_bool(rows, row, ++c);
	in->replicas = row_str(rows, row, ++c);
	return ++c;
}

int
instance_take(const struct rows *rows, int row, struct instance *in)
{
	int c = take_lean(rows, row, in);

	in->updated = row_str(rows, row, c++);
	in->guest_seen = row_str(rows, row, c++);
	in->key_epoch = row_int(rows, row, c++);
	in->locality = row_str(rows, row, c++);
	in->configuration_id = row_str(rows, row, c++);
	in->configuration = row_str(rows, row, c++);
	in->server_id = row_str(rows, row, c++);
	in->volume_id = row_str(rows, row, c++);
	in->fault = row_str(rows, row, c++);
	in->fault_details = row_str(rows, row, c++);
	in->fault_at = row_str(rows, row, c++);
	in->root_enabled_at = row_str(rows, row, c++);
	in->cluster_id = row_str(rows, row, c++);
	in->used_bytes = row_int(rows, row, c++);
	in->total_bytes = row_int(rows, row, c++);
	in->ram_mb = row_int(rows, row, c++);
	return c;
}

enum err
instances_read(struct op *op, const struct instances_page *page,
    struct instance **out, int *n)
{
	struct call call = { page->module != NULL ? STMT_MODULE_INSTANCES :
	    page->detail ? STMT_INSTANCES_DETAIL : STMT_INSTANCES_LIST, {
		page->tenant,
		page->marker != NULL ? page->marker : STORE_FIRST,
		page->clustered ? "t" : "f",
		store_num(op, page->limit + 1),
		page->module } };
	struct rows rows;
	int i;

	TRY(store_read(op, &rows, &call));
	*n = rows_count(&rows);
	*out = op_alloc(op, (*n + 1) * sizeof **out);
	for (i = 0; i < *n; i++)
		if (page->detail)
			instance_take(&rows, i, &(*out)[i]);
		else
			take_lean(&rows, i, &(*out)[i]);
	return OK;
}

enum err
instance_read(struct op *op, const char *id, const char *tenant,
    struct instance *in)
{
	struct rows rows;

	memset(in, 0, sizeof *in);
	if (text_is_uuid(id))
		TRY(STORE_READ(op, &rows, INSTANCE_SHOW, id, tenant));
	if (!text_is_uuid(id) || rows_count(&rows) == 0)
		return op_fail(op, ERR_NOT_FOUND,
		    "Resource %s cannot be found.", id);
	instance_take(&rows, 0, in);
	return OK;
}

/* More, as far as the tenant's limits allow. */
static struct call
quota_charge(struct op *op, const char *tenant, int instances, int ram_mb,
    int gb)
{
	return (struct call)CALL(QUOTA_CHARGE, tenant, store_num(op, instances),
	    store_num(op, ram_mb), store_num(op, gb),
	    store_num(op, conf_int("quota.instances")),
	    store_num(op, conf_int("quota.ram")),
	    store_num(op, conf_int("quota.volumes")),
	    store_num(op, conf_int("quota.backups")));
}

static struct call
insert_call(struct op *op, const struct new_instance *in)
{
	return (struct call)CALL(INSTANCE_INSERT, in->id, in->tenant, in->name,
	    in->version_id, in->flavor_id, store_num(op, in->ram_mb),
	    store_num(op, in->vcpus), store_num(op, in->volume_gb),
	    in->region, in->access, in->locality, in->network, in->address,
	    in->configuration_id, in->zone, in->replica_of, in->restores);
}

/*
 * The quota comes last: its row is the one that others wait for.  When the
 * COMMIT was lost and found, the answers were not: then the row is read.
 */
enum err
instances_insert(struct op *op, const struct new_instance *in, int n,
    const struct new_task *task, struct instance *out)
{
	struct call calls[4 * REPLICAS_MOST + 5];
	struct rows rows[4 * REPLICAS_MOST + 5] = { 0 };
	struct call probe = new_task_probe(op, task);
	const struct new_instance *last = &in[n - 1];
	int i, c = 0;

	if (in->configuration_id != NULL)
		calls[c++] = (struct call)CALL(CONFIGURATION_HOLD,
		    in->configuration_id,
		    store_num(op, in->configuration_revision));
	if (in->replica_of != NULL)
		calls[c++] = (struct call)CALL(INSTANCE_SOURCE, in->replica_of);
	if (in->restores != NULL)
		calls[c++] = (struct call)CALL(BACKUP_PARENT, in->restores);
	for (i = 0; i < n; i++) {
		calls[c++] = insert_call(op, &in[i]);
		calls[c++] = (struct call)CALL(GUEST_INSERT, in[i].id);
		calls[c++] = new_task_call(op, &task[i]);
		if (in[i].module_ids != NULL)
			calls[c++] = modules_applied(in[i].id,
			    in[i].module_ids, in[i].module_md5s);
	}
	calls[c++] = (struct call)CALL(INSTANCE_SHOW, last->id, last->tenant);
	calls[c++] = quota_charge(op, in->tenant, n, n * in->ram_mb,
	    n * in->volume_gb);
	TRY(store_write_sure(op, rows, c, calls, &probe));
	if (rows_count(&rows[c - 2]) == 0)
		return instance_read(op, last->id, last->tenant, out);
	memset(out, 0, sizeof *out);
	instance_take(&rows[c - 2], 0, out);
	return OK;
}

enum err
instance_rename(struct op *op, const char *id, const char *name)
{
	struct rows rows;

	TRY(STORE_WRITE(op, &rows, INSTANCE_RENAME, id, name));
	if (rows_touched(&rows) == 0)
		return op_fail(op, ERR_NOT_FOUND,
		    "Resource %s cannot be found.", id);
	return OK;
}

/* The first column of all rows, as a list that ends with NULL. */
static const char *const *
column(struct op *op, const struct rows *rows)
{
	int i, n = rows_count(rows);
	const char **list = op_alloc(op, (n + 1) * sizeof *list);

	for (i = 0; i < n; i++)
		list[i] = row_str(rows, i, 0);
	return list;
}

/*
 * Tasks before the instance: a worker, too, locks its task first and then the
 * instance, so the two never wait for each other in a ring.
 */
enum err
instance_refused(struct op *op, const char *id, const char *why)
{
	return STORE_WRITE(op, NULL, INSTANCE_REFUSED, id, text_fold(op, why),
	    op_printf(op, "Server type: api\n%s", why));
}

enum err
instance_remove(struct op *op, const char *id, const struct new_task *task,
    const char *const **also)
{
	struct call calls[] = {
		CALL(INSTANCE_CANCEL_TASKS, id),
		CALL(INSTANCE_DELETE, id),
		CALL(FORMER_HOME, id),
		new_task_call(op, task),
		modules_removed(id, NULL),
		CALL(QUOTA_RELEASE, id),
	};
	struct call probe = new_task_probe(op, task);
	struct rows rows[6] = { 0 };

	TRY(store_write_sure(op, rows, 6, calls, &probe));
	if (also != NULL)
		*also = column(op, &rows[0]);
	return OK;
}

/* A guard, then the task, for those that need no more than that. */
static enum err
guarded(struct op *op, enum stmt guard, const char *id,
    const struct new_task *task)
{
	struct call calls[] = { { guard, { id } }, new_task_call(op, task) };
	struct call probe = new_task_probe(op, task);

	return store_write_sure(op, NULL, 2, calls, &probe);
}

enum err
instance_remove_again(struct op *op, const char *id,
    const struct new_task *task)
{
	return guarded(op, STMT_INSTANCE_DELETE_AGAIN, id, task);
}

enum err
instance_restart(struct op *op, const char *id, const struct new_task *task)
{
	return guarded(op, STMT_INSTANCE_RESTART, id, task);
}

enum err
instance_alter(struct op *op, const char *id, const struct alteration *to,
    const struct new_task *task)
{
	struct call probe = new_task_probe(op, task), calls[4];
	int n = 0;

	calls[n++] = (struct call)CALL(INSTANCE_BEGIN, id, to->word);
	if (to->name != NULL)
		calls[n++] = (struct call)CALL(INSTANCE_RENAME, id, to->name);
	if (to->version_id != NULL)
		calls[n++] = (struct call)CALL(INSTANCE_VERSION, id,
		    to->version_id);
	calls[n++] = new_task_call(op, task);
	return store_write_sure(op, NULL, n, calls, &probe);
}

enum err
instance_begin(struct op *op, const char *id, const char *task_word,
    const struct new_task *task)
{
	return instance_alter(op, id,
	    &(struct alteration){ .word = task_word }, task);
}

enum err
instance_promote(struct op *op, const char *id, const struct new_task *task)
{
	return guarded(op, STMT_INSTANCE_PROMOTE, id, task);
}

enum err
instance_reflavor(struct op *op, const struct instance *in,
    const struct flavor_row *to, const struct new_task *task)
{
	int more = to->ram_mb - in->ram_mb;
	struct call calls[] = {
		CALL(INSTANCE_REFLAVOR, in->id, in->flavor_id, to->id,
		    store_num(op, to->ram_mb), store_num(op, to->vcpus)),
		new_task_call(op, task),
		quota_charge(op, in->tenant, 0, more > 0 ? more : 0, 0),
	};
	struct call probe = new_task_probe(op, task);

	return store_write_sure(op, NULL, 3, calls, &probe);
}

enum err
instances_grow(struct op *op, const struct instance *in, int n, int gb,
    const struct new_task *task)
{
	struct call *calls = op_alloc(op, (2 * n + 1) * sizeof *calls);
	struct call probe = new_task_probe(op, task);
	int i, more = 0;

	for (i = 0; i < n; i++) {
		calls[2 * i] = (struct call)CALL(INSTANCE_GROW, in[i].id,
		    store_num(op, in[i].volume_gb), store_num(op, gb));
		calls[2 * i + 1] = new_task_call(op, &task[i]);
		more += gb - in[i].volume_gb;
	}
	calls[2 * n] = quota_charge(op, in->tenant, 0, 0, more);
	return store_write_sure(op, NULL, 2 * n + 1, calls, &probe);
}

enum err
instance_submit(struct op *op, const char *id, const struct new_task *task)
{
	return guarded(op, STMT_INSTANCE_HOLD, id, task);
}

enum err
instance_reset(struct op *op, const char *id, bool guest,
    const char *const **also)
{
	struct call calls[] = {
		CALL(INSTANCE_CANCEL_TASKS, id),
		CALL(INSTANCE_RESET, id, guest ? "t" : "f"),
		CALL(BACKUPS_FAIL, id),
	};
	struct rows rows[3] = { 0 };

	TRY(store_write(op, rows, 3, calls));
	*also = column(op, &rows[0]);
	return OK;
}

enum err
instance_cancel_task(struct op *op, const char *id, const char *task)
{
	return STORE_WRITE(op, NULL, INSTANCE_CANCEL_TASK, task, id);
}
