/* The conductor between a real Redis and a real PostgreSQL. */
#include "t/unit/test.h"
#include "t/unit/pg_fixture.h"
#include "t/unit/redis_fixture.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/msg/bus.h"
#include "lib/wire/redis.h"
#include "worker/conductor.h"

#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct conductor *c;
static struct op op;
static char key_file[64];

#define ARGV(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* --- a world ------------------------------------------------------------------- */

static void
set(const char *section, const char *name, const char *value)
{
	assert_int_equal(conf_set(&op, section, name, value), OK);
}

static int
world_begin(void **state)
{
	FILE *f;

	strcpy(key_file, "/tmp/coffer-key.XXXXXX");
	f = fdopen(mkstemp(key_file), "w");
	for (int i = 0; i < 32; i++)
		fprintf(f, "%02x", i);
	fclose(f);
	op_begin(&op, "test");
	log_init("test", LOG_ERROR);
	pg_fixture_start(state);
	set("pg", "dsn", pg_fixture_dsn());
	set("pg", "timeout", "2");
	set("coffer", "key_file", key_file);
	set("guest", "report", "2");
	set("conductor", "seen", "1");
	set("conductor", "lease", "2");
	assert_int_equal(seal_master_load(&op), OK);
	pg_fixture_sql("INSERT INTO datastores VALUES"
	    " ('11111111-1111-1111-1111-111111111111', 'null');"
	    "INSERT INTO datastore_versions (id, datastore_id, name, version,"
	    " manager) VALUES ('22222222-2222-2222-2222-222222222222',"
	    " '11111111-1111-1111-1111-111111111111', '1', '1', 'null')");
	op_end(&op);
	return redis_fixture_start(state);
}

static int
world_end(void **state)
{
	unlink(key_file);
	redis_fixture_stop(state);
	return pg_fixture_stop(state);
}

static struct conductor *
conductor_new(const char *name)
{
	struct conductor *new = calloc(1, sizeof(*new));

	if (new == NULL)
		err(1, NULL);
	conductor_begin(new, name);
	return new;
}

static int
begin(void **state)
{
	(void)state;
	op_begin(&op, "test");
	pg_fixture_sql("TRUNCATE guests, instances, tasks;"
	    "UPDATE shards SET owner = NULL, lease_until = NULL");
	store_open("coffer_conductor");
	bus_open();
	assert_int_equal(redis_call_wait(&op, bus_redis(), NULL,
	    ARGV("FLUSHALL"), 1000), OK);
	c = conductor_new("one");
	return 0;
}

static int
end(void **state)
{
	(void)state;
	conductor_end(&op, c);
	free(c);
	bus_close();
	store_close();
	op_end(&op);
	/* also what a test that failed left */
	pg_fixture_sql("DROP FUNCTION IF EXISTS slow CASCADE;"
	    "DROP FUNCTION IF EXISTS told CASCADE;"
	    "ALTER TABLE guests DROP CONSTRAINT IF EXISTS bad;"
	    "DROP TABLE IF EXISTS told");
	return 0;
}

/* Guests are numbered; the first digit of the id is the number modulo 16. */
static const char *
name_of(int n)
{
	return op_printf(&op, "%x%07x-1111-4222-8333-444444444444", n % 16, n);
}

static void
guests_add(int from, int n)
{
	pg_fixture_sql("INSERT INTO instances (id, tenant_id, name, version_id,"
	    " flavor_id, ram_mb, vcpus, volume_gb, region) SELECT (to_hex(n %%"
	    " 16) || lpad(to_hex(n), 7, '0') || '-1111-4222-8333-444444444444')"
	    "::uuid, 't', 'i', '22222222-2222-2222-2222-222222222222', '1', 1,"
	    " 1, 1, 'r' FROM generate_series(%d, %d) n;"
	    "INSERT INTO guests (instance_id) SELECT id FROM instances"
	    " ON CONFLICT DO NOTHING", from, from + n - 1);
}

static struct report
state_of(const char *status)
{
	return (struct report){ .seq = guest_seq(), .status = status,
	    .used_bytes = 10, .total_bytes = 100, .version = "0.1.0",
	    .err = "OK" };
}

static const char *
sealed(int n, int epoch, const struct report *r, size_t *len)
{
	struct key key;

	guest_key(&key, seal_master(), name_of(n), epoch);
	return guest_write_report(&op, &key, name_of(n), r, len);
}

static void
publish(const char *channel, const char *data, size_t len)
{
	const struct redis_command k = { { "PUBLISH", channel, data },
	    { 0, 0, len }, .n = 3 };

	assert_int_equal(redis_pipe(&op, bus_redis(), &k, 1, NULL), OK);
}

static void
report(int n, const struct report *r)
{
	size_t len;
	const char *m = sealed(n, 1, r, &len);

	publish(guest_channel_out(&op, name_of(n)), m, len);
}

static void
say(int n, const char *status)
{
	struct report r = state_of(status);

	report(n, &r);
}

static void
turns(int ms)
{
	int64_t until = clock_ms() + ms;

	do {
		struct op each;

		op_begin(&each, "turn");
		conductor_turn(&each, c, 10);
		op_end(&each);
	} while (clock_ms() < until);
}

/* Listening to all shards. */
static void
settle(void)
{
	int64_t until = clock_ms() + 5000;
	int n;

	do {
		turns(0);
		n = 0;
		for (int d = 0; d < SHARDS; d++)
			n += c->roll[d] != NULL && !c->roll[d]->admitting;
		assert_true(clock_ms() < until);
	} while (n < SHARDS || c->ears != ears_epoch());
}

static long
status_is(int n, const char *status)
{
	return pg_fixture_number("SELECT count(*) FROM guests WHERE instance_id"
	    " = '%s' AND status = '%s'", name_of(n), status);
}

static void
until_status(int n, const char *status)
{
	int64_t until = clock_ms() + 5000;

	while (status_is(n, status) != 1) {
		assert_true(clock_ms() < until);
		turns(5);
	}
}

/* In steps that the conductor does not take for having been stopped. */
static void
time_passes(int ms)
{
	for (int i = 0; i < ms; i += 500) {
		clock_shift(500);
		turns(0);
	}
}

/* --- the roll --------------------------------------------------------------------- */

static void
a_roll_finds_who_is_there_and_nobody_else(void **state)
{
	enum { N = 5000 };
	static unsigned char id[N][16];
	struct roll *r = roll_new(0);

	(void)state;
	seal_random(id, sizeof(id));
	for (int i = 0; i < N; i++)
		assert_memory_equal(roll_add(r, id[i])->id, id[i], 16);
	for (int i = 0; i < N; i += 3)
		roll_forget(r, roll_find(r, id[i]));
	for (int i = 0; i < N; i++) {
		const struct guest *g = roll_find(r, id[i]);

		assert_int_equal(g != NULL, i % 3 != 0);
		assert_true(g == NULL || memcmp(g->id, id[i], 16) == 0);
	}
	for (int i = 0; i < N; i += 3)	/* into the places that are free */
		roll_add(r, id[i]);
	assert_int_equal(r->places, N);
	assert_int_equal(r->guests, N);
	for (int i = 0; i < N; i++)
		assert_non_null(roll_find(r, id[i]));
	roll_free(r);
}

static void
ids_are_read_as_they_are_written(void **state)
{
	char out[37];
	unsigned char id[16];

	(void)state;
	assert_true(guest_id_read(id, "01234567-89ab-cdef-0123-456789abcdef"));
	guest_id_write(out, id);
	assert_string_equal(out, "01234567-89ab-cdef-0123-456789abcdef");
	assert_false(guest_id_read(id, "01234567-89ab-cdef-0123-456789abcdeg"));
	assert_false(guest_id_read(id, "01234567089ab-cdef-0123-456789abcdef"));
}

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
	while (c->count[TAKEN] < 2 || c->waiting > 0)
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
	while (c->count[TAKEN] < 2500 || c->waiting > 0)
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
	while (c->count[TAKEN] < 40 || c->waiting > 0)
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
	guests_add(1, 1);
	settle();
	say(1, "healthy");
	until_status(1, "healthy");
	changed = pg_fixture_number("SELECT extract(epoch FROM changed) * 1000"
	    " FROM guests");
	pg_fixture_sql("UPDATE guests SET last_seen = now() - interval '1 h'");
	r = state_of("healthy");
	r.used_bytes = 77;
	report(1, &r);
	turns(1500);
	assert_int_equal(c->count[CHANGED], 1);
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
	assert_int_equal(c->waiting, 0);
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
	c->seen.time = c->silent.time = clock_ms() + 60000;
	c->lease_at = clock_ms() + 60000;
	while (c->count[TAKEN] < 6000 || c->waiting > 0)
		turns(0);
	/* one at first, one for what was read then, one for the rest */
	assert_in_range(store_calls() - before, 2, 6);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM guests WHERE"
	    " status = 'healthy'"), 200);
}

/* --- what is dropped ------------------------------------------------------------------- */

static void
what_is_forged_or_foreign_changes_nothing(void **state)
{
	struct report r = state_of("failed");
	char *big = op_alloc(&op, GUEST_MAX + 100);
	const char *m, *out1, *out2;
	size_t len;

	(void)state;
	guests_add(1, 2);
	settle();
	say(1, "healthy");
	until_status(1, "healthy");
	out1 = guest_channel_out(&op, name_of(1));
	out2 = guest_channel_out(&op, name_of(2));
	m = sealed(2, 1, &r, &len);		/* another guest's credentials */
	publish(out1, m, len);
	m = sealed(1, 1, &r, &len);		/* its own, on another's channel */
	publish(out2, m, len);
	m = sealed(1, 9, &r, &len);		/* a key it does not have */
	publish(out1, m, len);
	publish(out1, m, len / 2);
	publish(out1, "r", 1);
	publish(out1, "rubbish that is long enough to be something sealed", 50);
	memset(big, 'r', GUEST_MAX + 100);
	publish(out1, big, GUEST_MAX + 100);
	publish("coffer:g:1:not-an-id:out", m, len);
	publish("coffer:g:1:20000002-1111-4222-8333-444444444444:out", m, len);
	publish(out1, "a", 1);			/* an answer: not ours to judge */
	publish(out1, "o", 1);
	turns(200);
	assert_int_equal(c->count[TAKEN], 1);
	assert_int_equal(c->count[FORGED], 6);
	assert_int_equal(c->count[TOO_LARGE], 1);
	assert_int_equal(c->count[NOT_OURS], 2);
	assert_int_equal(status_is(1, "healthy"), 1);
	assert_int_equal(status_is(2, "new"), 1);
}

static void
old_repeated_and_future_reports_are_stale(void **state)
{
	struct report r = state_of("building");
	const char *m, *out = guest_channel_out(&op, name_of(1));
	size_t len;

	(void)state;
	guests_add(1, 1);
	settle();
	m = sealed(1, 1, &r, &len);
	say(1, "healthy");
	publish(out, m, len);			/* older */
	until_status(1, "healthy");
	r = state_of("crashed");
	m = sealed(1, 1, &r, &len);
	publish(out, m, len);
	publish(out, m, len);			/* twice */
	until_status(1, "crashed");
	r = state_of("failed");
	r.seq += 400LL * 1000000;		/* from tomorrow */
	report(1, &r);
	turns(100);
	assert_int_equal(c->count[STALE], 3);
	assert_int_equal(status_is(1, "crashed"), 1);
	/* and a restart of the conductor does not make it forget */
	conductor_end(&op, c);
	free(c);
	c = conductor_new("one");
	settle();
	publish(out, m, len);
	turns(100);
	assert_int_equal(c->count[STALE], 1);
	assert_int_equal(c->count[TAKEN], 0);
}

static void
a_flood_of_one_guest_is_cut_before_it_costs(void **state)
{
	struct report r;

	(void)state;
	guests_add(1, 2);
	settle();
	for (int i = 0; i < 400; i++)
		say(1, i % 2 == 0 ? "healthy" : "crashed");
	say(2, "healthy");
	until_status(2, "healthy");
	assert_in_range(c->count[TAKEN], 51, 103);
	assert_in_range(c->count[TOO_MANY], 298, 350);
	clock_shift(1000);
	r = state_of("failed");
	report(1, &r);
	until_status(1, "failed");
}

/* Not by ACL LIST: it takes Redis seconds to describe thousands of users. */
static bool
is_let_in(int n)
{
	struct redis_reply r = { 0 };

	assert_int_equal(redis_call(&op, bus_redis(), &r, ARGV("ACL", "GETUSER",
	    guest_redis_user(&op, name_of(n)))), OK);
	return r.kind == REDIS_LIST;
}

/*
 * 17 MB at a time, until it is more than 32 MB in one second.  Only reading them
 * takes time: a slow machine would not say so much in a second.
 */
static void
shouts(int n, char kind)
{
	static char junk[60000];

	junk[0] = kind;
	clock_shift(1000 - clock_ms() % 1000);
	for (int round = 0; round < 20 && is_let_in(n); round++) {
		int64_t began = clock_ms();

		for (int i = 0; i < 290; i++)
			publish(guest_channel_out(&op, name_of(n)), junk,
			    sizeof(junk));
		clock_shift(began - clock_ms());
		turns(20);
	}
	assert_false(is_let_in(n));
}

static void
who_shouts_others_down_is_shut_out_for_a_while(void **state)
{
	static char junk[60000] = "r";

	(void)state;
	guests_add(1, 3);
	settle();
	for (int n = 1; n <= 3; n++)
		assert_int_equal(guest_admit(&op, bus_redis(), seal_master(),
		    name_of(n), 1), OK);
	/* Much, but not too much: 6 MB in a second. */
	clock_shift(1000);
	for (int i = 0; i < 100; i++)
		publish(guest_channel_out(&op, name_of(1)), junk, sizeof(junk));
	turns(100);
	assert_true(is_let_in(1));
	shouts(2, 'a');
	assert_true(is_let_in(1));
	assert_true(is_let_in(3));
	say(2, "failed");
	clock_shift(1000);
	say(3, "shutdown");
	until_status(3, "shutdown");
	assert_int_equal(status_is(2, "failed"), 0);
	time_passes(20000);
	assert_false(is_let_in(2));
	time_passes(12000);
	assert_true(is_let_in(2));
	say(2, "failed");
	until_status(2, "failed");
}

/* Who was deleted meanwhile stays out, and a conductor that dies leaves nobody so. */
static void
who_was_shut_out_is_neither_forgotten_nor_revived(void **state)
{
	(void)state;
	guests_add(1, 2);
	settle();
	for (int n = 1; n <= 2; n++)
		assert_int_equal(guest_admit(&op, bus_redis(), seal_master(),
		    name_of(n), 1), OK);
	shouts(1, 'r');
	shouts(2, 'r');
	pg_fixture_sql("DELETE FROM guests WHERE instance_id = '%s'",
	    name_of(2));
	conductor_end(&op, c);
	free(c);
	c = conductor_new("one");
	settle();
	assert_true(is_let_in(1));
	assert_false(is_let_in(2));
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
	assert_int_equal(c->count[UNKNOWN], 0);
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
	assert_int_equal(c->count[UNKNOWN], 300);
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
	assert_int_equal(c->roll[1]->guests, 0);
	assert_int_equal(c->waiting, 0);
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
	guests_add(1, 1);
	settle();
	say(1, "healthy");
	until_status(1, "healthy");
	pg_fixture_sql("UPDATE instances SET key_epoch = 2");
	r = state_of("crashed");
	m = sealed(1, 2, &r, &len);
	publish(guest_channel_out(&op, name_of(1)), m, len);
	until_status(1, "crashed");
	say(1, "healthy");			/* with the old key */
	turns(50);
	assert_int_equal(c->count[FORGED], 1);
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
	guests_add(1, 1);
	settle();
	say(1, "healthy");
	until_status(1, "healthy");
	conductor_end(&op, c);
	free(c);
	c = conductor_new("one");
	settle();
	time_passes(4000);
	assert_int_equal(status_is(1, "healthy"), 1);
	time_passes(4000);
	until_status(1, "silent");
}

static void
nobody_is_silent_while_redis_is_away(void **state)
{
	(void)state;
	guests_add(1, 1);
	settle();
	say(1, "healthy");
	until_status(1, "healthy");
	redis_fixture_kill();
	time_passes(12000);
	assert_true(c->deaf);
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
	guests_add(1, 1);
	settle();
	say(1, "healthy");
	until_status(1, "healthy");
	clock_shift(60000);			/* as SIGSTOP and SIGCONT */
	turns(1200);
	assert_int_equal(status_is(1, "healthy"), 1);
}

/* --- failures ------------------------------------------------------------------------------ */

static void
a_lost_report_is_repaired_by_the_next(void **state)
{
	(void)state;
	guests_add(1, 1);
	settle();
	say(1, "healthy");
	until_status(1, "healthy");
	redis_fixture_kill();
	redis_fixture_again();
	say(1, "crashed");			/* nobody listens */
	settle();
	turns(100);
	assert_int_equal(status_is(1, "healthy"), 1);
	say(1, "crashed");
	until_status(1, "crashed");
}

static void
guests_are_let_in_again_after_redis_forgot_them(void **state)
{
	struct redis *r;

	(void)state;
	guests_add(1, 600);
	settle();
	r = redis_fixture_user(guest_redis_user(&op, name_of(600)),
	    guest_redis_password(&op, seal_master(), name_of(600), 1));
	assert_int_equal(redis_call(&op, r, NULL, ARGV("PING")), OK);
	redis_fixture_kill();
	redis_fixture_again();
	assert_int_equal(redis_call(&op, r, NULL, ARGV("PING")),
	    ERR_UNAVAILABLE);
	turns(100);
	settle();
	assert_int_equal(redis_call_wait(&op, r, NULL, ARGV("PING"), 1000), OK);
	redis_free(r);
}

static void
who_is_known_to_redis_is_not_let_in_twice(void **state)
{
	struct redis_reply stat;

	(void)state;
	guests_add(1, 50);
	settle();
	conductor_end(&op, c);
	free(c);
	assert_int_equal(redis_call(&op, bus_redis(), NULL,
	    ARGV("CONFIG", "RESETSTAT")), OK);
	c = conductor_new("one");
	settle();
	assert_int_equal(redis_call(&op, bus_redis(), &stat,
	    ARGV("INFO", "commandstats")), OK);
	assert_null(strstr(stat.text, "acl|setuser"));
}

static void
while_the_store_is_away_states_are_kept(void **state)
{
	(void)state;
	guests_add(1, 50);
	settle();
	pg_fixture_crash();
	for (int i = 0; i < 20; i++) {
		for (int n = 1; n <= 50; n++)
			say(n, i % 2 == 0 ? "building" : "healthy");
		turns(100);
		clock_shift(500);
	}
	assert_in_range(c->waiting, 50, 50);	/* not one more than guests */
	assert_true(c->count[TAKEN] > 900);
	pg_fixture_again();
	for (int i = 0; i < 100 && c->waiting > 0; i++)
		turns(50);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM guests WHERE"
	    " status = 'healthy'"), 50);
}

static void
a_store_that_lost_its_last_second_is_told_again(void **state)
{
	(void)state;
	guests_add(1, 1);
	settle();
	say(1, "healthy");
	until_status(1, "healthy");
	/* what a failover to a replica that lags behind looks like */
	pg_fixture_sql("UPDATE guests SET status = 'building', seq = seq - 9");
	say(1, "healthy");
	turns(1500);				/* "seen" does not fit the row */
	say(1, "healthy");
	until_status(1, "healthy");
}

/* --- several conductors ----------------------------------------------------------------------- */

/* The program itself, under this name; top_builddir is where make runs tests. */
static pid_t
another(const char *name)
{
	const char *build = getenv("top_builddir");
	char conf[] = "/tmp/coffer-conf.XXXXXX", program[256];
	pid_t parent = getpid(), child;
	FILE *f = fdopen(mkstemp(conf), "w");

	fprintf(f, "[coffer]\nkey_file = %s\nlog_level = error\n[pg]\ndsn = "
	    "%s\n[redis]\nsocket = %s\n[conductor]\nlease = 2\nseen = 1\n"
	    "[guest]\nreport = 2\n", key_file, pg_fixture_dsn(),
	    redis_fixture_socket());
	fclose(f);
	snprintf(program, sizeof(program), "%s/worker/coffer-conductor",
	    build != NULL ? build : ".");
	if ((child = fork()) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() == parent)
			execl(program, program, "-c", conf, "-n", name, NULL);
		_exit(127);
	}
	usleep(300000);			/* it has read its settings */
	unlink(conf);
	return child;
}

static long
ours(void)
{
	return pg_fixture_number("SELECT count(*) FROM shards WHERE owner ="
	    " 'one' AND lease_until > now()");
}

static long
live(void)
{
	return pg_fixture_number("SELECT count(*) FROM shards WHERE lease_until"
	    " > now()");
}

static void
until_ours(long n)
{
	int64_t until = clock_ms() + 8000;

	while (ours() != n) {
		assert_true(clock_ms() < until);
		turns(50);
	}
}

static void
two_share_and_each_report_is_written_once(void **state)
{
	pid_t two;

	(void)state;
	guests_add(1, 160);
	pg_fixture_sql("CREATE TABLE told (id uuid);"
	    "CREATE FUNCTION told() RETURNS trigger LANGUAGE plpgsql SECURITY"
	    " DEFINER AS 'BEGIN INSERT INTO told VALUES (NEW.instance_id);"
	    " RETURN NEW; END';"
	    "CREATE TRIGGER told AFTER UPDATE OF status ON guests FOR EACH ROW"
	    " WHEN (NEW.status = 'healthy' OR NEW.status = 'crashed')"
	    " EXECUTE FUNCTION told()");
	settle();
	assert_int_equal(ours(), 16);
	two = another("two");
	until_ours(8);
	assert_int_equal(live(), 16);
	turns(800);			/* both have noticed and loaded */
	for (int n = 1; n <= 160; n++)
		say(n, "healthy");
	turns(500);
	assert_int_equal(c->count[TAKEN], 80);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM told"), 160);
	assert_int_equal(pg_fixture_number("SELECT count(DISTINCT id) FROM"
	    " told"), 160);
	/* One dies; its shards are ours when its lease has run out. */
	kill(two, SIGKILL);
	waitpid(two, NULL, 0);
	until_ours(16);
	turns(100);
	for (int n = 1; n <= 160; n++)
		say(n, "crashed");
	turns(500);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM guests WHERE"
	    " status = 'crashed'"), 160);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM told"), 320);
}

static void
one_that_stops_gives_its_shards_back_at_once(void **state)
{
	pid_t two;
	int status;

	(void)state;
	settle();
	two = another("two");
	until_ours(8);
	kill(two, SIGTERM);
	assert_int_equal(waitpid(two, &status, 0), two);
	assert_int_equal(status, 0);
	assert_int_equal(live(), 8);
	until_ours(16);
}

static void
fewer_shards_share_all_digits(void **state)
{
	(void)state;
	set("conductor", "shards", "3");
	guests_add(1, 16);
	settle();
	assert_int_equal(ours(), 3);
	for (int n = 1; n <= 16; n++)
		say(n, "healthy");
	turns(100);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM guests WHERE"
	    " status = 'healthy'"), 16);
	set("conductor", "shards", "16");
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_roll_finds_who_is_there_and_nobody_else),
		cmocka_unit_test(ids_are_read_as_they_are_written),
		T(a_change_is_in_the_store_at_once),
		T(waiting_tasks_of_the_guest_are_rung),
		T(thousands_of_changes_take_few_statements),
		T(only_the_newest_state_of_a_guest_is_written),
		T(what_does_not_change_is_only_seen),
		T(one_bad_state_does_not_hold_up_the_others),
		T(reading_goes_on_while_the_store_is_slow),
		T(what_is_forged_or_foreign_changes_nothing),
		T(old_repeated_and_future_reports_are_stale),
		T(a_flood_of_one_guest_is_cut_before_it_costs),
		T(who_shouts_others_down_is_shut_out_for_a_while),
		T(who_was_shut_out_is_neither_forgotten_nor_revived),
		T(a_new_guest_is_found_by_its_first_report),
		T(nobody_is_not_looked_up_over_and_over),
		T(a_guest_whose_row_is_gone_is_forgotten_and_locked_out),
		T(a_new_key_is_taken_from_the_store),
		T(silence_is_noticed_and_ends_with_a_word),
		T(silence_is_noticed_also_after_a_restart),
		T(nobody_is_silent_while_redis_is_away),
		T(nobody_is_silent_because_we_were_stopped),
		T(a_lost_report_is_repaired_by_the_next),
		T(guests_are_let_in_again_after_redis_forgot_them),
		T(who_is_known_to_redis_is_not_let_in_twice),
		T(while_the_store_is_away_states_are_kept),
		T(a_store_that_lost_its_last_second_is_told_again),
		T(two_share_and_each_report_is_written_once),
		T(one_that_stops_gives_its_shards_back_at_once),
		T(fewer_shards_share_all_digits),
	};

	if (system("command -v redis-server >/dev/null") != 0 ||
	    access("/usr/lib/postgresql", R_OK) != 0) {
		printf("1..0 # SKIP no redis-server or PostgreSQL here\n");
		return 0;
	}
	seal_init();
	return cmocka_run_group_tests(tests, world_begin, world_end);
}
