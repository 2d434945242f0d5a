/* What guests say and what becomes of it. */
#include "t/unit/test.h"
#include "t/unit/conductor_fixture.h"
#include "t/unit/pg_fixture.h"
#include "t/unit/redis_fixture.h"
#include "lib/base/clock.h"
#include "lib/msg/bus.h"

#include <string.h>

/* --- what is written ---------------------------------------------------------------- */

static void
a_change_is_in_the_store_at_once(void **state)
{
	struct report r = state_of("healthy");
	int64_t began;

	(void)state;
	guests_add(1, 1);
	settle();
	say(1, "building");
	until_status(1, "building");
	r.seq = guest_seq();
	r.order = "t1:prepare";
	r.err = "CONFLICT";
	r.why = "it \"was\" there, {so}, \\ what";
	report(1, &r);
	began = clock_ms();
	while (con->count[TAKEN] < 2 || con->waiting > 0)
		turns(0);
	assert_true(clock_ms() - began < 100);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM guests WHERE"
	    " status = 'healthy' AND order_id = 't1:prepare' AND order_err ="
	    " 'CONFLICT' AND order_why = E'it \"was\" there, {so}, \\\\ what'"
	    " AND used_bytes = 10 AND total_bytes = 100 AND agent_version ="
	    " '0.1.0' AND last_seen > now() - interval '5 s' AND seq = %lld",
	    (long long)r.seq), 1);
}

static void
waiting_tasks_of_the_guest_are_rung(void **state)
{
	const char *id;

	(void)state;
	guests_add(1, 2);
	for (int i = 1; i <= 2; i++)
		for (int k = 0; k < 3; k++)
			pg_fixture_sql("INSERT INTO tasks (id, instance_id,"
			    " tenant_id, user_id, request_id, kind, status,"
			    " deadline) VALUES ('%d%d111111-1111-1111-1111-"
			    "111111111111', '%s', 't', 'u', 'r', 'create', '%s',"
			    " now())", i, k, name_of(i), k == 0 ? "WAITING" :
			    k == 1 ? "RUNNING" : "SUCCEEDED");
	settle();
	say(1, "healthy");
	until_status(1, "healthy");
	assert_int_equal(bus_take(&op, "w", NULL, 0, &id), OK);
	assert_string_equal(id, "10111111-1111-1111-1111-111111111111");
	assert_int_equal(bus_take(&op, "w", NULL, 0, &id), OK);
	assert_null(id);
}

static void
thousands_of_changes_take_few_statements(void **state)
{
	unsigned before;

	(void)state;
	guests_add(1, 2500);
	settle();
	for (int n = 1; n <= 2500; n++)
		say(n, "healthy");
	before = store_calls();
	while (con->count[TAKEN] < 2500 || con->waiting > 0)
		turns(0);
	assert_true(store_calls() - before < 100);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM guests WHERE"
	    " status = 'healthy'"), 2500);
}

static void
only_the_newest_state_of_a_guest_is_written(void **state)
{
	unsigned before;

	(void)state;
	guests_add(1, 1);
	settle();
	for (int i = 0; i < 40; i++)
		say(1, i % 2 == 0 ? "building" : "crashed");
	before = store_calls();
	while (con->count[TAKEN] < 40 || con->waiting > 0)
		turns(0);
	assert_true(store_calls() - before <= 12);
	assert_int_equal(status_is(1, "crashed"), 1);
}

static void
what_does_not_change_is_only_seen(void **state)
{
	struct report r;
	long changed;

	(void)state;
	one_is_healthy(1);
	changed = pg_fixture_number("SELECT extract(epoch FROM changed) * 1000"
	    " FROM guests");
	pg_fixture_sql("UPDATE guests SET last_seen = now() - interval '1 h'");
	r = state_of("healthy");
	r.used_bytes = 77;
	report(1, &r);
	turns(1500);
	assert_int_equal(con->count[CHANGED], 1);
	assert_int_equal(pg_fixture_number("SELECT used_bytes FROM guests"
	    " WHERE last_seen > now() - interval '5 s'"), 77);
	assert_int_equal(pg_fixture_number("SELECT extract(epoch FROM changed)"
	    " * 1000 FROM guests"), changed);
	assert_true(pg_fixture_number("SELECT seq / 1000 FROM guests") ==
	    r.seq / 1000);
}

static void
one_bad_state_does_not_hold_up_the_others(void **state)
{
	(void)state;
	guests_add(1, 20);
	settle();
	pg_fixture_sql("ALTER TABLE guests ADD CONSTRAINT bad CHECK"
	    " (order_why <> 'poison')");
	for (int n = 1; n <= 20; n++) {
		struct report r = state_of("healthy");

		r.why = n == 7 ? "poison" : "fine";
		report(n, &r);
	}
	for (int i = 0; i < 40; i++)
		turns(0);
	assert_int_equal(con->waiting, 0);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM guests WHERE"
	    " status = 'healthy'"), 19);
}

/* Else Redis would cut off whoever waits for a slow store instead of listening. */
static void
reading_goes_on_while_the_store_is_slow(void **state)
{
	unsigned before;

	(void)state;
	guests_add(1, 200);
	settle();
	pg_fixture_sql("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql"
	    " AS 'BEGIN PERFORM pg_sleep(0.8); RETURN NULL; END';"
	    "CREATE TRIGGER slow AFTER UPDATE ON guests FOR EACH STATEMENT"
	    " EXECUTE FUNCTION slow()");
	for (int i = 0; i < 30; i++)
		for (int n = 1; n <= 200; n++)
			say(n, i % 2 == 0 ? "building" : "healthy");
	before = store_calls();
	con->seen.time = con->silent.time = clock_ms() + 60000;
	con->lease_at = clock_ms() + 60000;
	while (con->count[TAKEN] < 6000 || con->waiting > 0)
		turns(0);
	/* one at first, one for what was read then, one for the rest */
	assert_in_range(store_calls() - before, 2, 6);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM guests WHERE"
	    " status = 'healthy'"), 200);
}

/* --- who comes and goes --------------------------------------------------------------- */

static void
a_new_guest_is_found_by_its_first_report(void **state)
{
	(void)state;
	settle();
	guests_add(5, 1);
	say(5, "healthy");
	until_status(5, "healthy");
	assert_int_equal(con->count[UNKNOWN], 0);
}

static void
nobody_is_not_looked_up_over_and_over(void **state)
{
	unsigned before;

	(void)state;
	settle();
	before = store_calls();
	for (int i = 0; i < 300; i++)
		say(5, "healthy");
	turns(100);
	assert_int_equal(con->count[UNKNOWN], 300);
	assert_true(store_calls() - before < 10);
}

static void
a_guest_whose_row_is_gone_is_forgotten_and_locked_out(void **state)
{
	struct redis *r;

	(void)state;
	guests_add(1, 2);
	settle();
	assert_int_equal(guest_admit(&op, bus_redis(), seal_master(),
	    name_of(1), 1), OK);
	say(1, "healthy");
	until_status(1, "healthy");
	pg_fixture_sql("DELETE FROM guests WHERE instance_id = '%s'",
	    name_of(1));
	say(1, "crashed");
	turns(100);
	assert_int_equal(con->roll[1]->guests, 0);
	assert_int_equal(con->waiting, 0);
	r = redis_fixture_user(guest_redis_user(&op, name_of(1)),
	    guest_redis_password(&op, seal_master(), name_of(1), 1));
	assert_int_equal(redis_call(&op, r, NULL, ARGV("PING")),
	    ERR_UNAVAILABLE);
	redis_free(r);
}

static void
a_new_key_is_taken_from_the_store(void **state)
{
	struct report r;
	const char *m;
	size_t len;

	(void)state;
	one_is_healthy(1);
	pg_fixture_sql("UPDATE instances SET key_epoch = 2");
	r = state_of("crashed");
	m = sealed(1, 2, &r, &len);
	publish(guest_channel_out(&op, name_of(1)), m, len);
	until_status(1, "crashed");
	say(1, "healthy");			/* with the old key */
	turns(50);
	assert_int_equal(con->count[FORGED], 1);
	assert_int_equal(status_is(1, "crashed"), 1);
}

/* --- silence ----------------------------------------------------------------------------- */

static void
silence_is_noticed_and_ends_with_a_word(void **state)
{
	(void)state;
	guests_add(1, 3);
	settle();
	say(1, "healthy");
	say(2, "healthy");
	until_status(2, "healthy");
	time_passes(4000);
	assert_int_equal(status_is(1, "healthy"), 1);
	say(2, "healthy");
	time_passes(4000);
	until_status(1, "silent");
	assert_int_equal(status_is(2, "healthy"), 1);
	assert_int_equal(status_is(3, "new"), 1);	/* never spoke */
	say(1, "healthy");
	until_status(1, "healthy");
}

static void
silence_is_noticed_also_after_a_restart(void **state)
{
	(void)state;
	one_is_healthy(1);
	conductor_again();
	time_passes(4000);
	assert_int_equal(status_is(1, "healthy"), 1);
	time_passes(4000);
	until_status(1, "silent");
}

static void
nobody_is_silent_while_redis_is_away(void **state)
{
	(void)state;
	one_is_healthy(1);
	redis_fixture_kill();
	time_passes(12000);
	assert_true(con->deaf);
	redis_fixture_again();
	settle();
	time_passes(3000);
	assert_int_equal(status_is(1, "healthy"), 1);
	time_passes(5000);
	until_status(1, "silent");
}

static void
nobody_is_silent_because_we_were_stopped(void **state)
{
	(void)state;
	one_is_healthy(1);
	clock_shift(60000);			/* as SIGSTOP and SIGCONT */
	turns(1200);
	assert_int_equal(status_is(1, "healthy"), 1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		T(a_change_is_in_the_store_at_once),
		T(waiting_tasks_of_the_guest_are_rung),
		T(thousands_of_changes_take_few_statements),
		T(only_the_newest_state_of_a_guest_is_written),
		T(what_does_not_change_is_only_seen),
		T(one_bad_state_does_not_hold_up_the_others),
		T(reading_goes_on_while_the_store_is_slow),
		T(a_new_guest_is_found_by_its_first_report),
		T(nobody_is_not_looked_up_over_and_over),
		T(a_guest_whose_row_is_gone_is_forgotten_and_locked_out),
		T(a_new_key_is_taken_from_the_store),
		T(silence_is_noticed_and_ends_with_a_word),
		T(silence_is_noticed_also_after_a_restart),
		T(nobody_is_silent_while_redis_is_away),
		T(nobody_is_silent_because_we_were_stopped),
	};

	return conductor_fixture_run(tests, ROWS(tests));
}
