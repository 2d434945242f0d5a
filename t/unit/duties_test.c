/* What workers do unasked, and what they share: duties, slots, timers. */
#include "t/unit/test.h"
#include "t/unit/pg_fixture.h"
#include "t/unit/worker_fixture.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/msg/bus.h"
#include "lib/wire/redis.h"
#include "worker/duties.h"
#include "worker/later.h"

static int
rung(void)
{
	struct redis_reply r = { 0 };
	struct op op;
	int n;

	op_begin(&op, "test");
	assert_int_equal(redis_call(&op, bus_redis(), &r,
	    (const char *const[]){ "LLEN", "coffer:tasks", NULL }), OK);
	n = (int)r.number;
	assert_int_equal(redis_call(&op, bus_redis(), NULL,
	    (const char *const[]){ "DEL", "coffer:tasks", NULL }), OK);
	op_end(&op);
	return n;
}

static int
swept(void)
{
	struct op op;

	rung();
	op_begin(&op, "test");
	assert_int_equal(duty_sweep(&op, worker_a.host), OK);
	op_end(&op);
	return rung();
}

static void
the_sweep_rings_what_nobody_owns_and_only_once(void **state)
{
	const char *task;

	(void)state;
	instance_there("NONE", "ACTIVE");
	task = task_there(TASK_RESTART, NULL);
	task_there(TASK_RESTART, NULL);		/* behind the first */
	assert_int_equal(swept(), 0);		/* its bell may still be on its way */
	pg_fixture_sql("UPDATE tasks SET due = now() - interval '10 s'");
	assert_int_equal(swept(), 1);
	assert_int_equal(swept(), 0);
	pg_fixture_sql("UPDATE tasks SET due = now() - interval '10 s', owner ="
	    " 'x', lease_until = now() + interval '10 s', status = 'RUNNING'"
	    " WHERE id = '%s'", task);
	assert_int_equal(swept(), 0);
	lease_lost(task);
	assert_int_equal(swept(), 1);
	pg_fixture_sql("UPDATE tasks SET status = 'FAILED', ended = now(), due"
	    " = now() - interval '10 s' WHERE id = '%s'", task);
	assert_int_equal(swept(), 1);		/* now it is the second one's turn */
}

static void
tasks_that_ended_long_ago_are_forgotten(void **state)
{
	const char *old, *new;
	struct op op;

	(void)state;
	instance_there("NONE", "ACTIVE");
	old = task_there(TASK_RESTART, NULL);
	new = task_there(TASK_RESTART, NULL);
	turns(&worker_a, old, 1);
	turns(&worker_a, new, 1);
	task_there(TASK_RESTART, NULL);
	pg_fixture_sql("UPDATE tasks SET ended = now() - interval '31 d' WHERE"
	    " id = '%s'; UPDATE tasks SET created = now() - interval '31 d'",
	    old);
	op_begin(&op, "test");
	assert_int_equal(duty_prune(&op, worker_a.host), OK);
	op_end(&op);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM tasks"), 2);
	assert_string_equal(task_column(new, "status"), "SUCCEEDED");
}

static void
a_server_that_should_run_is_started_again_once(void **state)
{
	struct op op;
	const char *task;

	(void)state;
	instance_there("BUILDING", "BUILD");
	task = task_there(TASK_CREATE, NULL);
	turns(&worker_a, task, 1);
	pg_fixture_sql("UPDATE tasks SET status = 'SUCCEEDED', ended = now();"
	    "UPDATE instances SET task = 'NONE', server_status = 'ACTIVE'");
	rung();
	op_begin(&op, "test");
	assert_int_equal(duty_recover(&op, worker_a.host), OK);
	assert_int_equal(rung(), 0);
	assert_int_equal(cloud_compute()->remove(&op, &(struct place){
	    .instance = INSTANCE }, &(bool){ 0 }), OK);
	assert_int_equal(duty_recover(&op, "otherhost"), OK);
	assert_int_equal(rung(), 0);
	assert_int_equal(duty_recover(&op, worker_a.host), OK);
	assert_int_equal(duty_recover(&op, worker_a.host), OK);
	assert_int_equal(rung(), 1);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM tasks WHERE "
	    "kind = 'recover'"), 1);
	op_end(&op);
}

static void
a_server_counts_as_back_when_its_guest_speaks_again(void **state)
{
	const char *task;
	struct op op;

	(void)state;
	instance_there("NONE", "ACTIVE");
	guest_says("healthy", NULL, NULL, NULL);	/* before it fell */
	op_begin(&op, "test");
	assert_int_equal(task_recover(&op, INSTANCE, &task), OK);
	pg_fixture_sql("INSERT INTO slots VALUES ('testhost', 3, '" INSTANCE "')");
	assert_int_equal(turn(&worker_a, task), OK);
	assert_string_equal(task_column(task, "status"), "WAITING");
	assert_string_equal(task_column(task, "step"), "back");
	guest_says("healthy", NULL, NULL, NULL);
	assert_int_equal(turn(&worker_a, task), OK);
	assert_string_equal(task_column(task, "status"), "SUCCEEDED");
	op_end(&op);
}

static void
instances_of_another_host_are_left_to_it(void **state)
{
	const struct lease_by far = { "far:1", "otherhost" };
	const char *task;

	(void)state;
	instance_there("NONE", "ACTIVE");
	pg_fixture_sql("INSERT INTO slots VALUES ('testhost', 3, '" INSTANCE "')");
	task = task_there(TASK_RESTART, NULL);
	assert_int_equal(turn(&far, task), OK);
	assert_string_equal(task_column(task, "attempt"), "0");
	assert_int_equal(turn(&worker_a, task), OK);
	assert_string_equal(task_column(task, "attempt"), "1");
}

static int
slot_for(int instance)
{
	struct rows r[2];
	struct op op;
	int slot;

	op_begin(&op, "test");
	const struct call call[] = {
		slot_lock("testhost"),
		slot_take(&op, "testhost", op_printf(&op,
		    "00000000-0000-4000-8000-%012d", instance), 0, 4),
	};

	assert_int_equal(store_write(&op, r, 2, call), OK);
	slot = rows_count(&r[1]) == 0 ? -1 : (int)row_int(&r[1], 0, 0);
	op_end(&op);
	return slot;
}

static void
slots_are_given_once_the_lowest_first_until_there_are_none(void **state)
{
	(void)state;
	pg_fixture_sql("INSERT INTO slots VALUES ('otherhost', 0, '" INSTANCE "')");
	for (int i = 0; i < 4; i++)
		assert_int_equal(slot_for(i), i);
	assert_int_equal(slot_for(4), -1);
	assert_int_equal(slot_for(2), 2);	/* it has one */
	pg_fixture_sql("DELETE FROM slots WHERE slot IN (0, 2) AND host ="
	    " 'testhost'");
	assert_int_equal(slot_for(5), 0);
	assert_int_equal(slot_for(6), 2);
	assert_int_equal(slot_for(7), -1);
}

static void
a_host_that_is_full_fails_the_create_and_says_so(void **state)
{
	const char *task;
	struct op op;

	(void)state;
	op_begin(&op, "test");
	assert_int_equal(conf_set(&op, "local", "slots", "0"), OK);
	instance_there("BUILDING", "BUILD");
	task = task_there(TASK_CREATE, NULL);
	turns(&worker_a, task, 1);
	assert_int_equal(conf_set(&op, "local", "slots", "4000"), OK);
	assert_string_equal(task_column(task, "status"), "FAILED");
	assert_string_equal(instance_column("fault"),
	    op_printf(&op, "Failed to create server for instance %s\n"
	    "Host testhost has no room.", INSTANCE));
	op_end(&op);
}

static void
timers_ring_in_their_order_and_each_task_has_one(void **state)
{
	static const char a[] = "00000000-0000-4000-8000-00000000000a";
	static const char b[] = "00000000-0000-4000-8000-00000000000b";

	(void)state;
	assert_int_equal(later_wait(700), 700);
	later_add(a, 200);
	later_add(b, 100);
	later_add(a, 5000);
	assert_null(later_due());
	assert_in_range(later_wait(700), 1, 100);
	clock_shift(100);
	assert_string_equal(later_due(), b);
	assert_null(later_due());
	clock_shift(4900);
	assert_string_equal(later_due(), a);
	assert_null(later_due());
	for (int i = 0; i < 1000; i++)		/* more than there is room for */
		later_add(i % 2 ? a : b, 0);
	assert_non_null(later_due());
	assert_non_null(later_due());
	assert_null(later_due());
	clock_shift(-5000);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup(name, worker_fixture_fresh)
#define G(name) cmocka_unit_test_setup(name, worker_fixture_guests)
	static const struct CMUnitTest tests[] = {
		T(the_sweep_rings_what_nobody_owns_and_only_once),
		T(tasks_that_ended_long_ago_are_forgotten),
		G(a_server_that_should_run_is_started_again_once),
		G(a_server_counts_as_back_when_its_guest_speaks_again),
		G(instances_of_another_host_are_left_to_it),
		T(slots_are_given_once_the_lowest_first_until_there_are_none),
		G(a_host_that_is_full_fails_the_create_and_says_so),
		T(timers_ring_in_their_order_and_each_task_has_one),
	};

	return cmocka_run_group_tests_name("duties", tests,
	    worker_fixture_start, worker_fixture_stop);
}
