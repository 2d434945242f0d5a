#include "t/unit/test.h"
#include "t/unit/pg_fixture.h"
#include "lib/base/seal.h"
#include "lib/store/admin.h"

#include <stdio.h>
#include <string.h>

#define TENANT	"0123456789abcdef0123456789abcdef"
#define VERSION	"11111111-0000-4000-8000-000000000001"
#define ONE	"22222222-0000-4000-8000-000000000001"
#define TWO	"22222222-0000-4000-8000-000000000002"
#define TASK(n)	"33333333-0000-4000-8000-00000000000" #n

static struct op op;

static int
begin(void **state)
{
	(void)state;
	pg_fixture_sql("TRUNCATE datastores, datastore_versions, parameters,"
	    " flavors, projects, users, assignments, tokens, quotas,"
	    " instances, slots, guests, tasks CASCADE");
	pg_fixture_sql("INSERT INTO datastores (id, name) VALUES"
	    " ('11111111-0000-4000-8000-000000000000', 'mariadb');"
	    " INSERT INTO datastore_versions (id, datastore_id, name, version,"
	    " manager) VALUES ('" VERSION "',"
	    " '11111111-0000-4000-8000-000000000000', '10', '10', 'null')");
	op_begin(&op, "test");
	return 0;
}

static int
end(void **state)
{
	(void)state;
	op_end(&op);
	return 0;
}

/* An instance as the API leaves it, 256 MB and 2 GB. */
static void
instance_put(const char *id, const char *task)
{
	pg_fixture_sql("INSERT INTO instances (id, tenant_id, name, version_id,"
	    " flavor_id, ram_mb, vcpus, volume_gb, task, server_status,"
	    " region, server_id, volume_id) VALUES ('%s', '" TENANT "', 'i',"
	    " '" VERSION "', '1', 256, 1, 2, '%s', 'ACTIVE', 'r', 's', 'v')",
	    id, task);
}

static void
task_put(const char *id, const char *kind, const char *status)
{
	pg_fixture_sql("INSERT INTO tasks (id, instance_id, tenant_id, user_id,"
	    " request_id, kind, status, deadline) VALUES ('%s', '" ONE "', '"
	    TENANT "', 'u', 'req-1', '%s', '%s', now() + interval '1 hour')",
	    id, kind, status);
}

static int
count(enum admin_list which, const char *arg)
{
	const char *args[8] = { arg };
	struct listing l;

	if (admin_list(&op, which, args, &l) != OK)
		fail_msg("%s", op.why);
	return rows_count(&l.rows);
}

/* --- listings --------------------------------------------------------------- */

static void
every_listing_names_each_column_of_its_statement(void **state)
{
	const char *args[8] = { NULL, "f", NULL, "5", "5" };
	struct listing l;

	(void)state;
	instance_put(ONE, "NONE");
	task_put(TASK(1), "create", "QUEUED");
	for (int i = 0; i < LIST__MAX; i++) {
		int n = 0;

		args[0] = i == LIST_TASKS ? "f" : i == LIST_TASK ? TASK(1) :
		    i == LIST_PARAMETERS ? VERSION :
		    i == LIST_AUDIT_LIVE || i == LIST_AUDIT_SLOTS ? "here" :
		    NULL;
		args[2] = i == LIST_QUOTA ? "5" : NULL;
		args[1] = i == LIST_QUOTA ? "5" : "f";
		if (admin_list(&op, (enum admin_list)i, args, &l) != OK)
			fail_msg("listing %d: %s", i, op.why);
		while (l.column[n] != NULL)
			n++;
		assert_true(n > 0);
		/* Reading one column more than there are would end the process. */
		if (rows_count(&l.rows) > 0)
			row_str(&l.rows, 0, n - 1);
	}
}

/* --- catalogue ----------------------------------------------------------------- */

static void
what_is_there_already_is_told_by_name(void **state)
{
	(void)state;
	assert_int_equal(admin_datastore_add(&op,
	    "11111111-0000-4000-8000-000000000009", "mariadb"), ERR_CONFLICT);
	assert_string_equal(op.why, "datastore mariadb is there already");
	assert_int_equal(admin_project_add(&op, TENANT, "p"), OK);
	assert_int_equal(admin_project_add(&op, "x", "p"), ERR_CONFLICT);
}

static void
a_datastore_with_versions_and_a_version_with_instances_stay(void **state)
{
	(void)state;
	instance_put(ONE, "NONE");
	assert_int_equal(admin_datastore_remove(&op, "mariadb"), ERR_CONFLICT);
	assert_int_equal(admin_version_remove(&op, VERSION), ERR_CONFLICT);
	pg_fixture_sql("DELETE FROM instances");
	assert_int_equal(admin_version_remove(&op, VERSION), OK);
	assert_int_equal(admin_version_remove(&op, VERSION), ERR_NOT_FOUND);
	assert_int_equal(admin_datastore_remove(&op, "mariadb"), OK);
	assert_int_equal(admin_datastore_remove(&op, "mariadb"), ERR_NOT_FOUND);
}

static void
a_version_is_found_by_id_and_by_name_unless_several_have_it(void **state)
{
	const char *id;
	const struct new_version v = {
		.id = "11111111-0000-4000-8000-000000000002",
		.datastore = "mariadb", .name = "10", .version = "10.1",
		.manager = "null", .active = true, .preset = true,
	};

	(void)state;
	assert_int_equal(admin_version_find(&op, "mariadb/10", &id), OK);
	assert_string_equal(id, VERSION);
	assert_int_equal(admin_version_find(&op, VERSION, &id), OK);
	assert_int_equal(admin_version_find(&op, "mariadb", &id),
	    ERR_NOT_FOUND);
	assert_int_equal(admin_version_add(&op, &v), OK);
	assert_int_equal(admin_version_find(&op, "mariadb/10", &id),
	    ERR_CONFLICT);
	assert_int_equal(admin_version_find(&op, "mariadb/10/10.1", &id), OK);
	assert_string_equal(id, v.id);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM datastores"
	    " WHERE default_version = '%s'", v.id), 1);
	assert_int_equal(admin_version_add(&op, &v), ERR_CONFLICT);
}

static void
loading_parameters_replaces_all_of_them_or_none(void **state)
{
	const struct parameter p[] = {
		{ "a\"b", "integer", "t", "0", "18446744073709551615" },
		{ "c", "string", "f", "", "" },
	}, twice[] = {
		{ "d", "string", "f", "", "" }, { "d", "string", "f", "", "" },
	};

	(void)state;
	assert_int_equal(admin_parameters_load(&op, VERSION, p, 2), OK);
	assert_int_equal(admin_parameters_load(&op, VERSION, p, 2), OK);
	assert_int_equal(count(LIST_PARAMETERS, VERSION), 2);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM parameters"
	    " WHERE name = 'a\"b' AND min = '0' AND restart_required"), 1);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM parameters"
	    " WHERE name = 'c' AND min IS NULL AND max IS NULL"), 1);
	assert_int_equal(admin_parameters_load(&op, VERSION, twice, 2),
	    ERR_CONFLICT);
	assert_int_equal(count(LIST_PARAMETERS, VERSION), 2);
}

/* --- identity --------------------------------------------------------------------- */

static void
token_put(const char *user)
{
	pg_fixture_sql("INSERT INTO tokens (hash, user_id, project_id,"
	    " audit_id, expires) SELECT md5(random()::text), '%s', '" TENANT
	    "', 'a', now() + interval '1 hour'", user);
}

static void
a_new_password_a_disabled_user_and_a_disabled_project_end_tokens(void **state)
{
	int n;

	(void)state;
	assert_int_equal(admin_project_add(&op, TENANT, "p"), OK);
	assert_int_equal(admin_user_add(&op, "u1", "joe", "hash"), OK);
	assert_int_equal(admin_user_add(&op, "u2", "ann", "hash"), OK);
	token_put("u2");
	token_put("u1");
	assert_int_equal(admin_user_password(&op, "joe", "new"), OK);
	assert_int_equal(count(LIST_TOKENS, "joe"), 0);
	token_put("u1");
	assert_int_equal(admin_user_enable(&op, "u1", false), OK);
	assert_int_equal(count(LIST_TOKENS, "joe"), 0);
	token_put("u1");
	token_put("u1");
	assert_int_equal(admin_tokens_revoke(&op, "joe", &n), OK);
	assert_int_equal(n, 2);
	assert_int_equal(count(LIST_TOKENS, NULL), 1);
	assert_int_equal(admin_project_enable(&op, "p", false), OK);
	assert_int_equal(count(LIST_TOKENS, NULL), 0);
	assert_int_equal(admin_user_password(&op, "nobody", "x"),
	    ERR_NOT_FOUND);
}

static void
roles_are_given_and_taken_once(void **state)
{
	(void)state;
	assert_int_equal(admin_project_add(&op, TENANT, "p"), OK);
	assert_int_equal(admin_user_add(&op, "u1", "joe", "hash"), OK);
	assert_int_equal(admin_role_grant(&op, "joe", "p", "member"), OK);
	assert_int_equal(admin_role_grant(&op, "u1", TENANT, "member"),
	    ERR_CONFLICT);
	assert_int_equal(admin_role_grant(&op, "joe", "q", "member"),
	    ERR_NOT_FOUND);
	assert_string_equal(op.why, "no project q");
	assert_int_equal(admin_role_revoke(&op, "joe", "p", "admin"),
	    ERR_NOT_FOUND);
	assert_int_equal(admin_role_revoke(&op, "joe", "p", "member"), OK);
	assert_int_equal(count(LIST_ROLES, NULL), 0);
}

/* --- quotas ----------------------------------------------------------------------------- */

static void
a_limit_is_set_left_or_given_back_to_the_configuration(void **state)
{
	const char *id;

	(void)state;
	assert_int_equal(admin_quota_set(&op, TENANT,
	    (const char *const[]){ "7", "-1", NULL, NULL }), OK);
	assert_int_equal(admin_quota_set(&op, TENANT,
	    (const char *const[]){ NULL, "default", "3", NULL }), OK);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM quotas WHERE"
	    " tenant_id = '" TENANT "' AND max_instances = 7 AND max_ram IS"
	    " NULL AND max_volumes = 3 AND max_backups IS NULL"), 1);
	assert_int_equal(admin_tenant_find(&op, TENANT, &id), OK);
	assert_int_equal(admin_tenant_find(&op, "nobody", &id), ERR_NOT_FOUND);
}

/* --- tasks ------------------------------------------------------------------------------- */

static void
only_what_failed_and_is_safe_is_tried_again(void **state)
{
	const char *id;

	(void)state;
	instance_put(ONE, "DELETING");
	pg_fixture_sql("UPDATE instances SET server_status = 'ERROR'");
	task_put(TASK(1), "delete", "FAILED");
	task_put(TASK(2), "user_create", "FAILED");
	task_put(TASK(3), "create", "FAILED");
	task_put(TASK(4), "delete", "SUCCEEDED");
	assert_int_equal(admin_task_retry(&op, TASK(2), &id),
	    ERR_UNPROCESSABLE);
	assert_non_null(strstr(op.why, "forgotten"));
	assert_int_equal(admin_task_retry(&op, TASK(3), &id),
	    ERR_UNPROCESSABLE);
	assert_int_equal(admin_task_retry(&op, TASK(4), &id),
	    ERR_UNPROCESSABLE);
	assert_int_equal(admin_task_retry(&op, "nonsense", &id),
	    ERR_NOT_FOUND);
	assert_int_equal(admin_task_retry(&op, TASK(1), &id), OK);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM tasks WHERE"
	    " id = '%s' AND kind = 'delete' AND status = 'QUEUED' AND"
	    " instance_id = '" ONE "' AND tenant_id = '" TENANT "'"
	    " AND request_id = 'req-1'", id), 1);
}

static void
a_task_is_not_tried_again_beside_another_or_without_its_instance(void **state)
{
	const char *id;

	(void)state;
	task_put(TASK(1), "delete", "FAILED");
	assert_int_equal(admin_task_retry(&op, TASK(1), &id),
	    ERR_UNPROCESSABLE);
	instance_put(ONE, "DELETING");
	task_put(TASK(2), "delete", "WAITING");
	assert_int_equal(admin_task_retry(&op, TASK(1), &id),
	    ERR_UNPROCESSABLE);
	assert_string_equal(op.why,
	    "another task of the instance is not finished");
	pg_fixture_sql("DELETE FROM tasks WHERE id = '" TASK(2) "';"
	    " UPDATE instances SET deleted_at = now()");
	assert_int_equal(admin_task_retry(&op, TASK(1), &id),
	    ERR_UNPROCESSABLE);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM tasks"), 1);
}

/* --- audit ----------------------------------------------------------------------------------- */

static void
an_instance_counts_until_its_deletion_is_asked_for(void **state)
{
	(void)state;
	instance_put(ONE, "NONE");
	instance_put(TWO, "DELETING");
	pg_fixture_sql("INSERT INTO quotas (tenant_id, instances, ram, volumes)"
	    " VALUES ('" TENANT "', 1, 256, 2)");
	assert_int_equal(count(LIST_AUDIT_QUOTAS, NULL), 0);
	pg_fixture_sql("UPDATE quotas SET instances = 2");
	assert_int_equal(count(LIST_AUDIT_QUOTAS, NULL), 1);
	assert_int_equal(admin_audit_fix_quota(&op, TENANT), OK);
	assert_int_equal(count(LIST_AUDIT_QUOTAS, NULL), 0);
	pg_fixture_sql("DELETE FROM quotas");
	assert_int_equal(count(LIST_AUDIT_QUOTAS, NULL), 1);
	assert_int_equal(admin_audit_fix_quota(&op, TENANT), OK);
	assert_int_equal(pg_fixture_number("SELECT ram FROM quotas"), 256);
	pg_fixture_sql("DELETE FROM instances");
	assert_int_equal(admin_audit_fix_quota(&op, TENANT), OK);
	assert_int_equal(pg_fixture_number("SELECT ram FROM quotas"), 0);
}

static void
guests_and_slots_without_an_instance_are_found_and_forgotten(void **state)
{
	(void)state;
	instance_put(ONE, "NONE");
	assert_int_equal(count(LIST_AUDIT_GUESTLESS, NULL), 1);
	pg_fixture_sql("INSERT INTO guests (instance_id) VALUES ('" ONE "'),"
	    " ('" TWO "'); INSERT INTO slots VALUES ('here', 0, '" ONE "'),"
	    " ('here', 1, '" TWO "')");
	assert_int_equal(count(LIST_AUDIT_GUESTLESS, NULL), 0);
	assert_int_equal(count(LIST_AUDIT_GUESTS, NULL), 1);
	assert_int_equal(count(LIST_AUDIT_SLOTS, "here"), 1);
	assert_int_equal(count(LIST_AUDIT_SLOTS, "there"), 0);
	assert_int_equal(admin_audit_forget_guest(&op, ONE), OK);
	assert_int_equal(admin_audit_forget_slot(&op, ONE), OK);
	assert_int_equal(admin_audit_forget_guest(&op, TWO), OK);
	assert_int_equal(admin_audit_forget_slot(&op, TWO), OK);
	assert_int_equal(count(LIST_AUDIT_GUESTS, NULL), 0);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM guests"), 1);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM slots"), 1);
}

static void
a_stuck_task_is_one_that_nobody_will_take(void **state)
{
	(void)state;
	instance_put(ONE, "NONE");
	task_put(TASK(1), "restart", "QUEUED");
	task_put(TASK(2), "delete", "QUEUED");
	assert_int_equal(count(LIST_AUDIT_STUCK, NULL), 0);
	pg_fixture_sql("UPDATE tasks SET due = now() - interval '5 minutes'");
	/* The second waits for the first: only one is to blame. */
	assert_int_equal(count(LIST_AUDIT_STUCK, NULL), 1);
	pg_fixture_sql("UPDATE tasks SET lease_until = now() + interval '9 s'"
	    " WHERE id = '" TASK(1) "'");
	assert_int_equal(count(LIST_AUDIT_STUCK, NULL), 0);
	pg_fixture_sql("UPDATE tasks SET created = now() - interval '3 hours',"
	    " deadline = now() - interval '2 hours' WHERE id = '" TASK(1) "'");
	assert_int_equal(count(LIST_AUDIT_STUCK, NULL), 1);
}

static void
what_failed_to_be_built_is_not_missed(void **state)
{
	struct listing l;
	const char *host = "here";

	(void)state;
	instance_put(ONE, "NONE");
	instance_put(TWO, "BUILDING_ERROR_SERVER");
	pg_fixture_sql("INSERT INTO slots VALUES ('there', 0, '" TWO "')");
	assert_int_equal(admin_list(&op, LIST_AUDIT_LIVE, &host, &l), OK);
	assert_int_equal(rows_count(&l.rows), 2);
	assert_true(row_bool(&l.rows, 0, 1) && row_bool(&l.rows, 0, 2));
	assert_false(row_bool(&l.rows, 0, 4));		/* has no port */
	assert_false(row_bool(&l.rows, 1, 1));		/* on another host */
	assert_false(row_bool(&l.rows, 1, 2));
}

static int
start(void **state)
{
	int e = pg_fixture_start(state);

	store_open("coffer_operator");
	return e;
}

static int
stop(void **state)
{
	store_close();
	return pg_fixture_stop(state);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, begin, end)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		EACH(every_listing_names_each_column_of_its_statement),
		EACH(what_is_there_already_is_told_by_name),
		EACH(a_datastore_with_versions_and_a_version_with_instances_stay),
		EACH(a_version_is_found_by_id_and_by_name_unless_several_have_it),
		EACH(loading_parameters_replaces_all_of_them_or_none),
		EACH(a_new_password_a_disabled_user_and_a_disabled_project_end_tokens),
		EACH(roles_are_given_and_taken_once),
		EACH(a_limit_is_set_left_or_given_back_to_the_configuration),
		EACH(only_what_failed_and_is_safe_is_tried_again),
		EACH(a_task_is_not_tried_again_beside_another_or_without_its_instance),
		EACH(an_instance_counts_until_its_deletion_is_asked_for),
		EACH(guests_and_slots_without_an_instance_are_found_and_forgotten),
		EACH(a_stuck_task_is_one_that_nobody_will_take),
		EACH(what_failed_to_be_built_is_not_missed),
	};

	return cmocka_run_group_tests_name("admin", tests, start, stop);
}
