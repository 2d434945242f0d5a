/* Conductors whose Redis, store or neighbour fails. */
#include "t/unit/test.h"
#include "t/unit/conductor_fixture.h"
#include "t/unit/pg_fixture.h"
#include "t/unit/redis_fixture.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/msg/bus.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- failures ------------------------------------------------------------------------------ */

static void
a_lost_report_is_repaired_by_the_next(void **state)
{
	(void)state;
	one_is_healthy(1);
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
	assert_int_equal(redis_call(&op, bus_redis(), NULL,
	    ARGV("CONFIG", "RESETSTAT")), OK);
	conductor_again();
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
	assert_in_range(con->waiting, 50, 50);	/* not one more than guests */
	assert_true(con->count[TAKEN] > 900);
	pg_fixture_again();
	for (int i = 0; i < 100 && con->waiting > 0; i++)
		turns(50);
	assert_int_equal(pg_fixture_number("SELECT count(*) FROM guests WHERE"
	    " status = 'healthy'"), 50);
}

static void
a_store_that_lost_its_last_second_is_told_again(void **state)
{
	(void)state;
	one_is_healthy(1);
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
	    "[guest]\nreport = 2\n", conf_str("coffer.key_file"),
	    pg_fixture_dsn(), redis_fixture_socket());
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
	assert_int_equal(con->count[TAKEN], 80);
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

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		T(a_lost_report_is_repaired_by_the_next),
		T(guests_are_let_in_again_after_redis_forgot_them),
		T(who_is_known_to_redis_is_not_let_in_twice),
		T(while_the_store_is_away_states_are_kept),
		T(a_store_that_lost_its_last_second_is_told_again),
		T(two_share_and_each_report_is_written_once),
		T(one_that_stops_gives_its_shards_back_at_once),
		T(fewer_shards_share_all_digits),
	};

	return conductor_fixture_run(tests, ROWS(tests));
}
