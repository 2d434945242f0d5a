#include "lib/store/admin.h"
#include "lib/store/tasks.h"

#include <string.h>

#define NARGS(args) (sizeof(args) / sizeof((args)[0]))

const char *const quota_resources[QUOTA_RESOURCES] = {
	"instances", "ram", "volumes", "backups"
};

static const struct {
	enum stmt	 stmt;
	const char	*column[26];
} lists[LIST__MAX] = {
	[LIST_DATASTORES] = { STMT_ADMIN_DATASTORES, { "id", "name",
	    "default", "default_id", "#versions" } },
	[LIST_VERSIONS] = { STMT_ADMIN_VERSIONS, { "id", "datastore", "name",
	    "version", "manager", "?active", "?default", "#parameters",
	    "#instances" } },
	[LIST_PARAMETERS] = { STMT_PARAMETERS, { "name", "type",
	    "?restart_required", "min", "max" } },
	[LIST_FLAVORS] = { STMT_ADMIN_FLAVORS, { "id", "name", "#ram_mb",
	    "#vcpus", "#disk_gb", "#ephemeral_gb" } },
	[LIST_PROJECTS] = { STMT_ADMIN_PROJECTS, { "id", "name", "?enabled",
	    "#instances" } },
	[LIST_USERS] = { STMT_ADMIN_USERS, { "id", "name", "?enabled",
	    "#tokens" } },
	[LIST_ROLES] = { STMT_ADMIN_ROLES, { "user", "project", "role" } },
	[LIST_TOKENS] = { STMT_ADMIN_TOKENS, { "audit_id", "user", "project",
	    "issued", "expires" } },
	[LIST_TASKS] = { STMT_ADMIN_TASKS, { "id", "instance", "kind",
	    "status", "step", "#step_no", "#step_count", "#attempt",
	    "?undoing", "created", "progress", "error" } },
	[LIST_TASK] = { STMT_ADMIN_TASK, { "id", "kind", "status",
	    "instance", "tenant", "user", "request", "step", "#step_no",
	    "#step_count", "?undoing", "?cancel", "#attempt", "#crashes",
	    "owner", "lease_until", "due", "created", "started", "ended",
	    "deadline", "progress", "failed_step", "error" } },
	[LIST_INSTANCES] = { STMT_ADMIN_INSTANCES, { "id", "tenant", "name",
	    "datastore", "version", "server", "task", "guest", "address",
	    "flavor", "#volume_gb", "created", "last_seen" } },
	[LIST_SCHEDULES] = { STMT_ADMIN_SCHEDULES, { "id", "tenant",
	    "instance", "name", "cron", "zone", "#keep_last", "#keep_days",
	    "#full_every", "?enabled", "next_run", "last_run", "last_backup",
	    "state", "error" } },
	[LIST_QUOTA] = { STMT_ADMIN_QUOTA, { "resource", "#in_use", "#limit",
	    "?own" } },
	[LIST_AUDIT_LIVE] = { STMT_AUDIT_LIVE, { "instance", "?here",
	    "?server", "?volume", "?port", "?busy" } },
	[LIST_AUDIT_SLOTS] = { STMT_AUDIT_SLOTS, { "instance", "#slot" } },
	[LIST_AUDIT_GUESTLESS] = { STMT_AUDIT_GUESTLESS, { "instance" } },
	[LIST_AUDIT_GUESTS] = { STMT_AUDIT_GUESTS, { "instance" } },
	[LIST_AUDIT_QUOTAS] = { STMT_AUDIT_QUOTAS, { "tenant", "#instances",
	    "#ram", "#volumes", "#counted_instances", "#counted_ram",
	    "#counted_volumes" } },
	[LIST_AUDIT_STUCK] = { STMT_AUDIT_STUCK, { "id", "kind", "instance",
	    "status", "why" } },
};

enum err
admin_list(struct op *op, enum admin_list which, const char *const *args,
    struct listing *out)
{
	struct call call = { .stmt = lists[which].stmt };
	int n = store_stmt(call.stmt)->nargs;

	for (int i = 0; i < n; i++)
		call.arg[i] = args[i];
	out->column = lists[which].column;
	return store_read(op, &out->rows, &call);
}

/* --- what most changes need ---------------------------------------------------- */

/* One statement that must touch a row; thing is named when there is none. */
static enum err
change(struct op *op, const struct call *call, const char *thing,
    const char *which)
{
	struct rows rows;
	enum err e = store_write(op, &rows, 1, call);

	if (e == ERR_CONFLICT)
		return op_fail(op, e, "%s %s is there already", thing, which);
	if (e == OK && rows_touched(&rows) == 0)
		return op_fail(op, ERR_NOT_FOUND, "no %s %s", thing, which);
	return e;
}

/* Several in one transaction; the one at "must" has to touch a row. */
static enum err
change_all(struct op *op, const struct call *calls, int n, int must,
    const char *thing)
{
	struct rows rows[4];
	enum err e = store_write(op, rows, n, calls);

	if (e == OK && rows_touched(&rows[must]) == 0)
		return op_fail(op, ERR_NOT_FOUND, "no %s", thing);
	return e;
}

/* --- catalogue -------------------------------------------------------------------- */

enum err
admin_datastore_add(struct op *op, const char *id, const char *name)
{
	return change(op, &(struct call)CALL(ADMIN_DATASTORE_ADD, id, name),
	    "datastore", name);
}

enum err
admin_datastore_remove(struct op *op, const char *which)
{
	const struct call calls[] = {
		CALL(ADMIN_DATASTORE_IS_EMPTY, which),
		CALL(ADMIN_DATASTORE_REMOVE, which),
	};

	return change_all(op, calls, NARGS(calls), 1,
	    op_printf(op, "datastore %s", which));
}

enum err
admin_datastore_is_there(struct op *op, const char *which)
{
	struct rows rows;

	return STORE_READ(op, &rows, ADMIN_DATASTORE_IS_THERE, which);
}

enum err
admin_version_find(struct op *op, const char *which, const char **id)
{
	struct rows rows;

	TRY(STORE_READ(op, &rows, ADMIN_VERSION_FIND, which));
	if (rows_count(&rows) == 0)
		return op_fail(op, ERR_NOT_FOUND, "no datastore version %s "
		    "(an id, DATASTORE/NAME or DATASTORE/NAME/VERSION)",
		    which);
	if (rows_count(&rows) > 1)
		return op_fail(op, ERR_CONFLICT, "%s names %d versions: "
		    "give the id", which, rows_count(&rows));
	*id = row_str(&rows, 0, 0);
	return OK;
}

enum err
admin_version_add(struct op *op, const struct new_version *v)
{
	const struct call calls[] = {
		CALL(ADMIN_VERSION_ADD, v->id, v->datastore, v->name,
		    v->version, v->manager, v->active ? "t" : "f", v->image,
		    v->packages),
		CALL(ADMIN_VERSION_DEFAULT, v->id),
	};
	enum err e = change_all(op, calls, v->preset ? 2 : 1, 0,
	    op_printf(op, "datastore %s", v->datastore));

	if (e == ERR_CONFLICT)
		return op_fail(op, e, "version %s/%s/%s is there already",
		    v->datastore, v->name, v->version);
	return e;
}

enum err
admin_version_set(struct op *op, const char *id,
    const struct version_change *c)
{
	const struct call calls[] = {
		CALL(ADMIN_VERSION_SET, id, c->name, c->manager, c->active,
		    c->image, c->packages),
		CALL(ADMIN_VERSION_DEFAULT, id),
	};

	enum err e = change_all(op, calls, c->preset ? 2 : 1, 0,
	    op_printf(op, "datastore version %s", id));

	if (e == ERR_CONFLICT)
		return op_fail(op, e, "another version of its datastore has "
		    "that name and number");
	return e;
}

enum err
admin_version_remove(struct op *op, const char *id)
{
	const struct call calls[] = {
		CALL(ADMIN_VERSION_IS_FREE, id),
		CALL(ADMIN_VERSION_REMOVE, id),
	};

	return change_all(op, calls, NARGS(calls), 1,
	    op_printf(op, "datastore version %s", id));
}

enum err
admin_parameters_load(struct op *op, const char *version_id,
    const struct parameter *p, int n)
{
	const char **column[5];
	struct call calls[] = {
		CALL(ADMIN_PARAMETERS_FORGET, version_id),
		CALL(ADMIN_PARAMETERS_ADD, version_id),
	};

	for (int c = 0; c < 5; c++)
		column[c] = op_alloc(op, (size_t)(n + 1) * sizeof(char *));
	for (int i = 0; i < n; i++) {
		column[0][i] = p[i].name;
		column[1][i] = p[i].type;
		column[2][i] = p[i].restart;
		column[3][i] = p[i].min;
		column[4][i] = p[i].max;
	}
	for (int c = 0; c < 5; c++)
		calls[1].arg[1 + c] = pg_array(op, column[c], n);
	return store_write(op, NULL, NARGS(calls), calls);
}

enum err
admin_flavors_put(struct op *op, const struct flavor *f, int n)
{
	struct call *calls = op_alloc(op, (size_t)n * sizeof(*calls));

	for (int i = 0; i < n; i++, f++)
		calls[i] = (struct call)CALL(ADMIN_FLAVOR_PUT, f->id, f->name,
		    f->ram_mb, f->vcpus, f->disk_gb, f->ephemeral_gb,
		    f->position);
	return store_write(op, NULL, n, calls);
}

enum err
admin_flavor_remove(struct op *op, const char *id)
{
	return change(op, &(struct call)CALL(ADMIN_FLAVOR_REMOVE, id),
	    "flavor", id);
}

/* --- identity ------------------------------------------------------------------------ */

enum err
admin_project_add(struct op *op, const char *id, const char *name)
{
	return change(op, &(struct call)CALL(ADMIN_PROJECT_ADD, id, name),
	    "project", name);
}

enum err
admin_project_enable(struct op *op, const char *which, bool on)
{
	const struct call calls[] = {
		CALL(ADMIN_PROJECT_ENABLE, which, on ? "t" : "f"),
		CALL(ADMIN_PROJECT_TOKENS_FORGET, which),
	};

	return change_all(op, calls, on ? 1 : 2, 0,
	    op_printf(op, "project %s", which));
}

enum err
admin_user_add(struct op *op, const char *id, const char *name,
    const char *hash)
{
	return change(op, &(struct call)CALL(ADMIN_USER_ADD, id, name, hash),
	    "user", name);
}

enum err
admin_user_password(struct op *op, const char *which, const char *hash)
{
	const struct call calls[] = {
		CALL(ADMIN_USER_PASSWORD, which, hash),
		CALL(ADMIN_TOKENS_FORGET, which),
	};

	return change_all(op, calls, NARGS(calls), 0,
	    op_printf(op, "user %s", which));
}

enum err
admin_user_enable(struct op *op, const char *which, bool on)
{
	const struct call calls[] = {
		CALL(ADMIN_USER_ENABLE, which, on ? "t" : "f"),
		CALL(ADMIN_TOKENS_FORGET, which),
	};

	return change_all(op, calls, NARGS(calls), 0,
	    op_printf(op, "user %s", which));
}

enum err
admin_user_is_there(struct op *op, const char *which)
{
	struct rows rows;

	return STORE_READ(op, &rows, ADMIN_USER_IS_THERE, which);
}

/* Refuses by name when the user or the project is not there. */
static enum err
role_change(struct op *op, const struct call *call, bool *changed)
{
	const struct call calls[] = {
		CALL(ADMIN_USER_IS_THERE, call->arg[0]),
		CALL(ADMIN_PROJECT_IS_THERE, call->arg[1]),
		*call,
	};
	struct rows rows[NARGS(calls)];

	TRY(store_write(op, rows, NARGS(calls), calls));
	*changed = rows_touched(&rows[2]) > 0;
	return OK;
}

enum err
admin_role_grant(struct op *op, const char *user, const char *project,
    const char *role)
{
	bool changed;

	TRY(role_change(op, &(struct call)CALL(ADMIN_ROLE_GRANT, user,
	    project, role), &changed));
	return changed ? OK : op_fail(op, ERR_CONFLICT,
	    "%s is %s in %s already", user, role, project);
}

enum err
admin_role_revoke(struct op *op, const char *user, const char *project,
    const char *role)
{
	bool changed;

	TRY(role_change(op, &(struct call)CALL(ADMIN_ROLE_REVOKE, user,
	    project, role), &changed));
	return changed ? OK : op_fail(op, ERR_NOT_FOUND, "%s is not %s in %s",
	    user, role, project);
}

enum err
admin_tokens_revoke(struct op *op, const char *user, int *n)
{
	const struct call calls[] = {
		CALL(ADMIN_USER_IS_THERE, user),
		CALL(ADMIN_TOKENS_FORGET, user),
	};
	struct rows rows[NARGS(calls)];

	TRY(store_write(op, rows, NARGS(calls), calls));
	*n = rows_touched(&rows[1]);
	return OK;
}

/* --- quotas ------------------------------------------------------------------------------ */

enum err
admin_tenant_find(struct op *op, const char *which, const char **id)
{
	struct rows rows;

	TRY(STORE_READ(op, &rows, ADMIN_TENANT_FIND, which));
	if (rows_count(&rows) == 0)
		return op_fail(op, ERR_NOT_FOUND, "no project %s", which);
	if (rows_count(&rows) > 1)
		return op_fail(op, ERR_CONFLICT, "%s is the name of one "
		    "project and the id of another", which);
	*id = row_str(&rows, 0, 0);
	return OK;
}

enum err
admin_quota_set(struct op *op, const char *tenant,
    const char *const limit[QUOTA_RESOURCES])
{
	return change(op, &(struct call)CALL(ADMIN_QUOTA_SET, tenant,
	    limit[0], limit[1], limit[2], limit[3]), "project", tenant);
}

/* --- tasks -------------------------------------------------------------------------------- */

/* A task's arguments are forgotten when it ends, so only those without can be repeated. */
static const struct {
	enum task_kind	 kind;
	const char	*why_not;	/* NULL: it may be */
} retries[] = {
	{ TASK_DELETE,  NULL },
	{ TASK_RECOVER, NULL },
	{ TASK_CREATE,  "a failed create undoes what it made: delete the instance and create another" },
	{ TASK_RESTART, "its owner can ask for the restart again" },
};

static const char *
retry_refused(enum task_kind kind)
{
	for (size_t i = 0; i < NARGS(retries); i++)
		if (retries[i].kind == kind)
			return retries[i].why_not;
	return "its arguments, which may hold passwords, were forgotten when "
	    "it ended: its owner can ask again";
}

/*
 * The task like that of row 0 of a LIST_TASK; the columns are its.  A failed
 * delete is asked for again as the API would: the instance leaves its error.
 */
static enum err
retry_submit(struct op *op, const struct rows *row, enum task_kind kind,
    const char **new_id)
{
	struct new_task *t = op_alloc(op, sizeof(*t));
	const char *instance = row_str(row, 0, 3);
	struct call calls[4], probe;
	int n = 0;

	new_task_begin(op, t, kind, instance, row_str(row, 0, 4),
	    row_str(row, 0, 5), NULL);
	t->request = row_str(row, 0, 6);
	*new_id = t->id;
	calls[n++] = (struct call)CALL(ADMIN_RETRY_LOCK, instance);
	calls[n++] = (struct call)CALL(ADMIN_RETRY_ALLOWED, instance);
	if (kind == TASK_DELETE)
		calls[n++] = (struct call)CALL(INSTANCE_DELETE_AGAIN, instance);
	calls[n++] = new_task_call(op, t);
	probe = new_task_probe(op, t);
	return store_write_sure(op, NULL, n, calls, &probe);
}

enum err
admin_task_retry(struct op *op, const char *task, const char **new_id)
{
	struct rows rows;
	enum task_kind kind;
	const char *status, *why;

	TRY(STORE_READ(op, &rows, ADMIN_TASK, task));
	if (rows_count(&rows) == 0)
		return op_fail(op, ERR_NOT_FOUND, "no task %s", task);
	kind = task_kind_find(row_str(&rows, 0, 1));
	status = row_str(&rows, 0, 2);
	if (strcmp(status, "FAILED") != 0)
		return op_fail(op, ERR_UNPROCESSABLE, "it is %s: only a "
		    "FAILED task can be tried again", status);
	if ((why = retry_refused(kind)) != NULL)
		return op_fail(op, ERR_UNPROCESSABLE, "a task of kind %s "
		    "cannot be tried again: %s", row_str(&rows, 0, 1), why);
	return retry_submit(op, &rows, kind, new_id);
}

/* --- audit ---------------------------------------------------------------------------------- */

enum err
admin_audit_forget_guest(struct op *op, const char *instance)
{
	return STORE_WRITE(op, NULL, AUDIT_GUEST_REMOVE, instance);
}

enum err
admin_audit_forget_slot(struct op *op, const char *instance)
{
	return STORE_WRITE(op, NULL, AUDIT_SLOT_REMOVE, instance);
}

/* Charges wait for the row's lock, so the count cannot miss one. */
enum err
admin_audit_fix_quota(struct op *op, const char *tenant)
{
	const struct call calls[] = {
		CALL(AUDIT_QUOTA_LOCK, tenant),
		CALL(AUDIT_QUOTA_FIX, tenant),
	};

	return store_write(op, NULL, NARGS(calls), calls);
}
