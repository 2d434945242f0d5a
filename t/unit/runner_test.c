#include "t/unit/test.h"
#include "t/unit/pg_fixture.h"
#include "t/unit/redis_fixture.h"
#include "t/unit/worker_fixture.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/json.h"
#include "lib/base/seal.h"
#include "lib/msg/bus.h"
#include "lib/wire/redis.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGS "{\"databases\":[{\"name\":\"app\"}]}"

/* --- whose it is -------------------------------------------------------------------- */

static const char *stolen;

static void
steal(const struct work *w, bool before)
{
	struct lease l;
	struct op op;
	bool taken;

	if (!before || strcmp(w->step->name, "volume") != 0)
		return;
	runner_watch = NULL;
	lease_lost(stolen);
	op_begin(&op, "test");
	assert_int_equal(lease_take(&op, stolen, &worker_b, &l, &taken), OK);
	assert_true(taken);
	op_end(&op);
}

static void
a_worker_that_slept_past_its_lease_changes_nothing(void **state)
{
	(void)state;
	instance_there("BUILDING", "BUILD");
	stolen = task_there(TASK_CREATE, NULL);
	runner_watch = steal;
	assert_int_equal(turn(&worker_a, stolen), OK);
	assert_string_equal(task_column(stolen, "owner"), worker_b.owner);
	assert_string_equal(task_column(stolen, "status"), "RUNNING");
	assert_string_equal(task_column(stolen, "step"), "volume");
	assert_string_equal(instance_column("volume_id"), "");
	assert_false(made("server"));
}

static void
oversleep(const struct work *w, bool before)
{
	if (before && strcmp(w->step->name, "volume") == 0)
		clock_shift(conf_int("task.lease") * 1000);
}

/* Nobody took it yet: only its own clock tells it to keep its hands off. */
static void
no_effect_is_begun_after_the_lease_by_the_steady_clock(void **state)
{
	const char *task;

	(void)state;
	instance_there("BUILDING", "BUILD");
	task = task_there(TASK_CREATE, NULL);
	runner_watch = oversleep;
	assert_int_equal(turn(&worker_a, task), OK);
	clock_shift(-conf_int("task.lease") * 1000);
	assert_true(made("port") && !made("volume"));
	assert_string_equal(task_column(task, "status"), "RUNNING");
	runner_watch = NULL;
	lease_lost(task);
	turns(&worker_b, task, 1);
	assert_string_equal(task_column(task, "status"), "SUCCEEDED");
}

static void
a_task_has_one_owner_and_others_leave_it(void **state)
{
	struct lease l;
	struct op op;
	bool taken;
	const char *task;

	(void)state;
	instance_there("NONE", "ACTIVE");
	task = task_there(TASK_RESTART, NULL);
	op_begin(&op, "test");
	assert_int_equal(lease_take(&op, task, &worker_a, &l, &taken), OK);
	assert_true(taken);
	assert_int_equal(lease_take(&op, task, &worker_b, &l, &taken), OK);
	assert_false(taken);
	op_end(&op);
}

static void
tasks_of_an_instance_run_in_the_order_in_which_they_came(void **state)
{
	const char *first, *second;

	(void)state;
	instance_there("NONE", "ACTIVE");
	first = task_there(TASK_DATABASE_CREATE, ARGS);
	second = task_there(TASK_DATABASE_DELETE, "{\"name\":\"app\"}");
	assert_int_equal(turn(&worker_b, second), OK);
	assert_string_equal(task_column(second, "attempt"), "0");
	assert_int_equal(turn(&worker_a, first), OK);	/* null: done at once */
	assert_string_equal(task_column(first, "status"), "SUCCEEDED");
	assert_int_equal(turn(&worker_b, second), OK);
	assert_string_equal(task_column(second, "status"), "SUCCEEDED");
}

static void
the_end_of_a_task_rings_who_waits_and_the_next_one(void **state)
{
	const char *first, *second, *rung;
	struct op op;
	bool ended;

	(void)state;
	instance_there("NONE", "ACTIVE");
	first = task_there(TASK_DATABASE_CREATE, ARGS);
	second = task_there(TASK_GRANT, ARGS);
	op_begin(&op, "test");
	assert_int_equal(redis_call(&op, bus_redis(), NULL,
	    (const char *const[]){ "DEL", "coffer:tasks", NULL }), OK);
	assert_int_equal(turn(&worker_a, first), OK);
	assert_int_equal(bus_wait_done(&op, first, 100, &ended), OK);
	assert_true(ended);
	assert_int_equal(bus_take(&op, "test", NULL, 100, &rung), OK);
	assert_non_null(rung);
	assert_string_equal(rung, second);
	op_end(&op);
}

/* --- the end of patience --------------------------------------------------------------- */

static void
a_task_that_kills_its_workers_is_put_aside(void **state)
{
	const char *task;

	(void)state;
	instance_there("BUILDING", "BUILD");
	task = task_there(TASK_CREATE, NULL);
	for (int i = 0; i < conf_int("task.attempts"); i++) {
		struct lease l;
		struct op op;
		bool taken;

		op_begin(&op, "test");
		assert_int_equal(lease_take(&op, task, &worker_a, &l, &taken), OK);
		assert_true(taken);
		op_end(&op);
		lease_lost(task);
	}
	assert_int_equal(turn(&worker_b, task), OK);
	assert_string_equal(task_column(task, "status"), "FAILED");
	assert_non_null(strstr(task_column(task, "error"),
	    "INTERNAL Quarantined: 5 workers"));
	assert_string_equal(task_column(task, "attempt"), "6");
	assert_string_equal(instance_column("task"), "BUILDING_ERROR_SERVER");
	assert_int_equal(made_all(), 0);
}

static void
a_task_ends_by_its_deadline_with_a_cause(void **state)
{
	const char *task;

	(void)state;
	instance_there("NONE", "ACTIVE");
	task = task_there(TASK_DATABASE_CREATE, ARGS);
	assert_int_equal(turn(&worker_a, task), OK);
	assert_string_equal(task_column(task, "status"), "WAITING");
	pg_fixture_sql("UPDATE tasks SET deadline = now()");
	assert_int_equal(turn(&worker_a, task), OK);
	assert_string_equal(task_column(task, "status"), "FAILED");
	assert_string_equal(task_column(task, "error"),
	    "GUEST Timeout trying to connect to the Guest Agent.");
	assert_string_equal(task_column(task, "failed_step"), "order");
}

static void
what_this_version_does_not_know_fails_and_says_so(void **state)
{
	const char *task;

	(void)state;
	instance_there("NONE", "ACTIVE");
	task = task_there(TASK_RESTART, NULL);
	pg_fixture_sql("UPDATE tasks SET kind = 'levitate'");
	assert_int_equal(turn(&worker_a, task), OK);
	assert_string_equal(task_column(task, "status"), "FAILED");
	assert_non_null(strstr(task_column(task, "error"), "NOT_BUILT"));
}

static void
args_of_another_task_are_not_taken_for_ones_own(void **state)
{
	const char *one, *other;

	(void)state;
	instance_there("NONE", "ACTIVE");
	one = task_there(TASK_DATABASE_CREATE, ARGS);
	other = task_there(TASK_DATABASE_CREATE, ARGS);
	pg_fixture_sql("UPDATE tasks SET args = (SELECT args FROM tasks WHERE "
	    "id = '%s') WHERE id = '%s'", other, one);
	assert_int_equal(turn(&worker_a, one), OK);
	assert_string_equal(task_column(one, "status"), "FAILED");
	assert_non_null(strstr(task_column(one, "error"), "FORGED"));
}

/* --- guests ------------------------------------------------------------------------------- */

/* What the guest heard on its channel last; ORDER_NONE: nothing. */
static enum order_kind
hear(struct op *op, struct redis *ears, const char **id, const char **database)
{
	struct redis_message m;
	struct order o;
	struct key key;
	bool message;

	assert_int_equal(redis_hear(op, ears, &m, &message, 200), OK);
	if (!message)
		return ORDER_NONE;
	guest_key(&key, seal_master(), INSTANCE, 1);
	assert_int_equal(guest_read_order(op, &key, INSTANCE, m.data, m.len,
	    &o), OK);
	*id = o.id;
	*database = o.body == NULL || json_count(json_get(o.body,
	    "databases")) == 0 ? NULL : json_str(json_get(json_at(json_get(
	    o.body, "databases"), 0), "name"));
	return o.kind;
}

static void
an_order_is_told_until_the_guest_names_it(void **state)
{
	struct redis *ears;
	const char *task, *id, *name;
	struct op op;

	(void)state;
	op_begin(&op, "test");
	ears = redis_new(&(struct redis_where){
	    .socket = redis_fixture_socket(), .timeout_ms = 1000 });
	assert_int_equal(redis_listen(&op, ears, false,
	    guest_channel_in(&op, INSTANCE)), OK);
	instance_there("NONE", "ACTIVE");
	task = task_there(TASK_DATABASE_CREATE, ARGS);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(turn(&worker_a, task), OK);
		assert_string_equal(task_column(task, "status"), "WAITING");
		assert_string_equal(task_column(task, "owner"), "");
		assert_int_equal(hear(&op, ears, &id, &name),
		    ORDER_DATABASE_CREATE);
		assert_string_equal(name, "app");
		assert_string_equal(id, op_printf(&op, "%s:order", task));
	}
	guest_says("healthy", id, "OK", NULL);
	assert_int_equal(turn(&worker_b, task), OK);
	assert_string_equal(task_column(task, "status"), "SUCCEEDED");
	assert_int_equal(hear(&op, ears, &id, &name), ORDER_NONE);
	redis_free(ears);
	op_end(&op);
}

static void
what_the_guest_refuses_fails_with_its_words(void **state)
{
	const char *task;

	(void)state;
	instance_there("NONE", "ACTIVE");
	task = task_there(TASK_DATABASE_DELETE, "{\"name\":\"x\"}");
	guest_says("healthy", order_of(task, "order"),
	    "NOT_FOUND", "There is no database x.");
	assert_int_equal(turn(&worker_a, task), OK);
	assert_string_equal(task_column(task, "status"), "FAILED");
	assert_string_equal(task_column(task, "error"),
	    "NOT_FOUND There is no database x.");
}

/* Else a guest could have its worker wait for the stores for ever. */
static void
a_guest_cannot_say_that_our_stores_are_away(void **state)
{
	static const char *const words[] = { "UNAVAILABLE", "FENCED", "nonsense" };

	(void)state;
	for (size_t i = 0; i < ROWS(words); i++) {
		const char *task;

		instance_there("NONE", "ACTIVE");
		task = task_there(TASK_DATABASE_DELETE, "{\"name\":\"x\"}");
		guest_says("healthy", order_of(task, "order"), words[i], "Ha.");
		assert_int_equal(turn(&worker_a, task), OK);
		assert_string_equal(task_column(task, "status"), "FAILED");
	}
}

static void
create_waits_for_the_guest_without_a_worker(void **state)
{
	const char *task;

	(void)state;
	instance_there("BUILDING", "BUILD");
	task = task_there(TASK_CREATE, ARGS);
	assert_int_equal(turn(&worker_a, task), OK);
	assert_string_equal(task_column(task, "step"), "boot");
	assert_string_equal(task_column(task, "status"), "WAITING");
	guest_says("new", NULL, NULL, NULL);
	assert_int_equal(turn(&worker_b, task), OK);
	assert_string_equal(task_column(task, "step"), "prepare");
	guest_says("building", order_of(task, "prepare"), "OK", NULL);
	assert_int_equal(turn(&worker_a, task), OK);
	assert_string_equal(task_column(task, "step"), "ready");
	guest_says("healthy", order_of(task, "prepare"), "OK", NULL);
	assert_int_equal(turn(&worker_b, task), OK);
	assert_string_equal(task_column(task, "status"), "SUCCEEDED");
	assert_string_equal(instance_column("server_status"), "ACTIVE");
	assert_string_equal(task_column(task, "attempt"), "1");
	assert_int_equal(local_ensures, 1);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM slots"), 1);
}

static void
a_guest_that_cannot_prepare_fails_the_create_and_is_removed(void **state)
{
	const char *task;

	(void)state;
	instance_there("BUILDING", "BUILD");
	task = task_there(TASK_CREATE, ARGS);
	turns(&worker_a, task, 1);
	guest_says("failed", order_of(task, "prepare"),
	    "INTERNAL", "No space left on device");
	turns(&worker_a, task, 2);
	assert_string_equal(task_column(task, "status"), "FAILED");
	assert_string_equal(instance_column("task"),
	    "BUILDING_ERROR_TIMEOUT_GA");
	assert_string_equal(instance_column("fault"),
	    "No space left on device");
	assert_int_equal(made_all(), 0);
}

static void
restart_ends_in_no_task_whether_it_worked_or_not(void **state)
{
	static const struct { const char *word, *status; } rows[] = {
		{ "OK", "SUCCEEDED" }, { "GUEST", "FAILED" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		const char *task;

		instance_there("REBOOTING", "ACTIVE");
		task = task_there(TASK_RESTART, NULL);
		guest_says("healthy", order_of(task, "restart"),
		    rows[i].word, NULL);
		turns(&worker_a, task, 1);
		assert_string_equal(task_column(task, "status"),
		    rows[i].status);
		assert_string_equal(instance_column("task"), "NONE");
	}
}

static void
delete_does_not_wait_long_for_a_guest_that_is_mute(void **state)
{
	int64_t from;
	const char *task;

	(void)state;
	instance_there("DELETING", "ACTIVE");
	pg_fixture_sql("UPDATE instances SET server_id = 's'");
	guest_says("healthy", NULL, NULL, NULL);
	task = task_there(TASK_DELETE, NULL);
	from = clock_ms();
	assert_int_equal(turn(&worker_a, task), OK);
	assert_string_equal(task_column(task, "step"), "stop");
	while (*task_column(task, "ended") == '\0' && clock_ms() - from < 5000) {
		clock_sleep_ms(100);
		assert_int_equal(turn(&worker_a, task), OK);
	}
	assert_in_range(clock_ms() - from, 1900, 3500);
	assert_string_equal(task_column(task, "status"), "SUCCEEDED");
}

static void
root_is_enabled_only_where_it_can_be_held(void **state)
{
	const char *task;

	(void)state;
	instance_there("NONE", "ACTIVE");
	task = task_there(TASK_ROOT_ENABLE, "{\"password\":\"p\"}");
	assert_int_equal(turn(&worker_a, task), OK);
	assert_string_equal(task_column(task, "status"), "FAILED");
	assert_non_null(strstr(task_column(task, "error"), "NOT_BUILT"));
	assert_string_equal(instance_column("root_enabled_at"), "");
	local_contains_root = true;
	task = task_there(TASK_ROOT_ENABLE, "{\"password\":\"p\"}");
	guest_says("healthy", order_of(task, "order"), "OK", NULL);
	turns(&worker_a, task, 1);
	assert_string_equal(task_column(task, "status"), "SUCCEEDED");
	assert_string_equal(instance_column("root_enabled_by"), "u1");
	task = task_there(TASK_ROOT_DISABLE, NULL);
	guest_says("healthy", order_of(task, "order"), "OK", NULL);
	turns(&worker_a, task, 1);
	assert_string_equal(instance_column("root_enabled_at"), "");
}

/* --- stores that are away --------------------------------------------------------------------- */

static pid_t helper;
static bool forgetful;

/* What the worker did not wait for to reach the disk may be gone afterwards. */
static void
postgresql_goes_away(const struct work *w, bool before)
{
	if (!before || strcmp(w->step->name, "volume") != 0)
		return;
	runner_watch = NULL;
	if (!forgetful)
		pg_fixture_sql("CHECKPOINT");
	pg_fixture_crash();
	if ((helper = fork()) == 0) {
		clock_sleep_ms(1200);
		pg_fixture_again();
		_exit(0);
	}
}

static void
a_task_stays_in_hand_while_postgresql_is_away(void **state)
{
	const char *task;
	int status;

	(void)state;
	instance_there("BUILDING", "BUILD");
	task = task_there(TASK_CREATE, NULL);
	runner_watch = postgresql_goes_away;
	forgetful = false;
	assert_int_equal(turn(&worker_a, task), ERR_UNAVAILABLE);
	assert_int_equal(waitpid(helper, &status, 0), helper);
	assert_string_equal(task_column(task, "status"), "WAITING");
	assert_string_equal(task_column(task, "crashes"), "0");
	turns(&worker_b, task, 1);
	assert_string_equal(task_column(task, "status"), "SUCCEEDED");
}

static void
a_task_goes_on_when_postgresql_forgot_how_far_it_was(void **state)
{
	const char *task;
	int status;

	(void)state;
	instance_there("BUILDING", "BUILD");
	task = task_there(TASK_CREATE, NULL);
	runner_watch = postgresql_goes_away;
	forgetful = true;
	turn(&worker_a, task);
	assert_int_equal(waitpid(helper, &status, 0), helper);
	lease_lost(task);
	turns(&worker_b, task, 1);
	assert_string_equal(task_column(task, "status"), "SUCCEEDED");
	assert_string_not_equal(instance_column("volume_id"), "");
	assert_true(made("server") && made("volume") && made("port"));
}

static void
no_task_fails_because_redis_is_away(void **state)
{
	const char *task;

	(void)state;
	instance_there("BUILDING", "BUILD");
	task = task_there(TASK_CREATE, ARGS);
	redis_fixture_kill();
	assert_int_equal(turn(&worker_a, task), ERR_UNAVAILABLE);
	pg_fixture_sql("UPDATE tasks SET step_deadline = now()");
	assert_int_equal(turn(&worker_a, task), ERR_UNAVAILABLE);
	redis_fixture_again();
	clock_sleep_ms(1100);
	assert_string_equal(task_column(task, "status"), "WAITING");
	assert_string_equal(task_column(task, "step"), "credentials");
	assert_string_equal(task_column(task, "crashes"), "0");
	assert_int_equal(turn(&worker_a, task), OK);
	assert_string_equal(task_column(task, "step"), "boot");
}

static void
a_guest_that_redis_forgot_before_it_spoke_is_let_in_again(void **state)
{
	struct redis_reply r = { 0 };
	const char *task;
	struct op op;

	(void)state;
	instance_there("BUILDING", "BUILD");
	task = task_there(TASK_CREATE, ARGS);
	turns(&worker_a, task, 1);
	assert_string_equal(task_column(task, "step"), "boot");
	redis_fixture_kill();
	redis_fixture_again();
	clock_sleep_ms(1100);
	turns(&worker_a, task, 1);
	op_begin(&op, "test");
	assert_int_equal(redis_call(&op, bus_redis(), &r,
	    (const char *const[]){ "ACL", "GETUSER",
	    guest_redis_user(&op, INSTANCE), NULL }), OK);
	assert_int_equal(r.kind, REDIS_LIST);
	op_end(&op);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup(name, worker_fixture_fresh)
#define G(name) cmocka_unit_test_setup(name, worker_fixture_guests)
	static const struct CMUnitTest tests[] = {
		T(a_worker_that_slept_past_its_lease_changes_nothing),
		T(no_effect_is_begun_after_the_lease_by_the_steady_clock),
		T(a_task_has_one_owner_and_others_leave_it),
		T(tasks_of_an_instance_run_in_the_order_in_which_they_came),
		T(the_end_of_a_task_rings_who_waits_and_the_next_one),
		T(a_task_that_kills_its_workers_is_put_aside),
		G(a_task_ends_by_its_deadline_with_a_cause),
		T(what_this_version_does_not_know_fails_and_says_so),
		G(args_of_another_task_are_not_taken_for_ones_own),
		G(an_order_is_told_until_the_guest_names_it),
		G(what_the_guest_refuses_fails_with_its_words),
		G(a_guest_cannot_say_that_our_stores_are_away),
		G(create_waits_for_the_guest_without_a_worker),
		G(a_guest_that_cannot_prepare_fails_the_create_and_is_removed),
		G(restart_ends_in_no_task_whether_it_worked_or_not),
		G(delete_does_not_wait_long_for_a_guest_that_is_mute),
		G(root_is_enabled_only_where_it_can_be_held),
		T(a_task_stays_in_hand_while_postgresql_is_away),
		T(a_task_goes_on_when_postgresql_forgot_how_far_it_was),
		G(no_task_fails_because_redis_is_away),
		G(a_guest_that_redis_forgot_before_it_spoke_is_let_in_again),
	};

	return cmocka_run_group_tests_name("runner", tests,
	    worker_fixture_start, worker_fixture_stop);
}
