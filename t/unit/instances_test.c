/*
 * The instances' statements and handlers on a real PostgreSQL, as the role of
 * the API.
 */
#include "t/unit/test.h"
#include "t/unit/key_fixture.h"
#include "t/unit/pg_fixture.h"
#include "fcgi/handlers.h"
#include "lib/base/conf.h"
#include "lib/base/seal.h"
#include "lib/msg/bus.h"
#include "lib/store/catalog.h"
#include "lib/store/instances.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DATASTORE "d0000000-0000-4000-8000-000000000001"
#define OTHER_ID "e0000000-0000-4000-8000-00000000dead"
#define VERSION "e0000000-0000-4000-8000-000000000001"

static struct op op;

/* --- what happens to the answer of a write ---------------------------------- */

static enum { GIVE, LOSE_ANSWER, LOSE_REQUEST } next_write;
static bool lost;

enum err __real_pg_run(struct op *, struct pg *, const struct pg_call *, int,
    bool, bool, struct pg_rows *);
enum err __wrap_pg_run(struct op *, struct pg *, const struct pg_call *, int,
    bool, bool, struct pg_rows *);
bool __real_pg_unsure(const struct pg *);
bool __wrap_pg_unsure(const struct pg *);

enum err
__wrap_pg_run(struct op *o, struct pg *pg, const struct pg_call *call, int n,
    bool tx, bool reads, struct pg_rows *rows)
{
	if (!reads && (lost = next_write != GIVE)) {
		if (next_write == LOSE_ANSWER)
			assert_int_equal(__real_pg_run(o, pg, call, n, tx,
			    reads, NULL), OK);
		next_write = GIVE;
		return op_fail(o, ERR_UNAVAILABLE, "the line broke");
	}
	return __real_pg_run(o, pg, call, n, tx, reads, rows);
}

bool
__wrap_pg_unsure(const struct pg *pg)
{
	return lost || __real_pg_unsure(pg);
}

/* --- the world ---------------------------------------------------------------- */

static int
open_world(void **state)
{
	seal_init();
	pg_fixture_start(state);
	pg_fixture_sql("INSERT INTO datastores (id, name) VALUES ('%s',"
	    " 'mariadb')", DATASTORE);
	pg_fixture_sql("INSERT INTO datastore_versions (id, datastore_id, name,"
	    " version, manager) VALUES ('%s', '%s', '10.11', '10.11.6',"
	    " 'mariadb')", VERSION, DATASTORE);
	pg_fixture_sql("UPDATE datastores SET default_version = '%s'", VERSION);
	pg_fixture_sql("INSERT INTO flavors (id, name, ram_mb, vcpus) VALUES"
	    " ('1', 'tiny', 256, 1), ('2', 'small', 512, 1)");
	op_begin(&op, "test");
	assert_int_equal(conf_set(&op, "pg", "dsn", pg_fixture_dsn()), OK);
	store_open("coffer_api");
	key_fixture(&op);
	/* Nobody is at the bell: no request may fail for that. */
	assert_int_equal(conf_set(&op, "redis", "socket", "/nonexistent"), OK);
	bus_open();
	op_end(&op);
	return 0;
}

static int
close_world(void **state)
{
	catalog_changed();
	bus_close();
	store_close();
	return pg_fixture_stop(state);
}

static int
fresh(void **state)
{
	(void)state;
	op_begin(&op, "req-test");
	next_write = GIVE;
	lost = false;
	pg_fixture_sql("TRUNCATE instances, guests, tasks, quotas");
	return 0;
}

static int
ended(void **state)
{
	(void)state;
	op_end(&op);
	return 0;
}

static void
task(struct new_task *t, enum task_kind kind, const char *id)
{
	new_task_begin(&op, t, kind, id, "p1", "u1", NULL);
}

/* Made, not built yet. */
static enum err
make(const char *tenant, int gb, char id[UUID_LEN + 1])
{
	struct new_instance in = { .tenant = tenant, .name = "shop",
	    .version_id = VERSION, .flavor_id = "1", .ram_mb = 256,
	    .vcpus = 1, .volume_gb = gb, .region = "RegionOne" };
	struct instance out;
	struct new_task t;

	text_uuid(in.id);
	memcpy(id, in.id, sizeof in.id);
	new_task_begin(&op, &t, TASK_CREATE, in.id, tenant, "u1", NULL);
	TRY(instances_insert(&op, &in, 1, &t, &out));
	assert_string_equal(out.id, in.id);
	assert_string_equal(out.task, "BUILDING");
	assert_string_equal(out.server_status, "BUILD");
	assert_string_equal(out.guest_status, "new");
	assert_int_equal(out.guest_age, -1);
	assert_non_null(out.created);
	return OK;
}

/* Its delete waits for this, or this finds it gone. */
static void
nothing_is_made_of_a_backup_that_is_gone(void **state)
{
	struct new_instance in = { .tenant = "p1", .name = "again",
	    .version_id = VERSION, .flavor_id = "1", .ram_mb = 256,
	    .vcpus = 1, .volume_gb = 1, .region = "RegionOne",
	    .restores = "bbbbbbbb-0000-4000-8000-00000000000b" };
	struct instance out;
	struct new_task t;

	(void)state;
	pg_fixture_sql("INSERT INTO backups (id, tenant_id, name, state,"
	    " container, deleted_at) VALUES ('%s', 'p1', 'b', 'COMPLETED', 'c',"
	    " now())", in.restores);
	text_uuid(in.id);
	new_task_begin(&op, &t, TASK_CREATE, in.id, "p1", "u1", NULL);
	assert_int_equal(instances_insert(&op, &in, 1, &t, &out),
	    ERR_NOT_FOUND);
	pg_fixture_sql("UPDATE backups SET deleted_at = NULL");
	assert_int_equal(instances_insert(&op, &in, 1, &t, &out), OK);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM instances"
	    " WHERE restores = '%s'", in.restores), 1);
}

/* As the worker and the conductor leave it. */
static void
built(const char *id)
{
	pg_fixture_sql("UPDATE tasks SET status = 'SUCCEEDED', ended = now()"
	    " WHERE instance_id = '%s'", id);
	pg_fixture_sql("UPDATE instances SET task = 'NONE', server_status ="
	    " 'ACTIVE', address = '10.177.0.9' WHERE id = '%s'", id);
	pg_fixture_sql("UPDATE guests SET status = 'healthy', last_seen = now()"
	    " WHERE instance_id = '%s'", id);
}

static long
tasks(const char *id, const char *kind)
{
	return pg_fixture_number("SELECT count(*) FROM tasks WHERE instance_id"
	    " = '%s' AND kind = '%s'", id, kind);
}

static long
quota(const char *tenant, const char *what)
{
	return pg_fixture_number("SELECT %s FROM quotas WHERE tenant_id = '%s'",
	    what, tenant);
}

/* --- creating ----------------------------------------------------------------- */

static void
create_is_instance_guest_task_and_quota_or_nothing(void **state)
{
	char id[UUID_LEN + 1];

	(void)state;
	assert_int_equal(make("p1", 4, id), OK);
	assert_int_equal(tasks(id, "create"), 1);
	assert_int_equal(quota("p1", "instances"), 1);
	assert_int_equal(quota("p1", "ram"), 256);
	assert_int_equal(quota("p1", "volumes"), 4);

	pg_fixture_sql("UPDATE quotas SET max_instances = 1, max_volumes = 5");
	assert_int_equal(make("p1", 4, id), ERR_OVER_LIMIT);
	assert_string_equal(op.why,
	    "Quota exceeded for resources: ['instances', 'volumes'].");
	assert_int_equal(quota("p1", "instances"), 1);
	assert_int_equal(quota("p1", "volumes"), 4);
	assert_int_equal(pg_fixture_number("SELECT (SELECT count(*) FROM"
	    " instances) * 100 + (SELECT count(*) FROM guests) * 10 +"
	    " (SELECT count(*) FROM tasks)"), 111);
}

static void
create_whose_commit_was_lost_is_found_again(void **state)
{
	char id[UUID_LEN + 1];

	(void)state;
	next_write = LOSE_ANSWER;
	assert_int_equal(make("p1", 1, id), OK);	/* and make() looks at the row */
	assert_int_equal(tasks(id, "create"), 1);
	assert_int_equal(quota("p1", "instances"), 1);

	lost = false;
	next_write = LOSE_REQUEST;
	assert_int_equal(make("p1", 1, id), ERR_UNAVAILABLE);
	assert_int_equal(tasks(id, "create"), 0);
	assert_int_equal(quota("p1", "instances"), 1);
}

/* Each child has a connection of its own; together they ask for 16 of 10. */
static void
the_quota_holds_when_many_ask_at_once(void **state)
{
	char id[UUID_LEN + 1];
	pid_t child[4];
	int i, k, status, made = 0;

	(void)state;
	for (k = 0; k < 4; k++) {
		fflush(NULL);
		if ((child[k] = fork()) == 0) {
			store_close();
			store_open("coffer_api");
			for (i = made = 0; i < 4; i++)
				made += make("p2", 1, id) == OK;
			_exit(made);
		}
	}
	for (k = 0; k < 4; k++) {
		waitpid(child[k], &status, 0);
		assert_true(WIFEXITED(status));
		made += WEXITSTATUS(status);
	}
	store_close();		/* the children shared its socket */
	store_open("coffer_api");
	assert_int_equal(made, 10);
	assert_int_equal(quota("p2", "instances"), 10);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM instances"
	    " WHERE tenant_id = 'p2'"), 10);
}

/* --- reading ------------------------------------------------------------------ */

static void
a_foreign_or_malformed_id_is_not_found(void **state)
{
	static const char *const bad[] = { "", "x", "hello",
	    "'; DROP TABLE instances; --",
	    "6f3c0000-0000-4000-8000-00000000dead" };
	char id[UUID_LEN + 1];
	struct instance in;
	size_t i;

	(void)state;
	assert_int_equal(make("p1", 1, id), OK);
	assert_int_equal(instance_read(&op, id, "p1", &in), OK);
	assert_int_equal(instance_read(&op, id, NULL, &in), OK);
	assert_string_equal(in.tenant, "p1");
	assert_int_equal(instance_read(&op, id, "p2", &in), ERR_NOT_FOUND);
	for (i = 0; i < ROWS(bad); i++) {
		assert_int_equal(instance_read(&op, bad[i], NULL, &in),
		    ERR_NOT_FOUND);
		assert_string_equal(op.why, op_printf(&op,
		    "Resource %s cannot be found.", bad[i]));
	}
	pg_fixture_sql("UPDATE instances SET deleted_at = now()");
	assert_int_equal(instance_read(&op, id, "p1", &in), ERR_NOT_FOUND);
}

static void
pages_hold_every_instance_once_in_order_of_id(void **state)
{
	struct instances_page page = { .tenant = "p1", .limit = 3 };
	char id[UUID_LEN + 1], last[UUID_LEN + 1] = "";
	struct instance *in;
	int i, k, n, seen = 0;

	(void)state;
	for (i = 0; i < 8; i++)
		assert_int_equal(make("p1", 1, id), OK);
	assert_int_equal(make("p2", 1, id), OK);
	pg_fixture_sql("UPDATE instances SET cluster_id = id WHERE id = (SELECT"
	    " id FROM instances WHERE tenant_id = 'p1' ORDER BY id LIMIT 1)");
	for (i = 0; i < 3; i++) {
		assert_int_equal(instances_read(&op, &page, &in, &n), OK);
		assert_int_equal(n, i < 2 ? 4 : 1);	/* one more than asked */
		for (k = 0; k < n && k < 3; k++, seen++) {
			assert_true(strcmp(last, in[k].id) < 0);
			strcpy(last, in[k].id);
			assert_string_equal(in[k].tenant, "p1");
			assert_null(in[k].cluster_id);
		}
		page.marker = last;
	}
	assert_int_equal(seen, 7);	/* the member of a cluster is not shown */
	page = (struct instances_page){ .tenant = "p1", .limit = 20,
	    .clustered = true, .detail = true };
	assert_int_equal(instances_read(&op, &page, &in, &n), OK);
	assert_int_equal(n, 8);
	assert_non_null(in[0].cluster_id);
	assert_non_null(in[0].updated);
}

/* --- changing ----------------------------------------------------------------- */

static void
a_rename_changes_nothing_else(void **state)
{
	char id[UUID_LEN + 1];
	struct instance in;

	(void)state;
	assert_int_equal(make("p1", 1, id), OK);
	assert_int_equal(instance_rename(&op, id, "new"), OK);
	assert_int_equal(instance_read(&op, id, "p1", &in), OK);
	assert_string_equal(in.name, "new");
	assert_null(in.access);
	assert_string_equal(in.task, "BUILDING");
	assert_int_equal(instance_rename(&op, OTHER_ID, "new"),
	    ERR_NOT_FOUND);
}

static void
a_second_delete_changes_nothing(void **state)
{
	const char *const *also;
	char id[UUID_LEN + 1], other[UUID_LEN + 1];
	struct new_task t;

	(void)state;
	assert_int_equal(make("p1", 3, id), OK);
	assert_int_equal(make("p1", 2, other), OK);
	task(&t, TASK_DELETE, id);
	assert_int_equal(instance_remove(&op, id, &t, &also), ERR_CONFLICT);
	assert_int_equal(quota("p1", "volumes"), 5);	/* it is being built */
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM tasks WHERE"
	    " cancel"), 0);

	built(id);
	task(&t, TASK_DELETE, id);
	assert_int_equal(instance_remove(&op, id, &t, &also), OK);
	assert_null(also[0]);
	assert_int_equal(quota("p1", "instances"), 1);
	assert_int_equal(quota("p1", "volumes"), 2);
	assert_int_equal(quota("p1", "ram"), 256);
	task(&t, TASK_DELETE, id);
	assert_int_equal(instance_remove(&op, id, &t, &also), ERR_CONFLICT);
	assert_int_equal(instance_remove_again(&op, id, &t), ERR_CONFLICT);
	assert_int_equal(quota("p1", "instances"), 1);
	assert_int_equal(tasks(id, "delete"), 1);

	/* When it failed for good, another may be asked for; not the quota. */
	pg_fixture_sql("UPDATE tasks SET status = 'FAILED', ended = now()"
	    " WHERE kind = 'delete'");
	pg_fixture_sql("UPDATE instances SET server_status = 'ERROR'");
	assert_int_equal(instance_remove_again(&op, id, &t), OK);
	assert_int_equal(quota("p1", "instances"), 1);
	assert_int_equal(tasks(id, "delete"), 2);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM instances WHERE"
	    " id = '%s' AND server_status = 'SHUTDOWN'", id), 1);
}

static void
a_delete_cancels_what_was_asked_before(void **state)
{
	const char *const *also;
	char id[UUID_LEN + 1];
	struct new_task t, before;

	(void)state;
	assert_int_equal(make("p1", 1, id), OK);
	built(id);
	task(&before, TASK_USER_CREATE, id);
	assert_int_equal(instance_submit(&op, id, &before), OK);
	task(&t, TASK_DELETE, id);
	assert_int_equal(instance_remove(&op, id, &t, &also), OK);
	assert_string_equal(also[0], before.id);
	assert_null(also[1]);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM tasks WHERE"
	    " cancel"), 1);
	task(&t, TASK_USER_CREATE, id);
	assert_int_equal(instance_submit(&op, id, &t), ERR_CONFLICT);
	assert_int_equal(tasks(id, "user_create"), 1);
}

static void
an_instance_in_error_can_be_deleted_and_shows_shutdown(void **state)
{
	const char *const *also;
	char id[UUID_LEN + 1];
	struct new_task t;

	(void)state;
	assert_int_equal(make("p1", 1, id), OK);
	pg_fixture_sql("UPDATE instances SET task = 'BUILDING_ERROR_SERVER',"
	    " server_status = 'ERROR'");
	task(&t, TASK_DELETE, id);
	assert_int_equal(instance_remove(&op, id, &t, &also), OK);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM instances WHERE"
	    " task = 'DELETING' AND server_status = 'SHUTDOWN'"), 1);
}

/* Two at once: the row decides, one of them is refused. */
static void
only_one_of_two_restarts_is_taken(void **state)
{
	char id[UUID_LEN + 1];
	struct new_task t;
	pid_t child[2];
	int k, status, taken = 0;

	(void)state;
	assert_int_equal(make("p1", 1, id), OK);
	built(id);
	for (k = 0; k < 2; k++) {
		fflush(NULL);
		if ((child[k] = fork()) == 0) {
			store_close();
			store_open("coffer_api");
			task(&t, TASK_RESTART, id);
			_exit(instance_restart(&op, id, &t));
		}
	}
	for (k = 0; k < 2; k++) {
		waitpid(child[k], &status, 0);
		assert_true(WIFEXITED(status));
		if (WEXITSTATUS(status) == OK)
			taken++;
		else
			assert_int_equal(WEXITSTATUS(status), ERR_CONFLICT);
	}
	store_close();
	store_open("coffer_api");
	assert_int_equal(taken, 1);
	assert_int_equal(tasks(id, "restart"), 1);
}

static void
reset_status_frees_all_but_a_delete(void **state)
{
	const char *const *also;
	char id[UUID_LEN + 1];
	struct new_task t;

	(void)state;
	assert_int_equal(make("p1", 1, id), OK);
	assert_int_equal(instance_reset(&op, id, false, &also), OK);
	assert_non_null(also[0]);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM instances WHERE"
	    " task = 'NONE' AND server_status = 'ERROR'"), 1);
	task(&t, TASK_DELETE, id);
	assert_int_equal(instance_remove(&op, id, &t, &also), OK);
	assert_int_equal(instance_reset(&op, id, false, &also), OK);
	assert_null(also[0]);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM instances WHERE"
	    " task = 'DELETING'"), 1);
	assert_int_equal(quota("p1", "instances"), 0);
}

static void
what_a_guest_said_before_a_reset_counts_no_more(void **state)
{
	const char *const *also;
	char id[UUID_LEN + 1];
	struct instance in;

	(void)state;
	assert_int_equal(make("p1", 1, id), OK);
	assert_int_equal(instance_reset(&op, id, true, &also), OK);
	assert_int_equal(instance_read(&op, id, "p1", &in), OK);
	assert_string_equal(in.guest_status, "new");
	pg_fixture_sql("UPDATE guests SET status = 'healthy', last_seen ="
	    " now()");
	assert_int_equal(instance_read(&op, id, "p1", &in), OK);
	assert_string_equal(in.guest_status, "healthy");
	assert_int_equal(instance_reset(&op, id, false, &also), OK);
	assert_int_equal(instance_read(&op, id, "p1", &in), OK);
	assert_string_equal(in.guest_status, "healthy");
	assert_int_equal(instance_reset(&op, id, true, &also), OK);
	assert_int_equal(instance_read(&op, id, "p1", &in), OK);
	assert_string_equal(in.guest_status, "unknown");
	pg_fixture_sql("UPDATE guests SET last_seen = now()");
	assert_int_equal(instance_read(&op, id, "p1", &in), OK);
	assert_string_equal(in.guest_status, "healthy");
}

/* --- handlers ------------------------------------------------------------------- */

static void
begin(struct request *r, const char *tenant)
{
	memset(r, 0, sizeof *r);
	op_begin(&r->op, "req-test");
	r->method = GET;
	r->path = "/v1.0/p1/instances";
	r->query = "";
	r->tenant = r->arg[0] = tenant;
	r->base = "https://db.example:8779";
	r->caller.user = "u1";
	r->caller.member = true;
}

static void
a_list_of_twenty_is_one_statement(void **state)
{
	const struct json *doc;
	char id[UUID_LEN + 1];
	struct request r;
	unsigned calls;
	int i;

	(void)state;
	pg_fixture_sql("INSERT INTO quotas (tenant_id, max_instances) VALUES"
	    " ('p1', -1)");
	for (i = 0; i < 25; i++)
		assert_int_equal(make("p1", 1, id), OK);
	for (i = 0; i < 2; i++) {
		begin(&r, "p1");
		calls = store_calls();
		assert_int_equal((i ? instances_detail : instances_list)(&r),
		    OK);
		if (i == 1)	/* the first filled the catalogue's copy */
			assert_int_equal(store_calls() - calls, 1);
		assert_int_equal(r.status, 200);
		assert_int_equal(json_parse(&r.op, r.out.out.s, r.out.out.len,
		    &doc), OK);
		assert_int_equal(json_count(json_get(doc, "instances")), 20);
		assert_int_equal(json_count(json_get(doc, "links")), 1);
		assert_int_equal(json_count(json_get(doc, "instances_links")),
		    1);
		op_end(&r.op);
	}
}

static void
a_show_is_one_statement_and_foreign_ones_are_404(void **state)
{
	const struct json *doc;
	char id[UUID_LEN + 1];
	struct request r;
	unsigned calls;

	(void)state;
	assert_int_equal(make("p1", 2, id), OK);
	built(id);
	begin(&r, "p1");
	r.arg[1] = id;
	calls = store_calls();
	assert_int_equal(instance_show(&r), OK);
	assert_int_equal(store_calls() - calls, 1);
	assert_int_equal(json_parse(&r.op, r.out.out.s, r.out.out.len, &doc),
	    OK);
	assert_string_equal(json_str(json_get(doc, "instance/status")),
	    "ACTIVE");
	assert_string_equal(json_str(json_get(doc,
	    "instance/operating_status")), "HEALTHY");
	assert_string_equal(json_str(json_get(doc,
	    "instance/datastore/version")), "10.11");
	assert_int_equal(json_int(json_get(doc, "instance/volume/size")), 2);
	op_end(&r.op);

	begin(&r, "p2");
	r.arg[1] = id;
	assert_int_equal(instance_show(&r), ERR_NOT_FOUND);
	assert_int_equal(instance_delete(&r), ERR_NOT_FOUND);
	r.caller.admin = true;
	assert_int_equal(instance_show(&r), OK);
	assert_int_equal(root_show(&r), ERR_NOT_FOUND);	/* by the path, always */
	op_end(&r.op);
}

static enum err
act(struct request *r, const char *id, const char *json)
{
	r->arg[1] = id;
	assert_int_equal(json_parse(&r->op, json, strlen(json), &r->body), OK);
	r->op.why = NULL;
	return instance_action(r);
}

/* Rules of names have tests of their own; here that a create obeys them. */
static void
a_create_with_names_that_may_not_be_leaves_nothing(void **state)
{
	static const char *const bad[] = {
		"\"databases\":[{\"name\":\"mysql\"}]",
		"\"databases\":[{\"name\":\"a\"},{\"name\":\"a\"}]",
		"\"users\":[{\"name\":\"root\",\"password\":\"x\"}]",
		("\"users\":[{\"name\":\"u\",\"password\":\"x\","
		"\"databases\":[{\"name\":\"b\"}]}]"),
	};
	struct request r;
	const char *json;

	(void)state;
	for (size_t i = 0; i < ROWS(bad); i++) {
		begin(&r, "p1");
		json = op_printf(&r.op, "{\"instance\":{\"name\":\"x\","
		    "\"flavorRef\":\"1\",\"volume\":{\"size\":1},%s}}", bad[i]);
		assert_int_equal(json_parse(&r.op, json, strlen(json),
		    &r.body), OK);
		assert_int_equal(instance_create(&r), ERR_BAD_REQUEST);
		op_end(&r.op);
	}
	assert_int_equal(pg_fixture_number("SELECT (SELECT count(*) FROM"
	    " instances) + (SELECT count(*) FROM tasks)"), 0);
}

static void
an_action_is_exactly_one_that_is_known(void **state)
{
	static const struct { const char *body; enum err e; } table[] = {
		{ "{}", ERR_BAD_REQUEST },
		{ "{\"restart\":{},\"reset_status\":{}}", ERR_BAD_REQUEST },
		{ "{\"explode\":{}}", ERR_BAD_REQUEST },
		{ "{\"resize\":{}}", ERR_BAD_REQUEST },
		{ "{\"promote_to_replica_source\":{}}", ERR_BAD_REQUEST },
		{ "{\"eject_replica_source\":{}}", ERR_BAD_REQUEST },
		{ "{\"reset_status\":{}}", ERR_FORBIDDEN },
		{ "{\"restart\":{}}", OK },
		{ "{\"restart\":null}", ERR_UNPROCESSABLE },	/* now it restarts */
	};
	char id[UUID_LEN + 1];
	struct request r;
	size_t i;
	enum err e;

	(void)state;
	assert_int_equal(make("p1", 1, id), OK);
	built(id);
	for (i = 0; i < ROWS(table); i++) {
		begin(&r, "p1");
		if ((e = act(&r, id, table[i].body)) != table[i].e)
			fail_msg("%s: %s %s", table[i].body, err_name(e),
			    r.op.why);
		op_end(&r.op);
	}
	assert_int_equal(tasks(id, "restart"), 1);
}

static void
a_resize_is_charged_with_its_task_and_only_once(void **state)
{
	static const struct { const char *body; enum err e; int ram, gb; } table[] = {
		{ "{\"resize\":{\"volume\":{\"size\":2}}}", ERR_BAD_REQUEST, 256, 2 },
		{ "{\"resize\":{\"volume\":{\"size\":1}}}", ERR_BAD_REQUEST, 256, 2 },
		{ "{\"resize\":{\"volume\":{\"size\":11}}}", ERR_OVER_LIMIT, 256, 2 },
		{ "{\"resize\":{\"flavorRef\":1}}", ERR_BAD_REQUEST, 256, 2 },
		{ "{\"resize\":{\"flavorRef\":\"no\"}}", ERR_BAD_REQUEST, 256, 2 },
		{ "{\"resize\":{\"flavorRef\":\"2\"}}", OK, 512, 2 },
		{ "{\"resize\":{\"volume\":3}}", ERR_UNPROCESSABLE, 512, 2 },
		{ "{\"resize\":{\"volume\":\"3\"}}", OK, 512, 3 },
		{ "{\"resize\":{\"flavorRef\":\"2\"}}", ERR_UNPROCESSABLE, 512, 3 },
	};
	char id[UUID_LEN + 1];
	struct request r;
	size_t i;
	enum err e;

	(void)state;
	assert_int_equal(make("p1", 2, id), OK);
	built(id);
	for (i = 0; i < ROWS(table); i++) {
		if (i == 7)		/* as the worker leaves it */
			pg_fixture_sql("UPDATE instances SET task = 'NONE',"
			    " flavor_id = '2', ram_mb = 512, to_flavor = NULL");
		begin(&r, "p1");
		if ((e = act(&r, id, table[i].body)) != table[i].e)
			fail_msg("%s: %s %s", table[i].body, err_name(e),
			    r.op.why);
		op_end(&r.op);
		assert_int_equal(quota("p1", "ram"), table[i].ram);
		assert_int_equal(quota("p1", "volumes"), table[i].gb);
	}
	assert_int_equal(tasks(id, "resize_flavor"), 1);
	assert_int_equal(tasks(id, "resize_volume"), 1);
	begin(&r, "p1");
	r.arg[1] = id;
	assert_int_equal(instance_delete(&r), OK);	/* in the middle of it */
	assert_int_equal(quota("p1", "ram"), 0);
	assert_int_equal(quota("p1", "volumes"), 0);
	op_end(&r.op);
}

static void
a_resize_beyond_the_quota_leaves_everything_as_it_was(void **state)
{
	char id[UUID_LEN + 1];
	struct request r;

	(void)state;
	assert_int_equal(make("p1", 2, id), OK);
	built(id);
	pg_fixture_sql("UPDATE quotas SET max_volumes = 4, max_ram = 400");
	begin(&r, "p1");
	assert_int_equal(act(&r, id, "{\"resize\":{\"volume\":5}}"),
	    ERR_OVER_LIMIT);
	assert_string_equal(r.op.why,
	    "Quota exceeded for resources: ['volumes'].");
	assert_int_equal(act(&r, id, "{\"resize\":{\"flavorRef\":2}}"),
	    ERR_OVER_LIMIT);
	assert_int_equal(quota("p1", "volumes"), 2);
	assert_int_equal(quota("p1", "ram"), 256);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM instances"
	    " WHERE task = 'NONE' AND to_gb IS NULL AND to_flavor IS NULL"), 1);
	op_end(&r.op);
}

/* --- PUT and PATCH ----------------------------------------------------------- */

static enum err
put(struct request *r, const char *id, const char *json)
{
	r->arg[1] = id;
	assert_int_equal(json_parse(&r->op, json, strlen(json), &r->body), OK);
	r->op.why = NULL;
	return instance_update(r);
}

static const struct { const char *body; enum err e; const char *why; } changes[] = {
	{ "{\"instance\":{\"replica_of\":\"\"}}", ERR_BAD_REQUEST,
	    "is not a replica." },
	{ "{\"instance\":{\"slave_of\":null,\"name\":\"x\"}}", ERR_BAD_REQUEST,
	    "is not a replica." },
	{ "{\"instance\":{\"datastore_version\":\"no\"}}", ERR_BAD_REQUEST,
	    "Datastore version 'no' cannot be found." },
	{ "{\"instance\":{\"access\":{},\"configuration\":null}}",
	    ERR_BAD_REQUEST, "Only one attribute" },
	{ "{\"instance\":{\"datastore_version\":\"10.11\"}}", OK, NULL },
	{ "{\"instance\":{\"name\":\"y\"}}", OK, NULL },
	{ "{\"instance\":{\"name\":\"z\",\"access\":{\"is_public\":true}}}",
	    OK, NULL },
	{ "{\"instance\":{\"access\":{\"is_public\":true}}}",
	    ERR_UNPROCESSABLE, "is not ready. (Status is " },
};

static void
a_change_is_one_thing_and_the_name(void **state)
{
	char id[UUID_LEN + 1];
	struct instance in;
	struct request r;

	(void)state;
	assert_int_equal(make("p1", 1, id), OK);
	built(id);
	pg_fixture_sql("UPDATE instances SET server_id = 's'");
	for (size_t i = 0; i < ROWS(changes); i++) {
		enum err e;

		begin(&r, "p1");
		if ((e = put(&r, id, changes[i].body)) != changes[i].e)
			fail_msg("%s: %s %s", changes[i].body, err_name(e),
			    r.op.why);
		if (e != OK)
			assert_non_null(strstr(r.op.why, changes[i].why));
		op_end(&r.op);
	}
	assert_int_equal(instance_read(&op, id, "p1", &in), OK);
	assert_string_equal(in.name, "z");
	assert_string_equal(in.task, "UPDATING");
	assert_null(in.access);		/* until it holds */
	assert_int_equal(tasks(id, "access"), 1);
}

/* --- replicas ------------------------------------------------------------------ */

static enum err
post(struct request *r, const char *json)
{
	assert_int_equal(json_parse(&r->op, json, strlen(json), &r->body), OK);
	r->op.why = NULL;
	return instance_create(r);
}

/* On the local driver no engine replicates. */
static void
replicas_are_refused_where_nothing_replicates(void **state)
{
	char id[UUID_LEN + 1];
	struct request r;

	(void)state;
	assert_int_equal(make("p1", 1, id), OK);
	built(id);
	begin(&r, "p1");
	assert_int_equal(post(&r, op_printf(&r.op, "{\"instance\":{\"name\":"
	    "\"r\",\"replica_of\":\"%s\"}}", id)), ERR_BAD_REQUEST);
	assert_string_equal(r.op.why,
	    "Replication is not supported for the 'mariadb' datastore.");
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM instances"), 1);
	op_end(&r.op);
}

static void
a_source_has_replicas_that_are_charged_grow_and_hold_it(void **state)
{
	char id[UUID_LEN + 1];
	struct instance in;
	struct request r;

	(void)state;
	assert_int_equal(conf_set(&op, "compute", "driver", "fake"), OK);
	assert_int_equal(make("p1", 2, id), OK);
	built(id);
	begin(&r, "p1");
	assert_int_equal(post(&r, op_printf(&r.op, "{\"instance\":{\"name\":"
	    "\"r\",\"replica_of\":\"%s\",\"replica_count\":2}}", id)), OK);
	op_end(&r.op);
	assert_int_equal(quota("p1", "instances"), 3);
	assert_int_equal(quota("p1", "volumes"), 6);
	assert_int_equal(quota("p1", "ram"), 3 * 256);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM instances WHERE"
	    " name IN ('r-1', 'r-2') AND replica_of = '%s'", id), 2);
	assert_int_equal(instance_read(&op, id, "p1", &in), OK);
	assert_int_equal(strlen(in.replicas), 2 * UUID_LEN + 1);
	begin(&r, "p1");
	r.arg[1] = id;
	assert_int_equal(instance_delete(&r), ERR_FORBIDDEN);
	assert_int_equal(act(&r, id, "{\"resize\":{\"volume\":3}}"),
	    ERR_UNPROCESSABLE);		/* the replicas are being built */
	op_end(&r.op);
	pg_fixture_sql("UPDATE instances SET task = 'NONE', server_status ="
	    " 'ACTIVE'; UPDATE guests SET status = 'healthy', last_seen = now()");
	begin(&r, "p1");
	assert_int_equal(act(&r, id, "{\"resize\":{\"volume\":3}}"), OK);
	assert_int_equal(act(&r, id, "{\"eject_replica_source\":{}}"),
	    ERR_BAD_REQUEST);
	assert_non_null(strstr(r.op.why, "has a current heartbeat"));
	op_end(&r.op);
	assert_int_equal(quota("p1", "volumes"), 9);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM instances WHERE"
	    " to_gb = 3 AND task = 'RESIZING'"), 3);
	assert_int_equal(conf_set(&op, "compute", "driver", "local"), OK);
}

static void
a_delete_while_building_is_refused_and_twice_is_fine(void **state)
{
	char id[UUID_LEN + 1];
	struct request r;

	(void)state;
	assert_int_equal(make("p1", 1, id), OK);
	begin(&r, "p1");
	r.arg[1] = id;
	assert_int_equal(instance_delete(&r), ERR_UNPROCESSABLE);
	assert_string_equal(r.op.why, op_printf(&r.op,
	    "Instance %s is not ready. (Status is BUILD).", id));
	built(id);
	assert_int_equal(instance_delete(&r), OK);
	assert_int_equal(r.status, 202);
	assert_int_equal(instance_delete(&r), OK);
	assert_int_equal(tasks(id, "delete"), 1);
	assert_int_equal(quota("p1", "instances"), 0);
	op_end(&r.op);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fresh, ended)
	const struct CMUnitTest tests[] = {
		T(create_is_instance_guest_task_and_quota_or_nothing),
		T(create_whose_commit_was_lost_is_found_again),
		T(nothing_is_made_of_a_backup_that_is_gone),
		T(the_quota_holds_when_many_ask_at_once),
		T(a_foreign_or_malformed_id_is_not_found),
		T(pages_hold_every_instance_once_in_order_of_id),
		T(a_rename_changes_nothing_else),
		T(a_second_delete_changes_nothing),
		T(a_delete_cancels_what_was_asked_before),
		T(an_instance_in_error_can_be_deleted_and_shows_shutdown),
		T(only_one_of_two_restarts_is_taken),
		T(reset_status_frees_all_but_a_delete),
		T(what_a_guest_said_before_a_reset_counts_no_more),
		T(a_list_of_twenty_is_one_statement),
		T(a_show_is_one_statement_and_foreign_ones_are_404),
		T(a_create_with_names_that_may_not_be_leaves_nothing),
		T(an_action_is_exactly_one_that_is_known),
		T(a_resize_is_charged_with_its_task_and_only_once),
		T(a_resize_beyond_the_quota_leaves_everything_as_it_was),
		T(a_change_is_one_thing_and_the_name),
		T(replicas_are_refused_where_nothing_replicates),
		T(a_source_has_replicas_that_are_charged_grow_and_hold_it),
		T(a_delete_while_building_is_refused_and_twice_is_fine),
	};

	return cmocka_run_group_tests(tests, open_world, close_world);
}
