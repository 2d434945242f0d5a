/* Restores as workers walk them. */
#include "t/unit/test.h"
#include "t/unit/backup_flow_fixture.h"
#include "t/unit/pg_fixture.h"
#include "lib/base/conf.h"
#include "lib/cloud/objects.h"

#include <string.h>
#include <unistd.h>

static void
a_restore_names_the_chain_with_the_full_one_first(void **state)
{
	const char *full, *inc, *task;
	const struct json *c;

	(void)state;
	full = taken(NULL, "\"100\"");
	inc = taken(full, "\"200\"");
	task = create_there(inc);
	assert_string_equal(task_column(task, "step"), "restore");
	assert_int_equal(told.kind, ORDER_RESTORE);
	c = json_get(body(), "chain");
	assert_int_equal(json_count(c), 2);
	assert_string_equal(json_str(json_get(json_at(c, 0), "backup")), full);
	assert_string_equal(json_str(json_get(json_at(c, 1), "backup")), inc);
	assert_int_equal(json_int(json_get(json_at(c, 0), "bytes")), 12);
	c = json_get(json_at(c, 0), "segments");
	assert_string_equal(json_str(json_get(json_at(c, 1), "name")),
	    "00000001");
	assert_string_equal(task_column(task, "total_bytes"), "");
	pg_fixture_sql("UPDATE guests SET used_bytes = 50");
	turns(&worker_a, task, 1);
	assert_string_equal(task_column(task, "moved_bytes"), "50");
	assert_string_equal(task_column(task, "total_bytes"), "200");
	says(task, "restore", "OK", NULL);
	turns(&worker_a, task, 1);
	assert_string_equal(task_column(task, "step"), "prepare");
	assert_int_equal(told.kind, ORDER_PREPARE);
	assert_non_null(strstr(told.body, "\"more\""));
}

static void
keys_are_those_that_the_backups_were_made_with(void **state)
{
	const char *id, *key;

	(void)state;
	id = begun(NULL);
	key = json_str(json_get(body(), "key"));
	finished(id, "null");
	create_there(id);
	assert_string_equal(json_str(json_get(json_at(json_get(body(),
	    "chain"), 0), "key")), key);
}

static void
restore_fails(const char *id, const char *cause)
{
	const char *task = create_there(id);

	turns(&worker_a, task, 4);
	assert_string_equal(task_column(task, "status"), "FAILED");
	if (strstr(task_column(task, "error"), cause) == NULL)
		fail_msg("%s, wanted %s", task_column(task, "error"), cause);
	assert_string_equal(task_column(task, "failed_step"), "restore");
	assert_string_not_equal(instance_column("fault"), "");
	assert_int_equal(told.kind, ORDER_NONE);
}

static void
what_is_missing_or_changed_is_refused_before_the_guest_hears(void **state)
{
	const char *id;

	(void)state;
	id = taken(NULL, "null");
	put(id, "00000000", "flip!");
	memset(&told, 0, sizeof(told));
	restore_fails(id, "is not as it was written");
	put(id, "00000000", "first");
	assert_int_equal(truncate(op_printf(&op, "%s/p1/" CONTAINER
	    "/%s_00000000", objects_root(&op), id), OBJECT_HEAD + 4), 0);
	restore_fails(id, "is not as it was written");
	put(id, "00000000", "first");
	cloud_storage()->remove(&op, "p1", CONTAINER, op_printf(&op,
	    "%s_00000001", id));
	restore_fails(id, "is missing");
	put(id, "00000001", "second!");
	pg_fixture_sql("UPDATE backups SET plain_bytes = 3::bigint << 30");
	restore_fails(id, "Backup is too large");
	pg_fixture_sql("UPDATE backups SET plain_bytes = 1, deleted_at = now()");
	restore_fails(id, "is gone");
	restore_fails(INSTANCE, "is gone");	/* never was */
}

/* As long as something moves its patience is not spent; then it is. */
static void
a_restore_may_take_long_but_not_for_ever(void **state)
{
	const char *id, *task;

	(void)state;
	id = taken(NULL, "null");
	task = create_there(id);
	for (int i = 0; i < 9; i++)
		turns(&worker_a, task, 1);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM tasks WHERE"
	    " id = '%s' AND step_deadline > now() + interval '601 s'", task),
	    1);
	age("tasks", "moved_at", conf_int("backup.stall") + 30);
	turns(&worker_a, task, 4);
	assert_string_equal(task_column(task, "status"), "FAILED");
	assert_string_equal(task_column(task, "failed_step"), "restore");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, backup_flow_begin, backup_flow_end)
	const struct CMUnitTest tests[] = {
		T(a_restore_names_the_chain_with_the_full_one_first),
		T(keys_are_those_that_the_backups_were_made_with),
		T(what_is_missing_or_changed_is_refused_before_the_guest_hears),
		T(a_restore_may_take_long_but_not_for_ever),
	};

	return cmocka_run_group_tests_name("restore_flow", tests,
	    worker_fixture_start, worker_fixture_stop);
}
