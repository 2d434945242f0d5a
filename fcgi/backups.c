#include "fcgi/datastores.h"
#include "fcgi/elsewhere.h"
#include "fcgi/engines.h"
#include "fcgi/guest.h"
#include "fcgi/handlers.h"
#include "fcgi/status.h"
#include "fcgi/views.h"
#include "fcgi/wishes.h"

#include "lib/base/conf.h"
#include "lib/store/verify.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define RESTORE_SECS 3600	/* a create may take so much longer */
#define RESTORE_SECS_GB 600	/* ... and for each GB of the backup */
#define RESTORE_SECS_MOST 86400	/* its guest's leave to read holds no longer */
#define NOBODY "00000000-0000-0000-0000-000000000000"

const struct field backup_new_fields[] = {
	{ "backup",                               MAP,    REQUIRED },
	{ "backup/name",                          NES,    REQUIRED },
	{ "backup/instance",                      UUID },
	{ "backup/description",                   NES },
	{ "backup/parent_id",                     UUID },
	{ "backup/incremental",                   FLAG },
	{ "backup/swift_container",               NES },
	{ "backup/storage_driver",                STR,    0, 0, 255 },
	{ "backup/restore_from",                  MAP },
	{ "backup/restore_from/remote_location",  NES,    REQUIRED },
	{ "backup/restore_from/local_datastore_version_id", UUID, REQUIRED },
	{ "backup/restore_from/size",             NUMBER, REQUIRED, 0, 1 << 20 },	/* GB */
	{ 0 }
};

static enum err
reply_backup(struct request *r, int status, const struct backup *b)
{
	const struct version_row *v;
	const struct catalog *c;

	TRY(catalog_read(&r->op, &c));
	TRY(version_of(&r->op, &c, b->version_id, &v));
	jsonw_map(reply_json(r, status));
	jsonw_key(&r->out, "backup");
	view_backup(r, v, b);
	jsonw_map_end(&r->out);
	return OK;
}

/* A size that was stored is a number with a point, also where a whole one was given. */
static void
size_show(struct op *op, struct backup *b)
{
	if (b->size != NULL && strpbrk(b->size, ".e") == NULL)
		b->size = op_printf(op, "%s.0", b->size);
}

/* The backup of arg[1], if the caller may see it. */
static enum err
backup_of(struct request *r, struct backup *b)
{
	return backup_read(&r->op, r->arg[1],
	    r->caller.admin ? NULL : r->tenant, b);
}

/* --- lists -------------------------------------------------------------------- */

static enum err
reply_backups(struct request *r, struct backups_page *page,
    const struct catalog *c)
{
	const struct version_row *v;
	struct row_page rows;
	struct backup *b;
	int i, n;

	TRY(row_page_of(r, &rows));
	page->limit = rows.limit;
	page->offset = rows.offset;
	TRY(backups_read(&r->op, page, &b, &n));
	jsonw_map(reply_json(r, 200));
	jsonw_key(&r->out, "backups");
	jsonw_list(&r->out);
	for (i = 0; i < n; i++) {
		TRY(version_of(&r->op, &c, b[i].version_id, &v));
		size_show(&r->op, &b[i]);
		view_backup(r, v, &b[i]);
	}
	jsonw_list_end(&r->out);
	row_page_links(r, "backups", &rows, n);
	jsonw_map_end(&r->out);
	return OK;
}

/* Who names a project or wants all is an admin, even if it is his own. */
static enum err
pick_project(struct request *r, const char **tenant)
{
	const char *project = query(r, "project_id");
	bool all = query_true(r, "all_projects");

	*tenant = project != NULL ? project : all ? NULL : r->tenant;
	if ((project == NULL && !all) || r->caller.admin)
		return OK;
	return op_fail(&r->op, ERR_FORBIDDEN, "Policy doesn't allow "
	    "backup:index:all_projects to be performed.");
}

enum err
backups_list(struct request *r)
{
	const char *datastore = query(r, "datastore");
	const char *instance = query(r, "instance_id");
	const struct datastore_row *d;
	struct backups_page page = { 0 };
	const struct catalog *c;

	TRY(pick_project(r, &page.tenant));
	TRY(catalog_read(&r->op, &c));
	if (datastore != NULL && *datastore != '\0') {
		TRY(datastore_find(&r->op, &c, datastore, &d));
		page.datastore = d->id;
	}
	if (instance != NULL && *instance != '\0')
		page.instance = text_is_uuid(instance) ? instance : NOBODY;
	return reply_backups(r, &page, c);
}

enum err
instance_backups(struct request *r)
{
	struct backups_page page = { 0 };
	const struct catalog *c;
	struct instance in;

	TRY(instance_of(r, &in));
	TRY(catalog_read(&r->op, &c));
	page.instance = in.id;
	return reply_backups(r, &page, c);
}

/* --- one ---------------------------------------------------------------------- */

enum err
backup_show(struct request *r)
{
	struct backup b;

	TRY(backup_of(r, &b));
	size_show(&r->op, &b);
	return reply_backup(r, 200, &b);
}

/* The reference refuses while one runs; here that one is stopped. */
enum err
backup_remove(struct request *r)
{
	const char *const *also = NULL;
	bool stop = !conf_bool("api.stock");
	struct backup b;

	TRY(backup_of(r, &b));
	TRY(backup_delete(&r->op, b.id, stop ? &also : NULL));
	tasks_ring(&r->op, NULL, also);
	return reply_empty(r, 202);
}

/* Ours; verify is the only one. */
const struct field backup_action_fields[] = {
	{ "verify",                               MAP,    REQUIRED | NULLABLE },
	{ 0 }
};

/* It is tried at its turn; what comes of it the backup shows, and an event. */
enum err
backup_action(struct request *r)
{
	struct backup b;

	TRY(backup_of(r, &b));
	TRY(verify_ask(&r->op, &b));
	return reply_empty(r, 202);
}

/* --- create ------------------------------------------------------------------- */

/* It comes into a shell's hands at some stores. */
static enum err
container_check(struct request *r)
{
	const char *s = body_str(r, "backup/swift_container"), *p = s;

	while (p != NULL && (isalnum((unsigned char)*p) ||
	    (*p != '\0' && strchr("@%+=:,./-_", *p) != NULL)))
		p++;
	if (p == NULL || *p == '\0')
		return OK;
	return op_fail(&r->op, ERR_BAD_REQUEST,
	    "The value is not allowed: %s.", s);
}

static enum err
pick_container(struct request *r, struct backup *b)
{
	b->container = body_str(r, "backup/swift_container");
	if (b->container == NULL)
		TRY(backup_container(&r->op, b->tenant, b->instance,
		    &b->container));
	return OK;
}

/* incremental without a parent: upon the last one, or in full when there is none. */
static enum err
pick_parent(struct request *r, const struct version_row *v, struct backup *b)
{
	const char *id = body_str(r, "backup/parent_id");
	struct backup parent;

	if (id != NULL || body_int(r, "backup/incremental") == 1)
		TRY(engine_increments_check(&r->op, v));
	if (id == NULL && body_int(r, "backup/incremental") == 1)
		return backup_latest(&r->op, b->instance, &b->parent);
	if (id == NULL)
		return OK;
	TRY(backup_read(&r->op, id, r->caller.admin ? NULL : r->tenant,
	    &parent));
	b->parent = parent.id;
	return OK;
}

static enum err
instance_check(struct request *r, struct backup *b,
    const struct version_row **v)
{
	const struct catalog *c;
	struct instance in;

	TRY(instance_read(&r->op, b->instance,
	    r->caller.admin ? NULL : r->tenant, &in));
	r->op.instance = in.id;
	if (in.cluster_id != NULL)
		return op_fail(&r->op, ERR_NOT_BUILT, "Operation not supported "
		    "for instances that are part of a cluster.");
	TRY(catalog_read(&r->op, &c));
	TRY(version_of(&r->op, &c, in.version_id, v));
	TRY(engine_check(&r->op, *v, "create_backup"));
	TRY(status_actionable(&r->op, &in));
	b->version_id = in.version_id;
	return OK;
}

static enum err
take_backup(struct request *r, struct backup *b)
{
	const struct version_row *v = NULL;
	struct op *op = &r->op;
	struct new_task task;
	struct instance in;
	enum err e;

	b->instance = body_str(r, "backup/instance");
	TRY(instance_check(r, b, &v));
	TRY(pick_parent(r, v, b));
	TRY(pick_container(r, b));
	new_task_begin(op, &task, TASK_BACKUP, b->instance, r->tenant,
	    r->caller.user, backup_args(op, b));
	b->id = op_strdup(op, task.id);
	b->state = "NEW";
	e = backup_insert(op, b, &task);
	if (e == ERR_CONFLICT) {	/* another was faster: say what it does */
		TRY(instance_read(op, b->instance, NULL, &in));
		TRY(status_actionable(op, &in));
	}
	TRY(e);
	tasks_ring(op, task.id, NULL);
	return OK;
}

/* What was taken elsewhere is recorded, when the object is there. */
static enum err
record_backup(struct request *r, struct backup *b)
{
	const struct json *from = body(r, "backup/restore_from");
	const struct version_row *v;
	const struct catalog *c;
	char id[UUID_LEN + 1];

	b->version_id = json_str(json_get(from, "local_datastore_version_id"));
	b->location = json_str(json_get(from, "remote_location"));
	TRY(catalog_read(&r->op, &c));
	TRY(version_of(&r->op, &c, b->version_id, &v));
	if (v == NULL)
		return op_fail(&r->op, ERR_BAD_REQUEST, "Datastore version "
		    "'%s' cannot be found.", b->version_id);
	TRY(engine_check(&r->op, v, "restore_backup"));
	TRY(elsewhere_find(r, v, b));
	text_uuid(id);
	b->id = op_strdup(&r->op, id);
	b->state = "RESTORED";
	b->container = "";
	b->size = op_printf(&r->op, "%.17g",
	    json_real(json_get(from, "size")));
	return backup_insert(&r->op, b, NULL);
}

enum err
backup_create(struct request *r)
{
	struct backup b = {
		.tenant = r->tenant,
		.name = body_str(r, "backup/name"),
		.description = body_str(r, "backup/description"),
	};

	if (!json_has(body(r, "backup"), "restore_from") &&
	    body_str(r, "backup/instance") == NULL)
		return op_fail(&r->op, ERR_BAD_REQUEST, "instance is missing.");
	TRY(container_check(r));
	TRY(json_has(body(r, "backup"), "restore_from") ?
	    record_backup(r, &b) : take_backup(r, &b));
	TRY(backup_read(&r->op, b.id, r->tenant, &b));
	return reply_backup(r, 202, &b);
}

/* --- restore -------------------------------------------------------------------- */

static enum err
state_check(struct op *op, const struct backup *b)
{
	if (strcmp(b->state, "COMPLETED") == 0 ||
	    strcmp(b->state, "RESTORED") == 0)
		return OK;
	return op_fail(op, ERR_CONFLICT, "Unable to create instance because "
	    "backup %s is not completed. Actual state: %s.", b->id, b->state);
}

/* What a backup's size says was said by a guest, or by a user. */
static int
restore_secs(const char *size)
{
	double secs = RESTORE_SECS + RESTORE_SECS_GB *
	    (size != NULL ? strtod(size, NULL) : 0);

	return secs < RESTORE_SECS_MOST ? (int)secs : RESTORE_SECS_MOST;
}

enum err
wish_backup(struct request *r, const struct version_row *v, int gb, int *secs)
{
	const char *id = body_str(r, "instance/restorePoint/backupRef");
	const struct version_row *of;
	const struct catalog *c;
	struct op *op = &r->op;
	struct backup b;

	*secs = 0;
	if (id == NULL)
		return OK;
	TRY(backup_read(op, id, r->caller.admin ? NULL : r->tenant, &b));
	TRY(state_check(op, &b));
	if (b.size != NULL && gb > 0 && strtod(b.size, NULL) > gb)
		return op_fail(op, ERR_FORBIDDEN, "Backup is too large for "
		    "given flavor or volume. Backup size: %s GBs. Available "
		    "size: %d GBs.", b.size, gb);
	TRY(catalog_read(op, &c));
	TRY(version_of(op, &c, b.version_id, &of));
	if (of == NULL || strcmp(of->of->name, v->of->name) != 0)
		return op_fail(op, ERR_BAD_REQUEST, "The datastore from which "
		    "the backup was taken, %s, does not match the destination "
		    "datastore of %s.", of != NULL ? of->of->name : "unknown",
		    v->of->name);
	TRY(engine_check(op, v, "restore_backup"));
	*secs = restore_secs(b.size);
	return elsewhere_check(r, v, &b);
}
