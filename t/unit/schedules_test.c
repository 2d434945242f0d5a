/*
 * Backups that come by themselves: the worker's duty with the null engine, and
 * the statements of the API.  Time is moved by moving what is due.
 */
#include "t/unit/test.h"
#include "t/unit/pg_fixture.h"
#include "t/unit/worker_fixture.h"
#include "lib/msg/bus.h"
#include "lib/store/schedules.h"
#include "worker/duties.h"

#include <stdio.h>
#include <string.h>

#define NIGHTLY "5c000000-0000-4000-8000-000000000001"
#define WEEKLY "5c000000-0000-4000-8000-000000000002"
#define N(...) pg_fixture_number(__VA_ARGS__)

static struct op op;

static int
fresh(void **state)
{
	worker_fixture_fresh(state);
	worker_fixture_drivers("null");
	pg_fixture_sql("TRUNCATE backups, backup_schedules, backup_strategies,"
	    " events");
	instance_there("NONE", "ACTIVE");
	op_begin(&op, "req-test");
	return 0;
}

static int
ended(void **state)
{
	(void)state;
	op_end(&op);
	return 0;
}

static int
fresh_api(void **state)
{
	store_close();
	store_open("coffer_api");
	return fresh(state);
}

static int
ended_api(void **state)
{
	ended(state);
	store_close();
	store_open("coffer_worker");
	return 0;
}

/* --- a worker's ------------------------------------------------------------------- */

static void
schedule(const char *id, const char *sets)
{
	pg_fixture_sql("INSERT INTO backup_schedules (id, tenant_id, user_id,"
	    " instance_id, name, cron, zone, next_run, due) VALUES ('%s',"
	    " 'p1', 'u1', '" INSTANCE "', 'nightly', '0 2 * * *',"
	    " 'Europe/Berlin', now() - interval '1 s', now() - interval"
	    " '1 s')", id);
	if (sets != NULL)
		pg_fixture_sql("UPDATE backup_schedules SET %s WHERE id ="
		    " '%s'", sets, id);
}

static void
duty(void)
{
	struct op one;

	op_begin(&one, "req-duty");
	if (duty_schedules(&one, worker_a.host) != OK)
		fail_msg("%s", one.why);
	op_end(&one);
}

/* The backup that runs has ended. */
static void
ends_as(const char *state)
{
	pg_fixture_sql("UPDATE tasks SET status = 'SUCCEEDED', ended = now()"
	    " WHERE ended IS NULL; UPDATE backups SET state = '%s' WHERE state"
	    " = 'NEW'; UPDATE instances SET backing_up = NULL", state);
}

static void
due_again(void)
{
	pg_fixture_sql("UPDATE backup_schedules SET due = now() - interval"
	    " '1 s' WHERE enabled");
}

static void
a_due_one_becomes_backup_task_and_quota(void **state)
{
	(void)state;
	schedule(NIGHTLY, "description = 'why'");
	duty();
	assert_int_equal(N("SELECT count(*) FROM backups b JOIN tasks t ON"
	    " t.id = b.id JOIN instances i ON i.backing_up = b.id WHERE b.name"
	    " = 'nightly' AND b.description = 'why' AND b.tenant_id = 'p1' AND"
	    " b.schedule_id = '" NIGHTLY "' AND b.state = 'NEW' AND b.parent_id"
	    " IS NULL AND b.container = 'database_backups' AND t.kind ="
	    " 'backup' AND t.user_id = 'u1' AND t.tenant_id = 'p1'"), 1);
	assert_int_equal(N("SELECT backups FROM quotas"), 1);
	assert_int_equal(N("SELECT count(*) FROM backup_schedules s JOIN"
	    " backups b ON b.id = s.last_backup WHERE s.next_run > now() AND"
	    " s.due = s.next_run AND s.last_run <= now() AND last_error IS"
	    " NULL AND to_char(s.next_run AT TIME ZONE 'Europe/Berlin',"
	    " 'HH24:MI:SS') = '02:00:00'"), 1);
	duty();
	assert_int_equal(N("SELECT count(*) FROM backups"), 1);
	assert_int_equal(N("SELECT count(*) FROM events WHERE type ="
	    " 'dbaas.backup_create.start' AND payload->>'name' = 'nightly'"),
	    1);
}

/* Its task is one as of the API's, and a worker walks it. */
static void
its_task_is_walked_to_the_end(void **state)
{
	static char task[UUID_LEN + 1];

	(void)state;
	schedule(NIGHTLY, NULL);
	duty();
	strcpy(task, instance_column("backing_up"));
	for (int i = 0; i < 50 && *task_column(task, "ended") == '\0'; i++) {
		assert_int_equal(turn(&worker_a, task), OK);
		pg_fixture_sql("UPDATE tasks SET due = now(), step_deadline ="
		    " step_deadline - interval '1 s'");
	}
	assert_string_equal(task_column(task, "status"), "SUCCEEDED");
	assert_int_equal(N("SELECT count(*) FROM backups WHERE state ="
	    " 'COMPLETED'"), 1);
}

static void
what_is_not_due_or_not_enabled_does_not_run(void **state)
{
	(void)state;
	schedule(NIGHTLY, "due = now() + interval '10 s'");
	schedule(WEEKLY, "enabled = false, due = NULL, next_run = NULL");
	duty();
	assert_int_equal(N("SELECT count(*) FROM backups"), 0);
}

static void
what_was_missed_many_times_is_made_up_for_once(void **state)
{
	(void)state;
	schedule(NIGHTLY, "due = now() - interval '9 days', next_run = now() -"
	    " interval '9 days'");
	duty();
	ends_as("COMPLETED");
	duty();
	duty();
	assert_int_equal(N("SELECT count(*) FROM backups"), 1);
	assert_int_equal(N("SELECT count(*) FROM backup_schedules WHERE"
	    " next_run > now()"), 1);
}

static void
one_waits_for_the_tasks_of_its_instance(void **state)
{
	(void)state;
	schedule(NIGHTLY, "next_run = '2026-01-01', due = '2026-01-01'");
	task_there(TASK_USER_CREATE, "{}");
	duty();
	assert_int_equal(N("SELECT count(*) FROM backups"), 0);
	assert_int_equal(N("SELECT count(*) FROM backup_schedules WHERE due >"
	    " now() AND due < now() + interval '10 s' AND next_run ="
	    " '2026-01-01' AND last_run IS NULL AND last_error IS NULL"), 1);
	pg_fixture_sql("UPDATE tasks SET status = 'FAILED', ended = now()");
	due_again();
	duty();
	assert_int_equal(N("SELECT count(*) FROM backups"), 1);
}

static void
of_two_at_the_same_time_one_waits_for_the_other(void **state)
{
	(void)state;
	schedule(NIGHTLY, NULL);
	schedule(WEEKLY, "name = 'weekly', due = due - interval '1 h'");
	duty();
	assert_int_equal(N("SELECT count(*) FROM backups WHERE name ="
	    " 'weekly'"), 1);
	assert_int_equal(N("SELECT count(*) FROM backups"), 1);
	ends_as("COMPLETED");
	pg_fixture_sql("UPDATE backup_schedules SET due = now() WHERE id = '"
	    NIGHTLY "'");
	duty();
	assert_int_equal(N("SELECT count(*) FROM backups"), 2);
}

/* As when a worker dies within: the transaction is undone, and the next one does it. */
static void
a_claim_that_is_dropped_leaves_it_to_the_next(void **state)
{
	struct backup b = { .tenant = "p1", .instance = INSTANCE, .name = "b",
	    .state = "NEW", .container = "c" };
	struct new_task t;
	struct run r;
	bool found;

	(void)state;
	schedule(NIGHTLY, NULL);
	store_hold(NULL);
	assert_int_equal(schedule_claim(&op, &r, &found), OK);
	assert_true(found);
	new_task_begin(&op, &t, TASK_BACKUP, INSTANCE, "p1", "u1", "{}");
	b.id = t.id;
	assert_int_equal(backup_insert(&op, &b, &t), OK);
	store_drop(&op);
	assert_int_equal(N("SELECT (SELECT count(*) FROM backups) + (SELECT"
	    " count(*) FROM tasks) + (SELECT count(*) FROM quotas)"), 0);
	duty();
	assert_int_equal(N("SELECT count(*) FROM backups"), 1);
}

static void
what_is_noted_late_of_a_run_changes_nothing(void **state)
{
	struct run r = { .id = NIGHTLY, .due = "2020-01-01" };

	(void)state;
	schedule(NIGHTLY, NULL);
	assert_int_equal(schedule_missed(&op, &r, 2000000000, "late"), OK);
	assert_int_equal(schedule_later(&op, &r, 60, "late"), OK);
	assert_int_equal(N("SELECT count(*) FROM backup_schedules WHERE"
	    " last_error IS NULL AND due < now()"), 1);
}

static void
an_exceeded_quota_is_shown_and_told_each_time(void **state)
{
	(void)state;
	schedule(NIGHTLY, NULL);
	pg_fixture_sql("INSERT INTO quotas (tenant_id, max_backups) VALUES"
	    " ('p1', 0)");
	for (int i = 1; i < 3; i++) {
		due_again();
		duty();
		duty();
		assert_int_equal(N("SELECT count(*) FROM events WHERE type ="
		    " 'coffer.backup_schedule.error' AND tenant_id = 'p1' AND"
		    " payload->>'message' = 'Quota exceeded for resources:"
		    " [''backups''].' AND payload->>'backup_schedule_id' = '"
		    NIGHTLY "'"), i);
	}
	assert_int_equal(N("SELECT count(*) FROM backup_schedules WHERE"
	    " next_run > now() AND due = next_run AND last_run <= now() AND"
	    " last_backup IS NULL AND last_error LIKE 'Quota exceeded%%'"), 1);
	assert_int_equal(N("SELECT (SELECT count(*) FROM backups) + (SELECT"
	    " count(*) FROM tasks) + (SELECT sum(backups) FROM quotas)"), 0);
	assert_string_equal(instance_column("backing_up"), "");
	pg_fixture_sql("UPDATE quotas SET max_backups = 1");
	due_again();
	duty();
	assert_int_equal(N("SELECT count(*) FROM backup_schedules WHERE"
	    " last_error IS NULL AND last_backup IS NOT NULL"), 1);
}

static void
one_whose_instance_is_away_waits_and_is_told_once(void **state)
{
	(void)state;
	schedule(NIGHTLY, NULL);
	pg_fixture_sql("UPDATE instances SET server_status = 'SHUTDOWN'");
	for (int i = 0; i < 3; i++) {
		due_again();
		duty();
	}
	assert_int_equal(N("SELECT count(*) FROM events WHERE type ="
	    " 'coffer.backup_schedule.error'"), 1);
	assert_int_equal(N("SELECT count(*) FROM backup_schedules WHERE"
	    " last_error = 'The backup waits for its instance, whose status is"
	    " SHUTDOWN.' AND next_run < now() AND due > now()"), 1);
	pg_fixture_sql("UPDATE instances SET server_status = 'ACTIVE'");
	due_again();
	duty();
	assert_int_equal(N("SELECT count(*) FROM backups"), 1);
	assert_int_equal(N("SELECT count(*) FROM backup_schedules WHERE"
	    " last_error IS NULL"), 1);
}

static void
one_that_cannot_be_read_keeps_none_of_the_others(void **state)
{
	(void)state;
	schedule(WEEKLY, "cron = 'x', due = now() - interval '1 h'");
	schedule(NIGHTLY, NULL);
	duty();
	assert_int_equal(N("SELECT count(*) FROM backups WHERE schedule_id = '"
	    NIGHTLY "'"), 1);
	assert_int_equal(N("SELECT count(*) FROM backup_schedules WHERE id = '"
	    WEEKLY "' AND last_error LIKE 'A cron%%' AND due > now()"), 1);
}

static void
strategies_say_where_its_backups_go(void **state)
{
	(void)state;
	schedule(NIGHTLY, NULL);
	pg_fixture_sql("INSERT INTO backup_strategies (tenant_id, container)"
	    " VALUES ('p1', 'ours'), ('p2', 'theirs')");
	duty();
	ends_as("COMPLETED");
	pg_fixture_sql("INSERT INTO backup_strategies VALUES ('p1', '" INSTANCE
	    "', 'its')");
	due_again();
	duty();
	assert_int_equal(N("SELECT count(*) FROM backups WHERE (container,"
	    " state) IN (('ours', 'COMPLETED'), ('its', 'NEW'))"), 2);
}

/* How many stand under the last one. */
static long
depth(void)
{
	return N("WITH RECURSIVE c AS (SELECT id, parent_id, 0 AS n FROM"
	    " backups WHERE id = (SELECT last_backup FROM backup_schedules"
	    " WHERE id = '" NIGHTLY "') UNION ALL SELECT b.id, b.parent_id, n +"
	    " 1 FROM backups b JOIN c ON b.id = c.parent_id) SELECT max(n)"
	    " FROM c");
}

static void
again(const char *state)
{
	due_again();
	duty();
	ends_as(state);
}

static void
every_kth_one_is_full(void **state)
{
	static const int depths[] = { 0, 1, 2, 0, 1, 2, 0 };

	(void)state;
	schedule(NIGHTLY, "full_every = 3");
	for (size_t i = 0; i < ROWS(depths); i++) {
		again("COMPLETED");
		assert_int_equal(depth(), depths[i]);
	}
	assert_int_equal(N("SELECT count(*) FROM backups"), ROWS(depths));
	/* one that fails is not built upon, and what hindered it is left behind */
	again("FAILED");
	assert_int_equal(depth(), 1);
	again("COMPLETED");
	assert_int_equal(depth(), 0);
	again("COMPLETED");
	assert_int_equal(depth(), 1);
	/* nor is another version's, nor one that was deleted */
	pg_fixture_sql("UPDATE backups SET version_id = NULL WHERE id = (SELECT"
	    " last_backup FROM backup_schedules)");
	again("COMPLETED");
	assert_int_equal(depth(), 0);
	again("COMPLETED");
	pg_fixture_sql("UPDATE backups SET deleted_at = now()");
	again("COMPLETED");
	assert_int_equal(depth(), 0);
}

/* Without a mark an engine knows not where to go on. */
static void
one_without_a_mark_is_not_built_upon(void **state)
{
	struct run r = { .id = NIGHTLY, .full_every = 5 };
	const char *parent;

	(void)state;
	schedule(NIGHTLY, "full_every = 5");
	again("COMPLETED");
	r.version_id = instance_column("version_id");
	assert_int_equal(schedule_parent(&op, &r, true, &parent), OK);
	assert_non_null(parent);
	assert_int_equal(schedule_parent(&op, &r, false, &parent), OK);
	assert_null(parent);
	pg_fixture_sql("UPDATE backups SET mark = '42'");
	assert_int_equal(schedule_parent(&op, &r, false, &parent), OK);
	assert_non_null(parent);
}

/* Nor upon one that was tried and found to be no good, or on what it stands upon. */
static void
one_that_is_no_good_is_not_built_upon(void **state)
{
	struct run r = { .id = NIGHTLY, .full_every = 5 };
	const char *parent;

	(void)state;
	schedule(NIGHTLY, "full_every = 5");
	again("COMPLETED");
	again("COMPLETED");
	pg_fixture_sql("UPDATE backups SET mark = '42', verified = true");
	r.version_id = instance_column("version_id");
	assert_int_equal(schedule_parent(&op, &r, false, &parent), OK);
	assert_non_null(parent);
	pg_fixture_sql("UPDATE backups SET verified = false WHERE parent_id IS"
	    " NULL");
	assert_int_equal(schedule_parent(&op, &r, false, &parent), OK);
	assert_null(parent);
}

static void
an_engine_without_increments_takes_full_ones_and_one_without_backups_none(
    void **state)
{
	(void)state;
	worker_fixture_drivers("failing");
	schedule(NIGHTLY, "full_every = 3");
	pg_fixture_sql("UPDATE datastore_versions SET manager = 'failing'");
	again("COMPLETED");
	pg_fixture_sql("UPDATE datastore_versions SET manager = 'mariadb'");
	assert_int_equal(N("SELECT count(*) FROM backups"), 0);
	assert_int_equal(N("SELECT count(*) FROM backup_schedules WHERE"
	    " last_error LIKE 'No backups are taken%%' AND next_run > now()"),
	    1);
}

/* --- what is kept ------------------------------------------------------------------------- */

/*
 * Backups from the oldest to the newest, a day between them: "f" full, "i" upon
 * the one before, "x" failed, "h" by hand upon the one before, "r" still runs.
 * A capital letter is what stays.
 */
static const struct { const char *keeps, *backups; } keepings[] = {
	{ "keep_last = NULL", "FFFX" },
	{ "keep_last = 2", "ffFF" },
	{ "keep_last = 9", "FFFF" },
	{ "keep_last = 1", "fffF" },
	{ "keep_last = 1", "F" },
	{ "keep_last = 1", "X" },
	/* days: the last one is a day old */
	{ "keep_days = 3", "ffFF" },
	{ "keep_days = 30", "FFFF" },
	{ "keep_days = 1", "fffF" },
	/* either is reason enough */
	{ "keep_last = 3, keep_days = 2", "fFFF" },
	{ "keep_last = 1, keep_days = 4", "fFFF" },
	/* a failed one until a better one is there, and it counts for none */
	{ "keep_last = 2", "FxFX" },
	{ "keep_last = 2", "fFxF" },
	{ "keep_days = 9", "XX" },
	/* chains: what another stands upon stays with it */
	{ "keep_last = 1", "fiFI" },
	{ "keep_last = 2", "fiiFI" },
	{ "keep_last = 2", "FIIF" },
	{ "keep_last = 1", "fiF" },
	{ "keep_last = 1", "FII" },
	{ "keep_days = 2", "fiFII" },
	{ "keep_last = 1", "fixF" },
	{ "keep_last = 1", "xF" },
	/* ... also one made by hand, or that is being made */
	{ "keep_last = 1", "FHF" },
	{ "keep_last = 1", "FIHF" },
	{ "keep_last = 1", "fFR" },
};

static void
backups_there(const char *what)
{
	size_t n = strlen(what);

	pg_fixture_sql("TRUNCATE backups, quotas; INSERT INTO quotas"
	    " (tenant_id, backups) VALUES ('p1', %zu)", n);
	for (size_t i = 0; i < n; i++) {
		char c = (char)(what[i] | 0x20);
		bool upon = c == 'i' || c == 'h';

		pg_fixture_sql("INSERT INTO backups (id, tenant_id,"
		    " instance_id, name, state, container, created,"
		    " schedule_id, parent_id) VALUES (('bb000000-0000-4000-"
		    "8000-' || lpad('%zu', 12, '0'))::uuid, 'p1', '" INSTANCE
		    "', '%c', '%s', 'c', now() - interval '%zu days', %s,"
		    " %s)", i, what[i], c == 'x' ? "FAILED" : c == 'r' ?
		    "BUILDING" : "COMPLETED", n - i, c == 'h' ? "NULL" : "'"
		    NIGHTLY "'", upon ? "(SELECT id FROM backups ORDER BY"
		    " created DESC LIMIT 1)" : "NULL");
	}
}

static void
old_ones_go_and_what_is_needed_stays(void **state)
{
	(void)state;
	schedule(NIGHTLY, "due = NULL");
	for (size_t i = 0; i < ROWS(keepings); i++) {
		pg_fixture_sql("UPDATE backup_schedules SET keep_last = NULL,"
		    " keep_days = NULL");
		pg_fixture_sql("UPDATE backup_schedules SET %s, tidy_at ="
		    " now()", keepings[i].keeps);
		backups_there(keepings[i].backups);
		duty();
		if (N("SELECT count(*) FROM backups WHERE (deleted_at IS NULL)"
		    " <> (name = upper(name))") != 0)
			fail_msg("%s: %s", keepings[i].keeps,
			    keepings[i].backups);
		assert_int_equal(N("SELECT backups FROM quotas"), N("SELECT"
		    " count(*) FROM backups WHERE deleted_at IS NULL"));
	}
}

/* As long as that goes on: the task's end is the end of it. */
static void
one_that_an_instance_is_being_made_of_stays(void **state)
{
	const char *task = task_there(TASK_CREATE, "{}");
	const char *const *also;

	(void)state;
	schedule(NIGHTLY, "due = NULL, keep_last = 1, tidy_at = now()");
	backups_there("fiF");
	pg_fixture_sql("UPDATE instances SET restores ="
	    " 'bb000000-0000-4000-8000-000000000001'");
	duty();
	assert_int_equal(N("SELECT count(*) FROM backups WHERE deleted_at IS"
	    " NULL"), 3);
	/* nor does its owner remove what it stands upon */
	assert_int_equal(backup_delete(&op,
	    "bb000000-0000-4000-8000-000000000000", &also), ERR_UNPROCESSABLE);
	assert_string_equal(op.why, "Backup bb000000-0000-4000-8000-"
	    "000000000001 cannot be deleted because an instance is being made "
	    "of it.");
	pg_fixture_sql("UPDATE tasks SET status = 'FAILED', ended = now() WHERE"
	    " id = '%s'; UPDATE backup_schedules SET tidy_at = now()", task);
	duty();
	assert_int_equal(N("SELECT count(*) FROM backups WHERE deleted_at IS"
	    " NULL"), 1);
}

static void
those_of_others_are_not_counted(void **state)
{
	(void)state;
	schedule(NIGHTLY, "due = NULL, keep_last = 1, tidy_at = now()");
	schedule(WEEKLY, "due = NULL, keep_last = 1");
	backups_there("fffF");
	pg_fixture_sql("UPDATE backups SET schedule_id = '" WEEKLY "' WHERE id"
	    " < 'bb000000-0000-4000-8000-000000000002'");
	duty();
	assert_int_equal(N("SELECT count(*) FROM backups WHERE deleted_at IS"
	    " NULL"), 3);
}

static void
it_is_tidied_when_its_backup_has_ended_and_as_days_pass(void **state)
{
	(void)state;
	schedule(NIGHTLY, "keep_days = 1");
	backups_there("ff");
	duty();
	assert_int_equal(N("SELECT count(*) FROM backup_schedules WHERE"
	    " tidy_at > now() AND tidy_at < now() + interval '5 s'"), 1);
	pg_fixture_sql("UPDATE backup_schedules SET tidy_at = now()");
	duty();		/* it still runs: one of the old ones stays */
	assert_int_equal(N("SELECT count(*) FROM backups WHERE deleted_at IS"
	    " NULL"), 2);
	assert_int_equal(N("SELECT count(*) FROM backup_schedules WHERE"
	    " tidy_at < now() + interval '10 s'"), 1);
	ends_as("COMPLETED");
	pg_fixture_sql("UPDATE backup_schedules SET tidy_at = now()");
	duty();
	assert_int_equal(N("SELECT count(*) FROM backups WHERE deleted_at IS"
	    " NULL"), 1);
	assert_int_equal(N("SELECT count(*) FROM backup_schedules WHERE"
	    " tidy_at > now() + interval '50 minutes'"), 1);
	pg_fixture_sql("UPDATE backup_schedules SET keep_days = NULL, keep_last"
	    " = 1, tidy_at = now()");
	duty();
	assert_int_equal(N("SELECT count(*) FROM backup_schedules WHERE"
	    " tidy_at IS NULL"), 1);
}

static void
it_goes_with_its_instance_and_its_backups_stay(void **state)
{
	(void)state;
	schedule(NIGHTLY, NULL);
	backups_there("FF");
	pg_fixture_sql("UPDATE instances SET task = 'DELETING'");
	assert_int_equal(N("SELECT count(*) FROM backup_schedules"), 1);
	pg_fixture_sql("UPDATE instances SET deleted_at = now()");
	assert_int_equal(N("SELECT count(*) FROM backup_schedules"), 0);
	assert_int_equal(N("SELECT count(*) FROM backups WHERE deleted_at IS"
	    " NULL"), 2);
	assert_int_equal(N("SELECT count(*) FROM events WHERE type ="
	    " 'dbaas.backup_schedule_delete.end'"), 1);
	duty();
}

/* --- the API's ---------------------------------------------------------------------------- */

static struct schedule
wish(const char *id)
{
	return (struct schedule){ .id = id, .tenant = "p1", .user = "u1",
	    .instance = INSTANCE, .name = "nightly", .cron = "@daily",
	    .zone = "UTC", .keep_last = 7, .full_every = 1, .enabled = true };
}

static void
one_is_stored_as_it_was_asked_for(void **state)
{
	struct schedule s = wish(NIGHTLY), out;

	(void)state;
	assert_int_equal(schedule_insert(&op, &s, 2000000000), OK);
	assert_int_equal(schedule_read(&op, NIGHTLY, "p1", &out), OK);
	assert_string_equal(out.name, "nightly");
	assert_string_equal(out.cron, "@daily");
	assert_string_equal(out.instance, INSTANCE);
	assert_memory_equal(out.next_run, "2033-05-18", 10);
	assert_int_equal(out.keep_last, 7);
	assert_int_equal(out.keep_days, 0);
	assert_int_equal(out.full_every, 1);
	assert_true(out.enabled);
	assert_null(out.description);
	assert_null(out.last_run);
	assert_null(out.last_backup);
	assert_null(out.last_error);
	assert_int_equal(schedule_read(&op, NIGHTLY, NULL, &out), OK);
	assert_int_equal(schedule_read(&op, NIGHTLY, "p2", &out),
	    ERR_NOT_FOUND);
	assert_int_equal(schedule_read(&op, WEEKLY, "p1", &out),
	    ERR_NOT_FOUND);
	assert_int_equal(schedule_read(&op, "x", "p1", &out), ERR_NOT_FOUND);
	assert_int_equal(schedule_delete(&op, NIGHTLY), OK);
	assert_int_equal(schedule_read(&op, NIGHTLY, "p1", &out),
	    ERR_NOT_FOUND);
}

static void
a_change_is_one_of_what_was_read(void **state)
{
	struct schedule s = wish(NIGHTLY), was;
	const int64_t never = SCHEDULE_NEVER, then = 1900000000;

	(void)state;
	assert_int_equal(schedule_insert(&op, &s, 2000000000), OK);
	assert_int_equal(schedule_read(&op, NIGHTLY, "p1", &was), OK);
	s = was;
	s.name = "other";
	s.keep_last = 0;
	s.keep_days = 30;
	assert_int_equal(schedule_change(&op, &s, NULL), OK);
	assert_int_equal(schedule_change(&op, &was, NULL), ERR_CONFLICT);
	assert_int_equal(schedule_read(&op, NIGHTLY, "p1", &s), OK);
	assert_string_equal(s.name, "other");
	assert_int_equal(s.keep_last, 0);
	assert_int_equal(s.keep_days, 30);
	assert_string_equal(s.next_run, was.next_run);
	s.enabled = false;
	assert_int_equal(schedule_change(&op, &s, &never), OK);
	assert_int_equal(schedule_read(&op, NIGHTLY, "p1", &s), OK);
	assert_null(s.next_run);
	assert_int_equal(schedule_change(&op, &s, &then), OK);
	assert_int_equal(schedule_read(&op, NIGHTLY, "p1", &s), OK);
	assert_memory_equal(s.next_run, "2030-03-17", 10);
}

static void
an_instance_has_so_many_and_one_that_is_gone_none(void **state)
{
	struct schedule s = wish(NULL);
	char id[UUID_LEN + 1];

	(void)state;
	for (int i = 0; i <= SCHEDULES_MOST; i++) {
		text_uuid(id);
		s.id = id;
		assert_int_equal(schedule_insert(&op, &s, 1),
		    i < SCHEDULES_MOST ? OK : ERR_OVER_LIMIT);
	}
	assert_string_equal(op.why,
	    "An instance has at most 10 backup schedules.");
	pg_fixture_sql("UPDATE instances SET deleted_at = now()");
	assert_int_equal(schedule_insert(&op, &s, 1), ERR_NOT_FOUND);
	assert_int_equal(N("SELECT count(*) FROM backup_schedules"), 0);
}

static void
lists_are_paged_by_id(void **state)
{
	struct schedules_page page = { .tenant = "p1", .limit = 2 };
	struct schedule s = wish(NULL), *list;
	char id[UUID_LEN + 1];
	int n;

	(void)state;
	for (int i = 0; i < 5; i++) {
		snprintf(id, sizeof(id), "5c000000-0000-4000-8000-00000000000"
		    "%d", 4 - i);
		s.id = id;
		s.tenant = i == 0 ? "p2" : "p1";
		assert_int_equal(schedule_insert(&op, &s, 1), OK);
	}
	assert_int_equal(schedules_read(&op, &page, &list, &n), OK);
	assert_int_equal(n, 3);
	page.marker = list[1].id;
	assert_int_equal(schedules_read(&op, &page, &list, &n), OK);
	assert_int_equal(n, 2);
	page = (struct schedules_page){ .limit = 9, .instance = INSTANCE };
	assert_int_equal(schedules_read(&op, &page, &list, &n), OK);
	assert_int_equal(n, 5);
	page.instance = NIGHTLY;
	assert_int_equal(schedules_read(&op, &page, &list, &n), OK);
	assert_int_equal(n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, ended)
		TEST(a_due_one_becomes_backup_task_and_quota),
		TEST(its_task_is_walked_to_the_end),
		TEST(what_is_not_due_or_not_enabled_does_not_run),
		TEST(what_was_missed_many_times_is_made_up_for_once),
		TEST(one_waits_for_the_tasks_of_its_instance),
		TEST(of_two_at_the_same_time_one_waits_for_the_other),
		TEST(a_claim_that_is_dropped_leaves_it_to_the_next),
		TEST(what_is_noted_late_of_a_run_changes_nothing),
		TEST(an_exceeded_quota_is_shown_and_told_each_time),
		TEST(one_whose_instance_is_away_waits_and_is_told_once),
		TEST(one_that_cannot_be_read_keeps_none_of_the_others),
		TEST(strategies_say_where_its_backups_go),
		TEST(every_kth_one_is_full),
		TEST(one_without_a_mark_is_not_built_upon),
		TEST(one_that_is_no_good_is_not_built_upon),
		TEST(an_engine_without_increments_takes_full_ones_and_one_without_backups_none),
		TEST(old_ones_go_and_what_is_needed_stays),
		TEST(one_that_an_instance_is_being_made_of_stays),
		TEST(those_of_others_are_not_counted),
		TEST(it_is_tidied_when_its_backup_has_ended_and_as_days_pass),
		TEST(it_goes_with_its_instance_and_its_backups_stay),
#define API_TEST(f) cmocka_unit_test_setup_teardown(f, fresh_api, ended_api)
		API_TEST(one_is_stored_as_it_was_asked_for),
		API_TEST(a_change_is_one_of_what_was_read),
		API_TEST(an_instance_has_so_many_and_one_that_is_gone_none),
		API_TEST(lists_are_paged_by_id),
	};

	return cmocka_run_group_tests(tests, worker_fixture_start,
	    worker_fixture_stop);
}
