#include "t/unit/test.h"
#include "t/unit/pg_fixture.h"
#include "t/unit/redis_fixture.h"
#include "t/unit/worker_fixture.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"
#include "lib/base/seal.h"
#include "lib/cloud/null.h"
#include "lib/msg/bus.h"

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VERSION "aaaaaaaa-0000-4000-8000-000000000001"
#define STORE_ID "aaaaaaaa-0000-4000-8000-000000000002"

const struct lease_by worker_a = { "test:a:1", "testhost" };
const struct lease_by worker_b = { "test:b:2", "testhost" };
bool local_contains_root;
int local_ensures;

static char root[64];

/* --- the driver "local" ---------------------------------------------------------- */

static bool
contains_root(void)
{
	return local_contains_root;
}

static enum err
local_ensure(struct op *op, const struct place *p, bool *ready,
    const char **id)
{
	local_ensures++;
	assert_non_null(p->agent_conf);
	assert_true(p->slot >= 0);
	return compute_null.ensure(op, p, ready, id);
}

static enum err
local_resize(struct op *op, const struct place *p)
{
	return compute_failing.resize(op, p);
}

static enum err
local_running(struct op *op, const struct place *p, bool *running)
{
	return compute_null.running(op, p, running);
}

static enum err
local_remove(struct op *op, const struct place *p, bool *ready)
{
	return compute_null.remove(op, p, ready);
}

static enum err
volume_ensure_(struct op *op, const struct place *p, bool *ready,
    const char **id)
{
	return volume_null.ensure(op, p, ready, id);
}

static enum err
volume_resize_(struct op *op, const struct place *p, bool *ready)
{
	return volume_failing.resize(op, p, ready);
}

static enum err
volume_remove_(struct op *op, const struct place *p, bool *ready)
{
	return volume_null.remove(op, p, ready);
}

static enum err
network_ensure_(struct op *op, const struct place *p, bool *ready,
    struct port *port)
{
	return network_null.ensure(op, p, ready, port);
}

static enum err
network_access_(struct op *op, const struct place *p)
{
	return network_failing.access(op, p);
}

static enum err
network_remove_(struct op *op, const struct place *p, bool *ready)
{
	return network_null.remove(op, p, ready);
}

const struct compute_driver compute_local = {
	.name = "local", .open = null_open, .ensure = local_ensure,
	.resize = local_resize, .running = local_running,
	.remove = local_remove,
	.contains_root = contains_root,
};
const struct volume_driver volume_local = {
	.name = "local", .open = null_open, .ensure = volume_ensure_,
	.resize = volume_resize_, .remove = volume_remove_,
};
const struct network_driver network_local = {
	.name = "local", .open = null_open, .ensure = network_ensure_,
	.access = network_access_, .remove = network_remove_,
};

/* --- starting ----------------------------------------------------------------------- */

static void
set(const char *section, const char *key, const char *value)
{
	struct op op;

	op_begin(&op, "test");
	if (conf_set(&op, section, key, value) != OK)
		errx(1, "%s", op.why);
	op_end(&op);
}

static void
key_write(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd == -1 || write(fd, "00112233445566778899aabbccddeeff"
	    "102132435465768798a9bacbdcedfe0f\n", 65) != 65)
		err(1, "%s", path);
	close(fd);
}

int
worker_fixture_start(void **state)
{
	char path[128];
	struct op op;

	log_init("test", LOG_ERROR);
	seal_init();
	pg_fixture_start(state);
	redis_fixture_start(state);
	snprintf(root, sizeof(root), "/tmp/coffer-worker.XXXXXX");
	if (mkdtemp(root) == NULL)
		err(1, "%s", root);
	snprintf(path, sizeof(path), "%s/key", root);
	key_write(path);
	set("pg", "dsn", pg_fixture_dsn());	/* the role is the worker's own */
	set("coffer", "key_file", path);
	set("local", "root", root);
	set("local", "host", worker_a.host);
	op_begin(&op, "test");
	if (seal_master_load(&op) != OK)
		errx(1, "%s", op.why);
	op_end(&op);
	store_open("coffer_worker");
	bus_open();
	pg_fixture_sql("INSERT INTO datastores VALUES ('" STORE_ID "', 'mariadb')");
	pg_fixture_sql("INSERT INTO datastore_versions (id, datastore_id, name,"
	    " version, manager) VALUES ('" VERSION "', '" STORE_ID "', '10.11',"
	    " '10.11.6', 'mariadb')");
	return 0;
}

int
worker_fixture_stop(void **state)
{
	char command[128];

	store_close();
	bus_close();
	snprintf(command, sizeof(command), "rm -rf %s", root);
	assert_int_equal(system(command), 0);
	redis_fixture_stop(state);
	return pg_fixture_stop(state);
}

void
worker_fixture_drivers(const char *name)
{
	struct op op;

	set("compute", "driver", name);
	set("volume", "driver", name);
	set("network", "driver", name);
	op_begin(&op, "test");
	if (cloud_open(&op) != OK)
		errx(1, "%s", op.why);
	op_end(&op);
}

int
worker_fixture_fresh(void **state)
{
	char command[160];

	(void)state;
	runner_watch = NULL;
	local_contains_root = false;
	local_ensures = 0;
	snprintf(command, sizeof(command), "rm -rf %s/null", root);
	assert_int_equal(system(command), 0);
	worker_fixture_drivers("failing");
	pg_fixture_sql("TRUNCATE tasks, instances, guests, slots, quotas");
	return 0;
}

int
worker_fixture_guests(void **state)
{
	worker_fixture_fresh(state);
	worker_fixture_drivers("local");
	return 0;
}

/* --- rows ------------------------------------------------------------------------------ */

void
instance_there(const char *task, const char *server_status)
{
	pg_fixture_sql("DELETE FROM instances; DELETE FROM guests;"
	    "INSERT INTO instances (id, tenant_id, name, version_id, flavor_id,"
	    " ram_mb, vcpus, volume_gb, region, task, server_status) VALUES"
	    " ('" INSTANCE "', 'p1', 'db', '" VERSION "', '1', 256, 1, 1, 'R',"
	    " '%s', '%s'); INSERT INTO guests (instance_id) VALUES ('" INSTANCE
	    "')", task, server_status);
}

const char *
task_there(enum task_kind kind, const char *args)
{
	static char ids[8][UUID_LEN + 1];
	static unsigned nth;
	char *id = ids[nth++ % 8];
	struct new_task t;
	struct call c;
	struct op op;

	op_begin(&op, "req-test");
	new_task_begin(&op, &t, kind, INSTANCE, "p1", "u1", args);
	c = new_task_call(&op, &t);
	if (store_write(&op, NULL, 1, &c) != OK)
		fail_msg("%s", op.why);
	strcpy(id, t.id);
	op_end(&op);
	return id;
}

enum err
turn(const struct lease_by *me, const char *task)
{
	struct op op;
	int again_ms;
	enum err e;

	op_begin(&op, "test");
	e = task_run(&op, me, task, &again_ms);
	op_end(&op);
	return e;
}

void
turns(const struct lease_by *me, const char *task, int n)
{
	while (n-- > 0) {
		assert_int_equal(turn(me, task), OK);
		if (*task_column(task, "ended") != '\0')
			return;
	}
}

void
lease_lost(const char *task)
{
	pg_fixture_sql("UPDATE tasks SET lease_until = now() - interval '1 s'"
	    " WHERE id = '%s'", task);
}

static const char *
column(const char *table, const char *id, const char *name)
{
	static char text[4][512];
	static unsigned nth;
	static struct pg *pg;
	char *to = text[nth++ % 4], sql[256];
	struct pg_stmt stmt = { "", sql, 0 };
	struct pg_rows r;
	struct op op;
	const char *s;

	pg = pg_new(pg_fixture_dsn(), "admin", 10);
	snprintf(sql, sizeof(sql), "SELECT %s::text FROM %s WHERE id = '%s'",
	    name, table, id);
	op_begin(&op, "test");
	if (pg_run(&op, pg, &(struct pg_call){ .stmt = &stmt }, 1, false, true,
	    &r) != OK)
		fail_msg("%s: %s", sql, op.why);
	assert_int_equal(r.count, 1);
	s = pg_text(&r, 0, 0);
	snprintf(to, sizeof(text[0]), "%s", s != NULL ? s : "");
	op_end(&op);
	pg_free(pg);
	return to;
}

const char *
task_column(const char *task, const char *name)
{
	return column("tasks", task, name);
}

const char *
instance_column(const char *name)
{
	return column("instances", INSTANCE, name);
}

const char *
order_of(const char *task, const char *step)
{
	static char text[4][80];
	static unsigned nth;
	char *to = text[nth++ % 4];

	snprintf(to, sizeof(text[0]), "%s:%s", task, step);
	return to;
}

#define OR_NULL(s) (s) != NULL ? "'" : "", (s) != NULL ? (s) : "NULL",	\
	(s) != NULL ? "'" : ""

void
guest_says(const char *status, const char *order, const char *word,
    const char *why)
{
	pg_fixture_sql("UPDATE guests SET status = '%s', seq = seq + 1,"
	    " last_seen = now(), order_id = %s%s%s, order_err = %s%s%s,"
	    " order_why = %s%s%s WHERE instance_id = '" INSTANCE "'", status,
	    OR_NULL(order), OR_NULL(word), OR_NULL(why));
}

bool
made(const char *what)
{
	char path[192];

	snprintf(path, sizeof(path), "%s/null/%s/" INSTANCE, root, what);
	return access(path, F_OK) == 0;
}

const char *
noted(const char *what)
{
	static char text[64];
	char path[192];
	FILE *f;

	snprintf(path, sizeof(path), "%s/null/%s/" INSTANCE, root, what);
	if ((f = fopen(path, "re")) == NULL ||
	    fgets(text, sizeof(text), f) == NULL)
		*text = '\0';
	if (f != NULL)
		fclose(f);
	return text;
}

int
made_all(void)
{
	return made("server") + made("volume") + made("port") +
	    (int)pg_fixture_number("SELECT count(*) FROM slots");
}
