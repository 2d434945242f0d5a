#include "t/unit/test.h"
#include "t/unit/backup_flow_fixture.h"
#include "t/unit/pg_fixture.h"
#include "lib/base/md5.h"
#include "lib/cloud/objects.h"

#include <stdio.h>
#include <string.h>

#define VERSION "aaaaaaaa-0000-4000-8000-000000000001"	/* worker_fixture's */

struct op op;
struct told told;

void
backup_flow_listen(const struct work *w, bool before)
{
	if (before || w->tell.kind == ORDER_NONE)
		return;
	told.kind = w->tell.kind;
	snprintf(told.id, sizeof(told.id), "%s", w->tell.id);
	snprintf(told.body, sizeof(told.body), "%s",
	    w->tell.body != NULL ? w->tell.body : "");
}

int
backup_flow_begin(void **state)
{
	worker_fixture_guests(state);
	pg_fixture_sql("TRUNCATE backups");
	instance_there("NONE", "ACTIVE");
	memset(&told, 0, sizeof(told));
	runner_watch = backup_flow_listen;
	op_begin(&op, "test");
	return 0;
}

int
backup_flow_end(void **state)
{
	struct object *o;
	int n;

	(void)state;
	if (cloud_storage()->list(&op, "p1", CONTAINER, NULL, &o, &n) == OK)
		for (int i = 0; i < n; i++)
			cloud_storage()->remove(&op, "p1", CONTAINER,
			    o[i].name);
	op_end(&op);
	return 0;
}

/* --- rows ------------------------------------------------------------------------ */

const char *
backup_there(const char *parent)
{
	const char *id = task_there(TASK_BACKUP, "{}");

	pg_fixture_sql("INSERT INTO backups (id, tenant_id, instance_id, name,"
	    " state, version_id, container, parent_id) VALUES ('%s', 'p1', '"
	    INSTANCE "', 'b', 'NEW', '" VERSION "', '" CONTAINER "', %s%s%s)",
	    id, parent != NULL ? "'" : "", parent != NULL ? parent : "NULL",
	    parent != NULL ? "'" : "");
	pg_fixture_sql("UPDATE instances SET backing_up = '%s'", id);
	return op_strdup(&op, id);
}

const char *
begun(const char *parent)
{
	const char *id = backup_there(parent);

	turns(&worker_a, id, 1);
	return id;
}

void
finished(const char *id, const char *mark)
{
	stored(id, mark);
	says(id, "order", "OK", NULL);
	turns(&worker_a, id, 1);
}

const char *
taken(const char *parent, const char *mark)
{
	const char *id = begun(parent);

	finished(id, mark);
	assert_string_equal(task_column(id, "status"), "SUCCEEDED");
	return id;
}

bool
row_is(const char *id, const char *condition)
{
	return pg_fixture_number("SELECT count(*) FROM backups WHERE id = '%s'"
	    " AND %s", id, condition) == 1;
}

void
age(const char *table, const char *column, int seconds)
{
	pg_fixture_sql("UPDATE %s SET %s = now() - interval '%d seconds'",
	    table, column, seconds);
}

/* --- objects, and the guest's words ---------------------------------------------- */

void
put(const char *id, const char *rest, const char *text)
{
	const char *name = op_printf(&op, "%s_%s", id, rest);
	const struct object_key k = { "p1", CONTAINER, name };
	struct object_is is = { 0 };
	struct draft *d;
	struct op own;

	op_begin(&own, "test");
	assert_int_equal(container_make(&own, &k), OK);
	object_remove(&own, &k, false, NULL);	/* it may have been joined */
	own.why = NULL;
	assert_int_equal(object_draft(&own, &k, &d), OK);
	assert_int_equal(draft_add(d, text, strlen(text)), OK);
	assert_int_equal(draft_keep(d, &is), OK);
	op_end(&own);
}

int
objects(const char *prefix)
{
	struct object *o;
	int n;

	assert_int_equal(cloud_storage()->list(&op, "p1", CONTAINER, prefix,
	    &o, &n), OK);
	return n;
}

const char *
segment(const char *id, int nth, const char *text)
{
	char md5[MD5_HEX + 1];

	md5_hex(md5, text, strlen(text));
	return op_printf(&op, "{\"name\":\"%s_%08d\",\"bytes\":%zu,\"md5\":"
	    "\"%s\"}", id, nth, strlen(text), md5);
}

void
stored(const char *id, const char *mark)
{
	put(id, "00000000", "first");
	put(id, "00000001", "second!");
	put(id, "result", op_printf(&op, "{\"segments\":[%s,%s],\"bytes\":12,"
	    "\"plain_bytes\":100,\"mark\":%s}", segment(id, 0, "first"),
	    segment(id, 1, "second!"), mark));
}

void
says(const char *id, const char *step, const char *err, const char *why)
{
	guest_says("healthy", order_of(id, step), err, why);
}

const struct json *
body(void)
{
	const struct json *j;

	if (json_parse(&op, told.body, strlen(told.body), &j) != OK)
		fail_msg("%s: %s", op.why, told.body);
	return j;
}

const char *
create_there(const char *backup)
{
	const char *task;

	instance_there("BUILDING", "BUILD");
	task = op_strdup(&op, task_there(TASK_CREATE, op_printf(&op,
	    "{\"restore\":\"%s\",\"databases\":[{\"name\":\"more\"}]}",
	    backup)));
	turns(&worker_a, task, 1);		/* as far as its boot */
	guest_says("healthy", NULL, NULL, NULL);
	turns(&worker_a, task, 1);
	return task;
}
