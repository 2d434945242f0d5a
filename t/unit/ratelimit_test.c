#include "t/unit/test.h"

#include "fcgi/ratelimit.h"
#include "fcgi/shared.h"
#include "lib/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int
empty_buckets(void **state)
{
	(void)state;
	memset(shared_memory()->bucket, 0, sizeof(shared_memory()->bucket));
	return 0;
}

static void
as_many_as_the_rate_pass_and_the_next_waits(void **state)
{
	(void)state;
	for (int i = 0; i < 200; i++)
		assert_int_equal(ratelimit_take("p", GET, 200), 0);
	assert_int_equal(ratelimit_take("p", GET, 200), 1);
	assert_int_equal(ratelimit_left("p", GET, 200), 0);
}

/* A rate of 3: the fourth runs over by 20 seconds (as the reference answers). */
static void
the_wait_is_what_would_run_over(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(ratelimit_take("p", GET, 3), 0);
	assert_int_equal(ratelimit_take("p", GET, 3), 20);
	clock_shift(19000);
	assert_in_range(ratelimit_take("p", GET, 3), 1, 2);
	clock_shift(1000);
	assert_int_equal(ratelimit_take("p", GET, 3), 0);
	assert_int_equal(ratelimit_take("p", GET, 3), 20);
}

static void
what_was_refused_is_not_counted(void **state)
{
	(void)state;
	assert_int_equal(ratelimit_take("p", PUT, 1), 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(ratelimit_take("p", PUT, 1), 60);
	clock_shift(60000);
	assert_int_equal(ratelimit_take("p", PUT, 1), 0);
}

static void
projects_and_methods_have_buckets_of_their_own(void **state)
{
	(void)state;
	assert_int_equal(ratelimit_take("p", GET, 1), 0);
	assert_int_not_equal(ratelimit_take("p", GET, 1), 0);
	assert_int_equal(ratelimit_take("p", POST, 1), 0);
	assert_int_equal(ratelimit_take("q", GET, 1), 0);
}

static void
no_rate_is_no_limit(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(ratelimit_take("p", GET, 0), 0);
}

static void
what_is_left_grows_back(void **state)
{
	(void)state;
	assert_int_equal(ratelimit_left("p", GET, 60), 60);
	for (int i = 0; i < 10; i++)
		ratelimit_take("p", GET, 60);
	assert_int_equal(ratelimit_left("p", GET, 60), 50);
	clock_shift(5000);
	assert_int_equal(ratelimit_left("p", GET, 60), 55);
	clock_shift(60000);
	assert_int_equal(ratelimit_left("p", GET, 60), 60);
}

/* The steady clock begins anew with each boot; the file may not. */
static void
a_bucket_of_an_earlier_boot_is_empty(void **state)
{
	(void)state;
	ratelimit_take("p", GET, 1);
	for (int i = 0; i < BUCKETS; i++)
		if (shared_memory()->bucket[i].key != 0)
			shared_memory()->bucket[i].empty_at += 3600000000;
	assert_int_equal(ratelimit_take("p", GET, 1), 0);
}

static void
more_projects_than_buckets_do_no_harm(void **state)
{
	char who[32];

	(void)state;
	for (int i = 0; i < 3 * BUCKETS; i++) {
		snprintf(who, sizeof(who), "project %d", i);
		assert_int_equal(ratelimit_take(who, GET, 2), 0);
	}
}

static void
processes_count_together(void **state)
{
	char path[] = "/tmp/ratelimit_test.XXXXXX";
	struct op op;
	int status, passed = 0;

	(void)state;
	assert_int_not_equal(close(mkstemp(path)), -1);
	op_begin(&op, "test");
	assert_int_equal(shared_open(&op, path), OK);
	for (int child = 0; child < 4; child++)
		if (fork() == 0) {
			int n = 0;

			for (int i = 0; i < 100; i++)
				n += ratelimit_take("p", GET, 100) == 0;
			_exit(n);
		}
	while (wait(&status) > 0)
		passed += WEXITSTATUS(status);
	unlink(path);
	op_end(&op);
	assert_in_range(passed, 100, 101);	/* one may leak out meanwhile */
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, empty_buckets)
	static const struct CMUnitTest tests[] = {
		TEST(as_many_as_the_rate_pass_and_the_next_waits),
		TEST(the_wait_is_what_would_run_over),
		TEST(what_was_refused_is_not_counted),
		TEST(projects_and_methods_have_buckets_of_their_own),
		TEST(no_rate_is_no_limit),
		TEST(what_is_left_grows_back),
		TEST(a_bucket_of_an_earlier_boot_is_empty),
		TEST(more_projects_than_buckets_do_no_harm),
		TEST(processes_count_together),
	};

	return cmocka_run_group_tests_name("ratelimit", tests, NULL, NULL);
}
