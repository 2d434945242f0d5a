#include "lib/store/modules.h"

#include "lib/base/md5.h"
#include "lib/base/seal.h"
#include "lib/base/text.h"

#include <string.h>

#define BOOL(b) ((b) ? "t" : "f")

/* The columns of MODULE_COLUMNS; how many there are. */
static int
take(const struct rows *rows, int row, struct module *m)
{
	int c = 0;

	memset(m, 0, sizeof(*m));
	m->id = row_str(rows, row, c++);
	m->tenant = row_str(rows, row, c++);
	m->name = row_str(rows, row, c++);
	m->type = row_str(rows, row, c++);
	m->md5 = row_str(rows, row, c++);
	m->description = row_str(rows, row, c++);
	m->datastore_id = row_str(rows, row, c++);
	m->version_id = row_str(rows, row, c++);
	m->auto_apply = row_bool(rows, row, c++);
	m->visible = row_bool(rows, row, c++);
	m->live_update = row_bool(rows, row, c++);
	m->priority_apply = row_bool(rows, row, c++);
	m->apply_order = (int)row_int(rows, row, c++);
	m->is_admin = row_bool(rows, row, c++);
	m->created = row_str(rows, row, c++);
	m->updated = row_str(rows, row, c++);
	return c;
}

static void
take_all(struct op *op, const struct rows *rows, bool contents,
    struct module **out, int *n)
{
	int c;

	*n = rows_count(rows);
	*out = op_alloc(op, ((size_t)*n + 1) * sizeof(**out));
	for (int i = 0; i < *n; i++) {
		c = take(rows, i, &(*out)[i]);
		if (contents)
			(*out)[i].sealed = row_str(rows, i, c);
	}
}

enum err
modules_read(struct op *op, const struct modules_wish *wish,
    struct module **out, int *n)
{
	struct rows rows;

	TRY(STORE_READ(op, &rows, MODULES_LIST, wish->tenant, wish->datastore,
	    BOOL(wish->for_any)));
	take_all(op, &rows, false, out, n);
	return OK;
}

enum err
module_read(struct op *op, const char *id, const char *tenant,
    struct module *m)
{
	struct rows rows;
	int c;

	if (text_is_uuid(id))
		TRY(STORE_READ(op, &rows, MODULE_SHOW, tenant, id));
	if (!text_is_uuid(id) || rows_count(&rows) == 0)
		return op_fail(op, ERR_NOT_FOUND,
		    "Module with ID %s could not be found.", id);
	c = take(&rows, 0, m);
	m->sealed = row_str(&rows, 0, c);
	m->instances = row_int(&rows, 0, c + 1);
	return OK;
}

enum err
modules_wanted(struct op *op, const struct modules_wanted *w,
    struct module **out, int *n)
{
	struct rows rows;

	TRY(STORE_READ(op, &rows, MODULES_WANTED, w->tenant, w->ids,
	    w->datastore, w->version, w->owner));
	take_all(op, &rows, true, out, n);
	return OK;
}

enum err
modules_of_instance(struct op *op, const char *instance, struct module **out,
    int *n)
{
	struct rows rows;

	TRY(STORE_READ(op, &rows, MODULES_OF_INSTANCE, instance));
	take_all(op, &rows, true, out, n);
	return OK;
}

enum err
module_contents(struct op *op, const struct module *m, const char **contents)
{
	return seal_untext(op, seal_master(), m->id, m->sealed, contents);
}

void
module_seal(struct op *op, struct module *m, const char *contents)
{
	char md5[MD5_HEX + 1];

	md5_hex(md5, contents, strlen(contents));
	m->md5 = op_strdup(op, md5);
	m->sealed = seal_text(op, seal_master(), m->id, contents);
}

/* The parameters that MODULE_INSERT and MODULE_UPDATE have in common. */
static struct call
written(struct op *op, enum stmt stmt, const struct module *m)
{
	return (struct call){ stmt, { m->id, m->name, m->type, m->sealed,
	    m->md5, m->description, m->datastore_id, m->version_id,
	    BOOL(m->auto_apply), BOOL(m->visible), BOOL(m->live_update),
	    BOOL(m->priority_apply), store_num(op, m->apply_order),
	    BOOL(m->is_admin), m->tenant, m->updated } };
}

enum err
module_insert(struct op *op, const struct module *m)
{
	struct call call = written(op, STMT_MODULE_INSERT, m);

	return store_write(op, NULL, 1, &call);
}

/* Both refusals are conflicts; the text of ours tells them apart. */
enum err
module_update(struct op *op, const struct module *m, bool *held)
{
	struct call call = written(op, STMT_MODULE_UPDATE, m);
	enum err e = store_write(op, NULL, 1, &call);

	*held = e == ERR_CONFLICT && op->why != NULL &&
	    strncmp(op->why, "The module", 10) == 0;
	return e;
}

enum err
module_delete(struct op *op, const char *id)
{
	return STORE_WRITE(op, NULL, MODULE_DELETE, id);
}

/* --- who has them ------------------------------------------------------------------- */

struct call
modules_applied(const char *instance, const char *ids, const char *md5s)
{
	return (struct call)CALL(MODULES_APPLIED, instance, ids, md5s);
}

struct call
modules_removed(const char *instance, const char *module)
{
	return (struct call)CALL(MODULES_REMOVED, instance, module);
}

enum err
module_users(struct op *op, const struct module_users *u,
    struct module_user **out, int *n)
{
	struct rows rows;

	TRY(STORE_READ(op, &rows, MODULE_USERS, u->module, u->tenant, u->md5,
	    BOOL(u->clustered), u->but));
	*n = rows_count(&rows);
	*out = op_alloc(op, ((size_t)*n + 1) * sizeof(**out));
	for (int i = 0; i < *n; i++)
		(*out)[i] = (struct module_user){ row_str(&rows, i, 0),
		    row_str(&rows, i, 1) };
	return OK;
}

enum err
module_counts(struct op *op, const struct module_users *u,
    struct module_count **out, int *n)
{
	struct rows rows;

	TRY(STORE_READ(op, &rows, MODULE_COUNTS, u->module, u->tenant,
	    BOOL(u->clustered)));
	*n = rows_count(&rows);
	*out = op_alloc(op, ((size_t)*n + 1) * sizeof(**out));
	for (int i = 0; i < *n; i++)
		(*out)[i] = (struct module_count){
			.md5 = row_str(&rows, i, 0),
			.n = row_int(&rows, i, 1),
			.first = row_str(&rows, i, 2),
			.last = row_str(&rows, i, 3),
		};
	return OK;
}
