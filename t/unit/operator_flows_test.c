/* What operators do to an instance's server, with a guest that the test plays. */
#include "t/unit/test.h"
#include "t/unit/pg_fixture.h"
#include "t/unit/worker_fixture.h"

#include <stdio.h>
#include <string.h>

/* The guest has done the order of this step. */
static void
done(const char *task, const char *step, const char *err)
{

	guest_says("healthy", order_of(task, step), err, "So it is.");
}

static void
at_home(const char *task)
{
	worker_fixture_drivers("local");
	instance_there(task, "ACTIVE");
	pg_fixture_sql("INSERT INTO slots VALUES ('%s', 0, '" INSTANCE "')"
	    " ON CONFLICT DO NOTHING", worker_a.host);
}

static void
the_server_is_made_anew_and_told_to_start(enum task_kind kind,
    const char *word)
{
	const char *task;

	at_home(word);
	task = task_there(kind, NULL);
	guest_says("shutdown", NULL, NULL, NULL);
	assert_int_equal(turn(&worker_a, task), OK);
	assert_true(made("server"));
	assert_string_equal(task_column(task, "step"), "start");
	assert_string_equal(instance_column("task"), word);
	assert_string_not_equal(instance_column("server_id"), "");
	assert_string_equal(instance_column("host"), worker_a.host);
	done(task, "start", "OK");
	assert_int_equal(turn(&worker_a, task), OK);
	assert_string_equal(task_column(task, "status"), "SUCCEEDED");
	assert_string_equal(instance_column("task"), "NONE");
	assert_string_equal(instance_column("fault"), "");
}

static void
a_reboot_makes_the_server_anew_and_starts_it(void **state)
{
	(void)state;
	the_server_is_made_anew_and_told_to_start(TASK_REBOOT, "REBOOTING");
}

static void
a_rebuild_does_so_too(void **state)
{
	(void)state;
	the_server_is_made_anew_and_told_to_start(TASK_REBUILD, "BUILDING");
}

static void
a_second_server_is_known_by_its_name_again(void **state)
{
	char first[128];
	const char *task;

	(void)state;
	at_home("REBOOTING");
	for (int i = 0; i < 2; i++) {
		pg_fixture_sql("UPDATE instances SET task = 'REBOOTING'");
		task = task_there(TASK_REBOOT, NULL);
		guest_says("shutdown", NULL, NULL, NULL);
		assert_int_equal(turn(&worker_a, task), OK);
		done(task, "start", "OK");
		assert_int_equal(turn(&worker_a, task), OK);
		if (i == 0)
			snprintf(first, sizeof(first), "%s",
			    instance_column("server_id"));
	}
	assert_string_not_equal(first, "");
	assert_string_equal(instance_column("server_id"), first);
}

static void
a_guest_that_cannot_start_is_a_fault_and_no_dead_end(void **state)
{
	const char *task;

	(void)state;
	at_home("REBOOTING");
	task = task_there(TASK_REBOOT, NULL);
	guest_says("shutdown", NULL, NULL, NULL);
	assert_int_equal(turn(&worker_a, task), OK);
	done(task, "start", "GUEST");
	turns(&worker_a, task, 5);
	assert_string_equal(task_column(task, "status"), "FAILED");
	assert_string_equal(instance_column("task"), "NONE");
	assert_string_equal(instance_column("fault"), "So it is.");
}

static void
a_stop_is_the_guest_s_to_do(void **state)
{
	const char *task;

	(void)state;
	worker_fixture_drivers("local");
	instance_there("NONE", "ACTIVE");
	task = task_there(TASK_STOP, NULL);
	guest_says("healthy", NULL, NULL, NULL);
	assert_int_equal(turn(&worker_a, task), OK);
	assert_string_equal(task_column(task, "ended"), "");
	done(task, "stop", "OK");
	assert_int_equal(turn(&worker_a, task), OK);
	assert_string_equal(task_column(task, "status"), "SUCCEEDED");
}

static void
a_server_moves_where_the_driver_can(void **state)
{
	static const struct { const char *args, *host; } rows[] = {
		{ "{\"host\":\"h9\"}", "h9" }, { "{\"host\":null}", NULL } };

	(void)state;
	worker_fixture_drivers("null");
	for (size_t i = 0; i < ROWS(rows); i++) {
		const char *task;

		instance_there("MIGRATING", "ACTIVE");
		task = task_there(TASK_MIGRATE, rows[i].args);
		turns(&worker_a, task, 5);
		assert_string_equal(task_column(task, "status"), "SUCCEEDED");
		assert_string_equal(instance_column("host"),
		    rows[i].host != NULL ? rows[i].host : worker_a.host);
		assert_string_equal(instance_column("task"), "NONE");
	}
}

static void
a_server_that_cannot_move_stays_and_says_so(void **state)
{
	const char *task;

	(void)state;
	worker_fixture_drivers("local");
	instance_there("MIGRATING", "ACTIVE");
	task = task_there(TASK_MIGRATE, "{\"host\":\"h9\"}");
	turns(&worker_a, task, 5);
	assert_string_equal(task_column(task, "status"), "FAILED");
	assert_string_equal(instance_column("task"), "NONE");
	assert_string_equal(instance_column("host"), "");
	assert_string_equal(instance_column("fault"),
	    "This driver cannot migrate.");
}

static void
who_enabled_root_first_is_remembered(void **state)
{
	const char *task;

	(void)state;
	worker_fixture_drivers("local");
	local_contains_root = true;
	instance_there("NONE", "ACTIVE");
	pg_fixture_sql("TRUNCATE root_history");
	for (int i = 0; i < 2; i++) {
		task = task_there(TASK_ROOT_ENABLE, "{\"password\":\"x\"}");
		done(task, "order", "OK");
		assert_int_equal(turn(&worker_a, task), OK);
		pg_fixture_sql("UPDATE root_history SET enabled ="
		    " '2001-01-01 00:00:00+00'");
	}
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM root_history"
	    " WHERE instance_id = '" INSTANCE "' AND user_id = 'u1' AND"
	    " enabled < '2002-01-01'"), 1);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup(name, worker_fixture_fresh)
	static const struct CMUnitTest tests[] = {
		T(a_reboot_makes_the_server_anew_and_starts_it),
		T(a_rebuild_does_so_too),
		T(a_second_server_is_known_by_its_name_again),
		T(a_guest_that_cannot_start_is_a_fault_and_no_dead_end),
		T(a_stop_is_the_guest_s_to_do),
		T(a_server_moves_where_the_driver_can),
		T(a_server_that_cannot_move_stays_and_says_so),
		T(who_enabled_root_first_is_remembered),
	};

	return cmocka_run_group_tests_name("operator flows", tests,
	    worker_fixture_start, worker_fixture_stop);
}
