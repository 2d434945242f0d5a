/* What operators ask and change, on a real PostgreSQL, as the API's role. */
#include "t/unit/test.h"
#include "t/unit/pg_fixture.h"
#include "fcgi/handlers_mgmt.h"
#include "fcgi/mgmt.h"
#include "lib/base/conf.h"
#include "lib/msg/bus.h"
#include "lib/store/catalog.h"
#include "lib/store/operator.h"
#include "lib/store/quotas.h"

#include <stdio.h>
#include <string.h>

#define DATASTORE "d0000000-0000-4000-8000-000000000001"
#define VERSION "e0000000-0000-4000-8000-000000000001"
#define ONE "10000000-0000-4000-8000-000000000001"
#define TWO "20000000-0000-4000-8000-000000000002"
#define GONE "30000000-0000-4000-8000-000000000003"

static struct op op;
static _Atomic uint64_t own_changes;

static int
open_world(void **state)
{
	pg_fixture_start(state);
	op_begin(&op, "test");
	assert_int_equal(conf_set(&op, "pg", "dsn", pg_fixture_dsn()), OK);
	assert_int_equal(conf_set(&op, "redis", "socket", "/nonexistent"), OK);
	store_open("coffer_api");
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

static void
instance(const char *id, const char *tenant, int ago)
{
	pg_fixture_sql("INSERT INTO instances (id, tenant_id, name, version_id,"
	    " flavor_id, ram_mb, vcpus, volume_gb, region, task, server_status,"
	    " server_id, volume_id, host, updated) VALUES ('%s', '%s', 'x',"
	    " '" VERSION "', '1', 256, 1, 2, 'R', 'NONE', 'ACTIVE', 's-%.2s',"
	    " 'v', 'h1', now() - interval '%d s')", id, tenant, id, ago);
	pg_fixture_sql("INSERT INTO guests (instance_id, status, last_seen,"
	    " used_bytes, total_bytes) VALUES ('%s', 'healthy', now(), 5, 10)",
	    id);
}

/* Two that live and one that was deleted, of two projects. */
static int
fresh(void **state)
{
	(void)state;
	op_begin(&op, "req-test");
	pg_fixture_sql("TRUNCATE instances, guests, tasks, quotas, hosts,"
	    " former_homes, root_history, datastores, datastore_versions"
	    " CASCADE");
	pg_fixture_sql("INSERT INTO datastores (id, name) VALUES ('" DATASTORE
	    "', 'mariadb')");
	pg_fixture_sql("INSERT INTO datastore_versions (id, datastore_id, name,"
	    " version, manager) VALUES ('" VERSION "', '" DATASTORE "',"
	    " '10.11', '10.11.6', 'mariadb')");
	instance(ONE, "p1", 30);
	instance(TWO, "p2", 20);
	instance(GONE, "p1", 10);
	pg_fixture_sql("UPDATE instances SET deleted_at = now(), server_id ="
	    " NULL, volume_id = NULL, host = NULL, server_status = 'DELETED'"
	    " WHERE id = '" GONE "'");
	catalog_changed();
	return 0;
}

static int
ended(void **state)
{
	(void)state;
	op_end(&op);
	return 0;
}

/* --- instances -------------------------------------------------------------------- */

static const char *
listed(const struct managed_page *p)
{
	struct managed *m;
	struct text t;
	int n;

	assert_int_equal(managed_list(&op, p, &m, &n), OK);
	text_begin(&t, &op, 64);
	for (int i = 0; i < n; i++)
		text_printf(&t, "%.1s", m[i].in.id);
	return t.s;
}

static void
the_list_is_cut_by_what_is_asked(void **state)
{
	static const struct { struct managed_page p; const char *ids; } rows[] = {
		{ { .limit = 9 }, "321" },
		{ { .deleted = "f", .limit = 9 }, "21" },
		{ { .deleted = "t", .limit = 9 }, "3" },
		{ { .tenant = "p1", .limit = 9 }, "31" },
		{ { .tenant = "p1", .deleted = "f", .limit = 9 }, "1" },
		{ { .tenant = "nobody", .limit = 9 }, "" },
		{ { .host = "h1", .limit = 9 }, "21" },
		{ { .host = "h2", .limit = 9 }, "" },
		{ { .limit = 2 }, "32" },
		{ { .limit = 2, .offset = 2 }, "1" },
		{ { .limit = 2, .offset = 3 }, "" },
		{ { .limit = 0 }, "" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++)
		assert_string_equal(listed(&rows[i].p), rows[i].ids);
	pg_fixture_sql("UPDATE instances SET cluster_id = id WHERE id = '" TWO
	    "'");
	assert_string_equal(listed(&(struct managed_page){ .limit = 9 }),
	    "31");
	assert_string_equal(listed(&(struct managed_page){ .clustered = true,
	    .limit = 9 }), "321");
}

static void
a_list_and_a_show_are_one_statement_each(void **state)
{
	struct managed m;
	unsigned before = store_calls();

	(void)state;
	listed(&(struct managed_page){ .limit = 9 });
	assert_int_equal(store_calls() - before, 1);
	assert_int_equal(managed_show(&op, ONE, false, &m), OK);
	assert_int_equal(store_calls() - before, 2);
	assert_string_equal(m.in.server_id, "s-10");
	assert_string_equal(m.host, "h1");
	assert_null(m.deleted_at);
	assert_null(m.root_at);
	assert_int_equal(m.in.used_bytes, 5);
}

static void
a_deleted_one_is_shown_only_when_asked_for(void **state)
{
	struct managed m;

	(void)state;
	assert_int_equal(managed_show(&op, GONE, false, &m), ERR_NOT_FOUND);
	assert_int_equal(managed_show(&op, GONE, true, &m), OK);
	assert_non_null(m.deleted_at);
	assert_null(m.in.server_id);
	assert_int_equal(managed_show(&op, "x", true, &m), ERR_NOT_FOUND);
	assert_int_equal(managed_show(&op, VERSION, true, &m), ERR_NOT_FOUND);
}

static void
a_delete_remembers_where_the_instance_lived(void **state)
{
	struct new_task t;
	struct managed m;

	(void)state;
	new_task_begin(&op, &t, TASK_DELETE, ONE, "p1", "u1", NULL);
	assert_int_equal(instance_remove(&op, ONE, &t, NULL), OK);
	pg_fixture_sql("UPDATE instances SET server_id = NULL, volume_id ="
	    " NULL, host = NULL, deleted_at = now() WHERE id = '" ONE "'");
	pg_fixture_sql("DELETE FROM guests WHERE instance_id = '" ONE "'");
	assert_int_equal(managed_show(&op, ONE, true, &m), OK);
	assert_string_equal(m.in.server_id, "s-10");
	assert_string_equal(m.in.volume_id, "v");
	assert_string_equal(m.host, "h1");
	assert_int_equal(m.in.total_bytes, 10);
}

static void
a_task_begins_only_where_none_is_under_way(void **state)
{
	static const struct { const char *task; enum err e; } rows[] = {
		{ "NONE", OK }, { "RESTART_REQUIRED", OK },
		{ "BUILDING_ERROR_SERVER", OK }, { "UPDATING_ERROR_ACCESS", OK },
		{ "BUILDING", ERR_CONFLICT }, { "REBOOTING", ERR_CONFLICT },
		{ "DELETING", ERR_CONFLICT }, { "UPDATING", ERR_CONFLICT },
	};
	struct new_task t;

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		pg_fixture_sql("UPDATE instances SET task = '%s'",
		    rows[i].task);
		new_task_begin(&op, &t, TASK_REBOOT, ONE, "p1", "u1", NULL);
		assert_int_equal(instance_begin(&op, ONE, "REBOOTING", &t),
		    rows[i].e);
		assert_int_equal(pg_fixture_number("SELECT count(*) FROM tasks"
		    " WHERE id = '%s'", t.id), rows[i].e == OK);
	}
	new_task_begin(&op, &t, TASK_REBOOT, GONE, "p1", "u1", NULL);
	pg_fixture_sql("UPDATE instances SET task = 'NONE'");
	assert_int_equal(instance_begin(&op, GONE, "REBOOTING", &t),
	    ERR_CONFLICT);
}

/* --- hosts, accounts, quotas ---------------------------------------------------------- */

static void
hosts_are_those_that_said_so_and_those_that_are_used(void **state)
{
	struct host *h;
	int n;

	(void)state;
	pg_fixture_sql("INSERT INTO hosts VALUES ('h1', 'local', 1000, 50, 20),"
	    " ('h2', 'local', 2000, 60, 30)");
	pg_fixture_sql("UPDATE instances SET host = 'h3' WHERE id = '" TWO "'");
	assert_int_equal(hosts_list(&op, NULL, &h, &n), OK);
	assert_int_equal(n, 3);
	assert_string_equal(h[0].name, "h1");
	assert_int_equal(h[0].ram_used_mb, 256);
	assert_int_equal(h[0].instances, 1);
	assert_int_equal(h[0].promised_gb, 2);
	assert_int_equal(h[1].instances, 0);
	assert_string_equal(h[2].driver, "unknown");
	assert_int_equal(hosts_list(&op, "h2", &h, &n), OK);
	assert_int_equal(n, 1);
	assert_int_equal(h[0].disk_free_mb, 30);
	assert_int_equal(hosts_list(&op, "h4", &h, &n), OK);
	assert_int_equal(n, 0);
}

static void
accounts_are_projects_with_instances_that_live(void **state)
{
	struct account *a;
	int n;

	(void)state;
	assert_int_equal(accounts_list(&op, &a, &n), OK);
	assert_int_equal(n, 2);
	assert_string_equal(a[0].tenant, "p1");
	assert_int_equal(a[0].instances, 1);
}

static void
a_limit_that_is_not_named_stays(void **state)
{
	struct quota q[QUOTAS];

	(void)state;
	assert_int_equal(quota_limits(&op, "p1", (const char *const[]){ "7",
	    NULL, "9", NULL }), OK);
	assert_int_equal(quota_limits(&op, "p1", (const char *const[]){ NULL,
	    "-1", NULL, NULL }), OK);
	assert_int_equal(quotas_of_tenant(&op, "p1", q), OK);
	assert_int_equal(q[0].limit, 7);
	assert_int_equal(q[1].limit, -1);
	assert_int_equal(q[2].limit, 9);
	assert_true(q[0].own && q[1].own && q[2].own && !q[3].own);
}

/* --- the catalogue ------------------------------------------------------------------------ */

#define NEW "f0000000-0000-4000-8000-000000000001"

static struct version_new
fresh_version(void)
{
	return (struct version_new){ .id = NEW, .datastore = "new",
	    .name = "1", .number = "1.0", .manager = "null", .packages = "",
	    .tags = "a,b", .active = "t", .preset = "t" };
}

static const struct version_row *
version(const char *id)
{
	const struct catalog *c;

	assert_int_equal(catalog_fresh(&op, &c), OK);
	return catalog_version(c, id);
}

static void
a_version_brings_its_datastore_along(void **state)
{
	struct version_new v = fresh_version();
	const struct version_row *is;

	(void)state;
	assert_int_equal(version_insert(&op, &v), OK);
	is = version(NEW);
	assert_non_null(is);
	assert_string_equal(is->of->name, "new");
	assert_string_equal(is->of->default_version, NEW);
	assert_string_equal(is->tags, "a,b");
	v.id = "f0000000-0000-4000-8000-000000000002";
	assert_int_equal(version_insert(&op, &v), ERR_CONFLICT);
	assert_null(version(v.id));
}

static void
a_change_leaves_what_it_does_not_name(void **state)
{
	struct version_new v = fresh_version();
	struct version_new change = { .id = NEW, .active = "f", .preset = "f" };
	const struct version_row *is;

	(void)state;
	assert_int_equal(version_insert(&op, &v), OK);
	assert_int_equal(version_change(&op, &change), OK);
	is = version(NEW);
	assert_false(is->active);
	assert_null(is->of->default_version);
	assert_string_equal(is->name, "1");
	assert_string_equal(is->tags, "a,b");
}

static void
a_change_by_another_process_is_counted_and_seen(void **state)
{
	_Atomic uint64_t word = 7;
	const struct catalog *c;

	(void)state;
	catalog_share(&word);
	assert_int_equal(catalog_read(&op, &c), OK);
	assert_int_equal(c->versions, 1);
	pg_fixture_sql("UPDATE datastore_versions SET name = '10.12'");
	assert_int_equal(catalog_read(&op, &c), OK);
	assert_string_equal(c->version[0].name, "10.11");	/* the copy */
	word++;
	assert_int_equal(catalog_read(&op, &c), OK);
	assert_string_equal(c->version[0].name, "10.12");
	catalog_changed();
	assert_int_equal(word, 9);
	catalog_share(&own_changes);
}

/* The round trip brings the news along; asking for them costs no statement. */
static void
a_change_that_postgresql_tells_of_is_seen(void **state)
{
	const struct catalog *c;
	unsigned calls;

	(void)state;
	catalog_listen();
	assert_true(store_up(&op));
	for (int i = 0; i < 2; i++)	/* a first look, once more since it may hear now */
		assert_int_equal(catalog_read(&op, &c), OK);
	calls = store_calls();
	assert_int_equal(catalog_read(&op, &c), OK);
	assert_int_equal(store_calls(), calls);
	pg_fixture_sql("UPDATE datastore_versions SET active = false");
	assert_true(store_up(&op));
	assert_int_equal(catalog_read(&op, &c), OK);
	assert_false(c->version[0].active);
	pg_fixture_sql("INSERT INTO flavors (id, name, ram_mb, vcpus, disk_gb,"
	    " position) VALUES ('news', 'n', 1, 1, 1, 99)");
	assert_true(store_up(&op));
	assert_int_equal(catalog_read(&op, &c), OK);
	assert_non_null(catalog_flavor(c, "news"));
	pg_fixture_sql("DELETE FROM flavors WHERE id = 'news'");
	assert_true(store_up(&op));
	assert_int_equal(catalog_read(&op, &c), OK);
	assert_null(catalog_flavor(c, "news"));
}

static void
what_is_used_stays_and_what_only_the_dead_used_goes(void **state)
{
	(void)state;
	assert_int_equal(datastore_delete(&op, DATASTORE), ERR_CONFLICT);
	assert_int_equal(version_delete(&op, VERSION), ERR_CONFLICT);
	assert_string_equal(op.why, "Datastore version is in use by instance.");
	assert_non_null(version(VERSION));
	pg_fixture_sql("UPDATE instances SET deleted_at = now()");
	assert_int_equal(version_delete(&op, VERSION), OK);
	assert_null(version(VERSION));
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM instances"
	    " WHERE version_id IS NULL"), 3);
	assert_int_equal(datastore_delete(&op, DATASTORE), OK);
}

/* --- what is shown ---------------------------------------------------------------------- */

static struct request
asked(void)
{
	struct request r = { .tenant = "adm", .base = "https://h",
	    .caller = { .admin = true, .project = "adm" } };

	op_begin(&r.op, "test");
	return r;
}

static void
one_that_is_gone_shows_neither_datastore_nor_address(void **state)
{
	struct request r = asked();
	struct managed m;

	(void)state;
	assert_int_equal(managed_show(&r.op, GONE, true, &m), OK);
	jsonw_begin(&r.out, &r.op, 1024);
	view_managed(&r, NULL, &m, MANAGED_SHOW);
	assert_non_null(strstr(r.out.out.s, "\"status\":\"SHUTDOWN\""));
	assert_non_null(strstr(r.out.out.s, "\"service_status\":\"DELETED\""));
	assert_non_null(strstr(r.out.out.s, "\"server\":null"));
	assert_non_null(strstr(r.out.out.s,
	    "\"datastore\":{\"type\":null,\"version\":null}"));
	assert_non_null(strstr(r.out.out.s,
	    "{\"state_description\":\"deleted\"}"));
	assert_null(strstr(r.out.out.s, "\"ip\""));
	op_end(&r.op);
}

static void
root_history_says_never_until_it_was(void **state)
{
	struct request r = asked();
	struct managed m;

	(void)state;
	assert_int_equal(managed_show(&r.op, ONE, false, &m), OK);
	jsonw_begin(&r.out, &r.op, 128);
	view_root_history(&r, &m);
	assert_string_equal(r.out.out.s, "{\"id\":\"" ONE "\",\"enabled\":"
	    "\"Never\",\"user\":\"Nobody\"}");
	pg_fixture_sql("INSERT INTO root_history VALUES ('" ONE "', 'u1',"
	    " '2026-08-14 10:00:00+00')");
	assert_int_equal(managed_show(&r.op, ONE, false, &m), OK);
	jsonw_begin(&r.out, &r.op, 128);
	view_root_history(&r, &m);
	assert_string_equal(r.out.out.s, "{\"id\":\"" ONE "\",\"enabled\":"
	    "\"2026-08-14T10:00:00\",\"user\":\"u1\"}");
	op_end(&r.op);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, ended)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(the_list_is_cut_by_what_is_asked),
		TEST(a_list_and_a_show_are_one_statement_each),
		TEST(a_deleted_one_is_shown_only_when_asked_for),
		TEST(a_delete_remembers_where_the_instance_lived),
		TEST(a_task_begins_only_where_none_is_under_way),
		TEST(hosts_are_those_that_said_so_and_those_that_are_used),
		TEST(accounts_are_projects_with_instances_that_live),
		TEST(a_limit_that_is_not_named_stays),
		TEST(a_version_brings_its_datastore_along),
		TEST(a_change_leaves_what_it_does_not_name),
		TEST(a_change_by_another_process_is_counted_and_seen),
		TEST(a_change_that_postgresql_tells_of_is_seen),
		TEST(what_is_used_stays_and_what_only_the_dead_used_goes),
		TEST(one_that_is_gone_shows_neither_datastore_nor_address),
		TEST(root_history_says_never_until_it_was),
	};

	return cmocka_run_group_tests_name("operator", tests, open_world,
	    close_world);
}
