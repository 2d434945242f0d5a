#include "t/unit/test.h"
#include "t/unit/pg_fixture.h"
#include "lib/base/clock.h"
#include "lib/wire/pg.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const struct pg_stmt
    make = { "make", "INSERT INTO shards (shard) VALUES ($1::int)", 1 },
    gone = { "gone", "DELETE FROM shards WHERE shard >= 100", 0 },
    many = { "many", "SELECT count(*), NULL FROM shards WHERE shard >= 100", 0 },
    say = { "say", "SELECT refuse($1::text, $2::text)", 2 },
    hear = { "hear", "LISTEN coffer_test", 0 },
    nap = { "nap", "SELECT pg_sleep(30)", 0 },
    wrong = { "wrong", "SELECT nothing FROM nowhere", 0 },
    zone = { "zone", "SELECT timestamptz '2026-01-02 03:04:05+02', current_user", 0 },
    whole = { "whole", "SELECT array_length($1::text[], 1), ($1::text[])[2]", 1 };

static struct pg *pg;
static struct op op;

static int
fresh(void **state)
{
	(void)state;
	pg = pg_new(pg_fixture_dsn(), "admin", 2);
	op_begin(&op, "test");
	assert_int_equal(pg_run(&op, pg, &(struct pg_call){ .stmt = &gone }, 1,
	    false, false, NULL), OK);
	return 0;
}

static int
ended(void **state)
{
	(void)state;
	op_end(&op);
	pg_free(pg);
	return 0;
}

static enum err
one(const struct pg_stmt *s, const char *a, const char *b, bool reads,
    struct pg_rows *rows)
{
	struct pg_call c = { s, { a, b } };

	return pg_run(&op, pg, &c, 1, false, reads, rows);
}

static long
made(void)
{
	return pg_fixture_number("SELECT count(*) FROM shards WHERE shard >= 100");
}

static void
rows_come_back_and_null_is_null(void **state)
{
	struct pg_rows rows;

	(void)state;
	assert_int_equal(one(&many, NULL, NULL, true, &rows), OK);
	assert_int_equal(rows.count, 1);
	assert_string_equal(pg_text(&rows, 0, 0), "0");
	assert_null(pg_text(&rows, 0, 1));
}

static void
times_are_utc_and_the_role_is_the_programs(void **state)
{
	struct pg_rows rows;
	struct pg *api = pg_new(pg_fixture_dsn(), "coffer_api", 2);

	(void)state;
	assert_int_equal(pg_run(&op, api, &(struct pg_call){ .stmt = &zone },
	    1, false, true, &rows), OK);
	assert_string_equal(pg_text(&rows, 0, 0), "2026-01-02 01:04:05+00");
	assert_string_equal(pg_text(&rows, 0, 1), "coffer_api");
	pg_free(api);
}

static void
a_list_of_calls_is_one_transaction(void **state)
{
	const struct pg_call good[] = { { &make, { "100" } },
	    { &make, { "101" } }, { &many, { NULL } } };
	const struct pg_call bad[] = { { &make, { "102" } },
	    { &say, { "CF422", "not now" } }, { &make, { "103" } } };
	struct pg_rows rows[3];

	(void)state;
	assert_int_equal(pg_run(&op, pg, good, 3, true, false, rows), OK);
	assert_int_equal(rows[0].touched, 1);
	assert_string_equal(pg_text(&rows[2], 0, 0), "2");
	assert_int_equal(made(), 2);
	assert_int_equal(pg_run(&op, pg, bad, 3, true, false, rows),
	    ERR_UNPROCESSABLE);
	assert_false(pg_unsure(pg));
	assert_int_equal(made(), 2);
	assert_int_equal(one(&many, NULL, NULL, true, rows), OK);
}

static void
states_of_our_own_become_errors_with_their_text(void **state)
{
	static const struct { const char *state; enum err want; } rows[] = {
		{ "CF404", ERR_NOT_FOUND }, { "CF409", ERR_CONFLICT },
		{ "CF413", ERR_OVER_LIMIT }, { "CF422", ERR_UNPROCESSABLE },
		{ "CF503", ERR_UNAVAILABLE }, { "CFFEN", ERR_FENCED },
		{ "23505", ERR_CONFLICT }, { "53100", ERR_UNAVAILABLE },
		{ "40P01", ERR_UNAVAILABLE }, { "22012", ERR_INTERNAL },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		assert_int_equal(one(&say, rows[i].state, "the text", false,
		    NULL), rows[i].want);
		assert_non_null(strstr(op.why, "the text"));
	}
}

static void
a_statement_that_does_not_fit_the_schema_is_internal(void **state)
{
	(void)state;
	assert_int_equal(one(&wrong, NULL, NULL, true, NULL), ERR_INTERNAL);
	assert_int_equal(pg_prepare(&op, pg, &wrong), ERR_INTERNAL);
	assert_int_equal(pg_prepare(&op, pg, &whole), OK);
	assert_true(pg_alive(&op, pg));
}

static void
a_slow_statement_ends_within_the_timeout(void **state)
{
	int64_t from = clock_ms();

	(void)state;
	assert_int_equal(one(&nap, NULL, NULL, true, NULL), ERR_UNAVAILABLE);
	assert_in_range(clock_ms() - from, 1000, 2500);
	assert_true(pg_alive(&op, pg));
}

static void
elements_of_arrays_mean_nothing(void **state)
{
	const char *const list[] = { "a", "b\",\\{}'NULL", NULL };
	struct pg_rows rows;

	(void)state;
	assert_int_equal(one(&whole, pg_array(&op, list, 3), NULL, true,
	    &rows), OK);
	assert_string_equal(pg_text(&rows, 0, 0), "3");
	assert_string_equal(pg_text(&rows, 0, 1), list[1]);
	assert_int_equal(one(&whole, pg_array(&op, list, 0), NULL, true,
	    &rows), OK);
	assert_null(pg_text(&rows, 0, 0));
}

static void
reads_survive_a_lost_connection_and_idle_writes_too(void **state)
{
	(void)state;
	assert_true(pg_alive(&op, pg));
	pg_fixture_sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
	    "WHERE pid <> pg_backend_pid() AND datname = 'coffer'");
	clock_sleep_ms(50);
	assert_int_equal(one(&make, "100", NULL, false, NULL), OK);
	pg_fixture_crash();
	pg_fixture_again();
	assert_int_equal(one(&many, NULL, NULL, true, NULL), OK);
}

static void
a_dead_server_is_unavailable_at_once_and_comes_back(void **state)
{
	int64_t from;

	(void)state;
	pg_fixture_crash();
	from = clock_ms();
	for (int i = 0; i < 100; i++)
		assert_int_equal(one(&many, NULL, NULL, true, NULL),
		    ERR_UNAVAILABLE);
	assert_true(clock_ms() - from < 500);
	assert_false(pg_unsure(pg));
	pg_fixture_again();
	clock_sleep_ms(1100);
	assert_int_equal(one(&many, NULL, NULL, true, NULL), OK);
}

static void
a_server_that_never_answers_costs_no_more_than_the_timeout(void **state)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX,
	    .sun_path = "/tmp/.s.PGSQL.4999" };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct pg *mute = pg_new("host=/tmp port=4999", "admin", 1);
	int64_t from = clock_ms();

	(void)state;
	unlink(a.sun_path);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_false(pg_alive(&op, mute));
	assert_in_range(clock_ms() - from, 900, 1500);
	pg_free(mute);
	close(fd);
	unlink(a.sun_path);
}

/* The round trip after the NOTIFY brings it along; asking costs none. */
static void
news_are_heard_once_and_again_after_a_lost_connection(void **state)
{
	(void)state;
	pg_free(pg);
	pg = pg_new(pg_fixture_dsn(), "admin", 2);
	pg_listen(pg, &hear);
	assert_false(pg_told(pg));
	assert_true(pg_alive(&op, pg));
	assert_true(pg_told(pg));	/* there may have been any before */
	assert_false(pg_told(pg));
	pg_fixture_sql("NOTIFY coffer_other");
	assert_true(pg_alive(&op, pg));
	assert_false(pg_told(pg));
	pg_fixture_sql("NOTIFY coffer_test");
	assert_true(pg_alive(&op, pg));
	assert_true(pg_told(pg));
	assert_false(pg_told(pg));
	pg_fixture_sql("SELECT pg_terminate_backend(pid, 5000) FROM"
	    " pg_stat_activity WHERE query = 'LISTEN coffer_test' OR"
	    " query = 'SELECT 1'");
	assert_false(pg_told(pg));
	assert_int_equal(one(&make, "100", NULL, false, NULL), OK);
	assert_true(pg_told(pg));
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fresh, ended)
	static const struct CMUnitTest tests[] = {
		T(rows_come_back_and_null_is_null),
		T(times_are_utc_and_the_role_is_the_programs),
		T(a_list_of_calls_is_one_transaction),
		T(states_of_our_own_become_errors_with_their_text),
		T(a_statement_that_does_not_fit_the_schema_is_internal),
		T(a_slow_statement_ends_within_the_timeout),
		T(elements_of_arrays_mean_nothing),
		T(reads_survive_a_lost_connection_and_idle_writes_too),
		T(a_dead_server_is_unavailable_at_once_and_comes_back),
		T(news_are_heard_once_and_again_after_a_lost_connection),
		T(a_server_that_never_answers_costs_no_more_than_the_timeout),
	};

	return cmocka_run_group_tests_name("pg", tests, pg_fixture_start,
	    pg_fixture_stop);
}
