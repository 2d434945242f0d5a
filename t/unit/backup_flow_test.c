/* Backups as workers walk them, and what goes of them. */
#include "t/unit/test.h"
#include "t/unit/backup_flow_fixture.h"
#include "t/unit/packed.h"
#include "t/unit/pg_fixture.h"
#include "lib/base/conf.h"
#include "lib/base/seal.h"
#include "lib/cloud/objects.h"
#include "lib/store/backup_work.h"
#include "worker/backup.h"
#include "worker/duties.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A worker that dies right after it collected, before anything was recorded. */
static jmp_buf death;

static void
die(const struct work *w, bool before)
{
	if (!before && strcmp(w->step->name, "collect") == 0)
		longjmp(death, 1);
}

static bool
turn_and_die(const char *task)
{
	static struct op own;
	int again_ms;

	if (setjmp(death) != 0) {
		op_end(&own);
		return true;
	}
	op_begin(&own, "test");
	assert_int_equal(task_run(&own, &worker_a, task, &again_ms), OK);
	op_end(&own);
	return false;
}

/* --- taking one --------------------------------------------------------------------------- */

static void
a_backup_is_told_watched_collected_and_recorded(void **state)
{
	const char *id, *key, *sealed;

	(void)state;
	pg_fixture_sql("UPDATE guests SET used_bytes = 150000000");
	id = begun(NULL);
	assert_string_equal(task_column(id, "step"), "order");
	assert_true(row_is(id, "state = 'BUILDING'"));
	assert_int_equal(told.kind, ORDER_BACKUP);
	assert_string_equal(told.id, op_printf(&op, "%s:order", id));
	assert_string_equal(json_str(json_get(body(), "backup")), id);
	assert_int_equal(json_kind(json_get(body(), "since")), JSON_NULL);
	assert_non_null(strstr(json_str(json_get(body(), "put/before")),
	    op_printf(&op, "%s_", id)));
	key = json_str(json_get(body(), "key"));
	assert_int_equal(strlen(key), 2 * SEAL_KEY);
	sealed = op_strdup(&op, task_column(id, "(SELECT key FROM backups b"
	    " WHERE b.id = tasks.id)"));
	assert_null(strstr(sealed, key));

	put(id, "00000000", "first");
	turns(&worker_a, id, 1);
	assert_string_equal(task_column(id, "moved_bytes"), "5");
	assert_string_equal(task_column(id, "total_bytes"), "150000000");
	finished(id, "\"4711\"");
	assert_string_equal(task_column(id, "status"), "SUCCEEDED");
	assert_true(row_is(id, "state = 'COMPLETED' AND mark = '4711' AND size"
	    " = 0.14 AND stored_bytes = 12 AND plain_bytes = 100 AND checksum"
	    " <> '' AND sweep_at IS NULL AND jsonb_array_length(segments) = 2"));
	assert_true(row_is(id, op_printf(&op, "location LIKE '%%/" CONTAINER
	    "/%s.%%'", id)));
	assert_string_equal(instance_column("backing_up"), "");
	assert_int_equal(objects(op_printf(&op, "%s_result", id)), 0);
	assert_int_equal(objects(id), 3);	/* segments and the whole */
}

static void
a_backup_of_many_segments_is_counted_and_restored(void **state)
{
	const int n = 305;
	const struct json *c;
	const char *id;

	(void)state;
	id = begun(NULL);
	for (int i = 0; i < 250; i++)
		put(id, op_printf(&op, "%08d", i), "four");
	turns(&worker_a, id, 1);
	assert_string_equal(task_column(id, "moved_bytes"), "1000");
	for (int i = 250; i <= n; i++)
		put(id, op_printf(&op, "%08d", i), i < n ? "four" : "end");
	turns(&worker_a, id, 1);
	assert_string_equal(task_column(id, "moved_bytes"), "1223");
	put(id, "result", packed(&op, n, 4 * n + 3));
	says(id, "order", "OK", NULL);
	turns(&worker_a, id, 1);
	assert_string_equal(task_column(id, "status"), "SUCCEEDED");
	assert_int_equal(objects(id), n + 2);	/* segments and the whole */
	create_there(id);
	c = json_at(json_get(body(), "chain"), 0);
	assert_int_equal(json_int(json_get(c, "bytes")), 4 * n + 3);
	assert_int_equal(json_int(json_get(c, "segments/each")), 4);
	assert_null(json_get(c, "segments/md5"));
	assert_true(strlen(told.body) < 2000);
}

static void
a_chain_grows_no_longer_than_one_order_can_tell(void **state)
{
	const char *last, *id;

	(void)state;
	last = taken(NULL, "\"1\"");
	pg_fixture_sql("DO $$ DECLARE last uuid := '%s'; r backups;"
	    " BEGIN FOR i IN 1..59 LOOP SELECT * INTO r FROM backups WHERE id ="
	    " last; r.parent_id := last; last := ('cccccccc-0000-4000-8000-'"
	    " || lpad(i::text, 12, '0'))::uuid; r.id := last;"
	    " r.name := 'n' || i; INSERT INTO backups SELECT r.*; END LOOP;"
	    " END $$", last);
	/* the sixtieth, and one more */
	(void)taken("cccccccc-0000-4000-8000-000000000058", "\"2\"");
	id = begun("cccccccc-0000-4000-8000-000000000059");
	finished(id, "\"3\"");
	turns(&worker_a, id, 3);
	assert_string_equal(task_column(id, "status"), "FAILED");
	assert_non_null(strstr(task_column(id, "error"), "take a full one"));
}

/* It lies there once, under the name that clients know. */
static void
a_backup_of_one_segment_is_that_segment(void **state)
{
	const struct json *c;
	const char *id;

	(void)state;
	id = begun(NULL);
	put(id, "00000000", "first");
	put(id, "result", op_printf(&op, "{\"segments\":[%s],\"bytes\":5,"
	    "\"plain_bytes\":9,\"mark\":null}", segment(id, 0, "first")));
	says(id, "order", "OK", NULL);
	runner_watch = die;
	assert_int_equal(turn_and_die(id), true);
	runner_watch = backup_flow_listen;
	lease_lost(id);
	turns(&worker_b, id, 1);
	assert_string_equal(task_column(id, "status"), "SUCCEEDED");
	assert_int_equal(objects(id), 1);
	assert_int_equal(objects(op_printf(&op, "%s.", id)), 1);
	create_there(id);
	c = json_at(json_get(body(), "chain"), 0);
	assert_non_null(strstr(json_str(json_get(json_at(json_get(c,
	    "segments"), 0), "name")), "xbstream."));
	assert_non_null(strstr(json_str(json_get(c, "get/before")),
	    op_printf(&op, "%s.", id)));
}

/* ... and nothing of it is left, nor is its instance held. */
static void
ends(const char *id, const char *status, const char *error)
{
	assert_string_equal(task_column(id, "status"), status);
	assert_string_equal(task_column(id, "error"), error);
	assert_true(row_is(id, "state = 'FAILED' AND location IS NULL"));
	assert_string_equal(instance_column("backing_up"), "");
	assert_int_equal(objects(id), 0);
}

static void
what_a_guest_did_not_store_is_no_backup(void **state)
{
	const char *id;

	(void)state;
	id = begun(NULL);
	stored(id, "null");
	put(id, "00000001", "other!!");		/* as long as what was said */
	says(id, "order", "OK", NULL);
	turns(&worker_a, id, 3);
	ends(id, "FAILED", op_printf(&op, "GUEST Segment %s_00000001 of the "
	    "backup is not as it was written.", id));
	assert_true(row_is(id, "sweep_at IS NOT NULL"));
}

static void
a_guest_that_fails_says_why_and_nothing_is_left(void **state)
{
	const char *id;

	(void)state;
	id = begun(NULL);
	put(id, "00000000", "half");
	says(id, "order", "GUEST", "The disk is on fire.");
	turns(&worker_a, id, 2);
	ends(id, "FAILED", "GUEST The disk is on fire.");
}

/* In the middle of it. */
static const char *
cancelled(void)
{
	const char *id = begun(NULL);

	put(id, "00000000", "half");
	pg_fixture_sql("UPDATE tasks SET cancel = true");
	turns(&worker_a, id, 1);
	assert_int_equal(told.kind, ORDER_CANCEL);
	assert_int_equal(objects(id), 1);	/* the guest may still write */
	return id;
}

static void
one_that_is_cancelled_is_stopped_at_its_guest_and_removed(void **state)
{
	const char *id = cancelled();

	(void)state;
	says(id, "order-undo", "OK", NULL);
	turns(&worker_a, id, 1);
	ends(id, "CANCELLED", "CONFLICT Cancelled.");
}

/* A guest that does not hear it is not waited for. */
static void
one_whose_guest_is_gone_is_cancelled_all_the_same(void **state)
{
	const char *id = cancelled();

	(void)state;
	pg_fixture_sql("UPDATE tasks SET step_deadline = step_deadline -"
	    " interval '1 minute'");
	turns(&worker_a, id, 1);
	ends(id, "CANCELLED", "CONFLICT Cancelled.");
}

/* Does it, one turn on, when that was so many seconds ago? */
static bool
waits(const char *id, const char *table, const char *column, int seconds)
{
	age(table, column, seconds);
	turns(&worker_a, id, 1);
	return strcmp(task_column(id, "status"), "WAITING") == 0 &&
	    told.kind != ORDER_CANCEL;
}

static void
no_progress_is_a_failure_and_slow_progress_is_none(void **state)
{
	int stall = conf_int("backup.stall");
	const char *id;

	(void)state;
	id = begun(NULL);
	says("x", "y", "OK", NULL);		/* it is heard */
	assert_true(waits(id, "tasks", "moved_at", stall - 30));
	put(id, "00000000", "more");
	assert_true(waits(id, "tasks", "moved_at", stall + 30));
	assert_false(waits(id, "tasks", "moved_at", stall + 30));
	says(id, "order-undo", "OK", NULL);
	turns(&worker_a, id, 1);
	ends(id, "FAILED", op_printf(&op, "GUEST No data were moved for %d "
	    "seconds.", stall));
}

static void
a_guest_that_fell_silent_is_not_waited_for(void **state)
{
	int expiry = conf_int("guest.expiry");
	const char *id;

	(void)state;
	id = begun(NULL);
	says("x", "y", "OK", NULL);
	assert_true(waits(id, "tasks", "moved_at", expiry + 5));
	assert_false(waits(id, "guests", "last_seen", expiry + 5));
	age("tasks", "step_deadline", -1);	/* of the way back: long ago */
	turns(&worker_a, id, 1);
	ends(id, "FAILED",
	    "GUEST Timeout trying to connect to the Guest Agent.");
}

/* So many of 80 MB: milliseconds that nothing was, and that its guest was silent. */
static int64_t
still(const char *id, int64_t bytes, int64_t *silent)
{
	struct call c = task_moved(&op, id, bytes, 80000000, INSTANCE);
	struct rows rows;
	int64_t ms;

	assert_int_equal(store_write(&op, &rows, 1, &c), OK);
	task_moved_read(&rows, &ms, silent);
	return ms;
}

static void
progress_is_what_was_moved_since_the_first_look(void **state)
{
	const char *id;
	int64_t silent;
	struct task_row t;

	(void)state;
	id = backup_there(NULL);
	assert_int_equal(task_show(&op, INSTANCE, id, &t), OK);
	assert_false(t.moves);
	assert_int_equal(still(id, 0, &silent), 0);
	assert_int_equal(silent, -1);		/* nobody heard it */
	pg_fixture_sql("UPDATE tasks SET moving_since = now() - interval '4 s',"
	    " moved_at = now() - interval '2 s'");
	assert_in_range(still(id, -1, &silent), 2000, 60000);
	assert_int_equal(still(id, 20000000, &silent), 0);
	pg_fixture_sql("UPDATE tasks SET moved_at = moving_since + interval"
	    " '4 s'");
	assert_int_equal(task_show(&op, INSTANCE, id, &t), OK);
	assert_int_equal(t.moved_bytes, 20000000);
	assert_int_equal(t.total_bytes, 80000000);
	assert_int_equal(t.moving_ms, 4000);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM tasks WHERE"
	    " task_progress(moved_bytes, total_bytes, moving_since, moved_at) ="
	    " '20.0 of 80.0 MB, 25 %%, 5.0 MB/s'"), 1);
}

/* --- upon others --------------------------------------------------------------------------- */

static void
an_incremental_one_goes_on_from_its_parents_mark(void **state)
{
	const char *full, *inc;

	(void)state;
	full = taken(NULL, "\"100\"");
	inc = begun(full);
	assert_string_equal(json_str(json_get(body(), "since")), "100");
	finished(inc, "\"200\"");
	assert_true(row_is(inc, "state = 'COMPLETED' AND mark = '200'"));
}

static void
no_backup_stands_upon_what_is_not_there(void **state)
{
	static const char *const spoilt[] = {
		"deleted_at = now()", "state = 'FAILED'", "mark = NULL",
		"instance_id = gen_random_uuid()",
	};
	const char *full, *inc;

	(void)state;
	for (size_t i = 0; i < ROWS(spoilt); i++) {
		instance_there("NONE", "ACTIVE");
		full = taken(NULL, "\"100\"");
		pg_fixture_sql("UPDATE backups SET %s", spoilt[i]);
		inc = backup_there(full);
		turns(&worker_a, inc, 2);
		if (strcmp(task_column(inc, "status"), "FAILED") != 0)
			fail_msg("upon one with %s", spoilt[i]);
		assert_true(row_is(inc, "state = 'FAILED'"));
	}
}

/* --- what goes ------------------------------------------------------------------------------- */

static void
sweep(void)
{
	assert_int_equal(duty_backups(&op, "h"), OK);
}

static void
a_deleted_backup_is_swept_from_storage_and_loses_its_key(void **state)
{
	const char *id, *other;

	(void)state;
	id = taken(NULL, "null");
	other = taken(NULL, "null");
	sweep();
	assert_int_equal(objects(NULL), 6);	/* nothing was to go */
	pg_fixture_sql("UPDATE backups SET deleted_at = now(), sweep_at = now()"
	    " WHERE id = '%s'", id);
	sweep();
	assert_int_equal(objects(id), 0);
	assert_int_equal(objects(other), 3);
	assert_true(row_is(id, "sweep_at > now() AND key IS NOT NULL"));
	/* looked at once more, and again when no leave to write holds */
	age("backups", "sweep_at", 1);
	sweep();
	assert_true(row_is(id, "sweep_at > now() + interval '23 hours' AND key"
	    " IS NULL"));
	put(id, "00000002", "late");
	pg_fixture_sql("UPDATE backups SET sweep_at = now(), created = now() -"
	    " interval '30 hours'");
	sweep();
	assert_int_equal(objects(id), 0);
	age("backups", "sweep_at", 1);
	sweep();
	assert_true(row_is(id, "sweep_at IS NULL"));
	assert_int_equal(objects(other), 3);
}

/* The same segment under many names: one more than a worker removes at once. */
static void
many_put(const char *id)
{
	const char *dir = op_printf(&op, "%s/p1/" CONTAINER, objects_root(&op));

	put(id, "00000000", "x");
	for (int i = 1; i <= BACKUP_REMOVE_MOST; i++)
		assert_int_equal(link(op_printf(&op, "%s/%s_00000000", dir,
		    id), op_printf(&op, "%s/%s_%08d", dir, id, i)), 0);
	assert_int_equal(objects(id), BACKUP_REMOVE_MOST + 1);
}

/* A worker has other tasks, and others think it dead when it is long at one. */
static void
many_objects_are_removed_some_at_a_time(void **state)
{
	const char *id;

	(void)state;
	id = begun(NULL);
	many_put(id);
	says(id, "order", "GUEST", "The disk broke.");
	turns(&worker_a, id, 1);
	assert_string_equal(task_column(id, "status"), "WAITING");
	assert_in_range(objects(id), 1, BACKUP_REMOVE_MOST);
	turns(&worker_a, id, BACKUP_REMOVE_MOST);
	assert_string_equal(task_column(id, "status"), "FAILED");
	assert_int_equal(objects(id), 0);
	many_put(id);
	pg_fixture_sql("UPDATE backups SET sweep_at = now()");
	sweep();
	assert_in_range(objects(id), 1, BACKUP_REMOVE_MOST);
	for (int i = 0; objects(id) > 0 && i < BACKUP_REMOVE_MOST; i++) {
		age("backups", "sweep_at", 10);
		sweep();
	}
	assert_int_equal(objects(id), 0);
}

static void
set(const char *section, const char *name, const char *value)
{
	assert_int_equal(conf_set(&op, section, name, value), OK);
}

/* Nobody listens at port 1.  One that waits for each keeps its worker from its tasks. */
static void
a_sweep_ends_with_the_first_that_finds_storage_away(void **state)
{
	char secret[] = "/tmp/coffer-secret.XXXXXX";
	int fd = mkstemp(secret);

	(void)state;
	assert_int_equal(write(fd, "secret", 6), 6);
	close(fd);
	begun(NULL);
	pg_fixture_sql("UPDATE tasks SET status = 'FAILED', ended = now();"
	    "UPDATE backups SET deleted_at = now(), sweep_at = now()");
	set("s3", "endpoint", "http://127.0.0.1:1");
	set("s3", "bucket", "b");
	set("s3", "key_id", "k");
	set("s3", "secret_file", secret);
	set("storage", "driver", "s3");
	assert_int_equal(cloud_open(&op), OK);
	assert_int_equal(duty_backups(&op, "h"), ERR_CLOUD);
	pg_fixture_sql("DELETE FROM log_places; INSERT INTO log_places VALUES"
	    " ('p1', 'c', 'a', now()), ('p1', 'c', 'b', now())");
	assert_int_equal(duty_logs(&op, "h"), ERR_CLOUD);
	set("storage", "driver", "file");
	assert_int_equal(cloud_open(&op), OK);
	age("backups", "sweep_at", 1);
	assert_int_equal(duty_backups(&op, "h"), OK);
	unlink(secret);
}

/* It began as its parent was being deleted, so nobody has cancelled its task. */
static void
a_backup_that_is_deleted_behind_its_tasks_back_goes_no_farther(void **state)
{
	const char *id;

	(void)state;
	id = begun(NULL);
	put(id, "00000000", "half");
	pg_fixture_sql("UPDATE backups SET deleted_at = now()");
	turns(&worker_a, id, 1);
	assert_int_equal(told.kind, ORDER_CANCEL);
	says(id, "order", "GUEST", "Cancelled.");
	turns(&worker_a, id, 1);
	assert_string_equal(task_column(id, "status"), "FAILED");
	assert_non_null(strstr(task_column(id, "error"), "was deleted"));
	assert_int_equal(objects(id), 0);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM instances"
	    " WHERE backing_up IS NOT NULL"), 0);
}

static void
what_a_task_still_works_at_is_left_to_it(void **state)
{
	const char *id;

	(void)state;
	id = begun(NULL);
	put(id, "00000000", "half");
	pg_fixture_sql("UPDATE backups SET deleted_at = now(), sweep_at ="
	    " now() - interval '1 s'");
	sweep();
	assert_int_equal(objects(id), 1);
	pg_fixture_sql("UPDATE tasks SET status = 'FAILED', ended = now()");
	sweep();
	assert_int_equal(objects(id), 0);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, backup_flow_begin, backup_flow_end)
	const struct CMUnitTest tests[] = {
		T(a_backup_is_told_watched_collected_and_recorded),
		T(a_backup_of_many_segments_is_counted_and_restored),
		T(a_chain_grows_no_longer_than_one_order_can_tell),
		T(a_backup_of_one_segment_is_that_segment),
		T(what_a_guest_did_not_store_is_no_backup),
		T(a_guest_that_fails_says_why_and_nothing_is_left),
		T(one_that_is_cancelled_is_stopped_at_its_guest_and_removed),
		T(one_whose_guest_is_gone_is_cancelled_all_the_same),
		T(no_progress_is_a_failure_and_slow_progress_is_none),
		T(a_guest_that_fell_silent_is_not_waited_for),
		T(progress_is_what_was_moved_since_the_first_look),
		T(an_incremental_one_goes_on_from_its_parents_mark),
		T(no_backup_stands_upon_what_is_not_there),
		T(a_deleted_backup_is_swept_from_storage_and_loses_its_key),
		T(many_objects_are_removed_some_at_a_time),
		T(a_sweep_ends_with_the_first_that_finds_storage_away),
		T(a_backup_that_is_deleted_behind_its_tasks_back_goes_no_farther),
		T(what_a_task_still_works_at_is_left_to_it),
	};

	return cmocka_run_group_tests_name("backup_flow", tests,
	    worker_fixture_start, worker_fixture_stop);
}
