/* The page of engines: what no row may leave out. */
#include "t/unit/test_op.h"
#include "lib/base/conf.h"
#include "lib/base/engines.h"

#include <string.h>

static void
every_row_says_all_that_others_read_unasked(void **state)
{
	(void)state;
	for (const struct engine *e = engines; e->name != NULL; e++) {
		assert_non_null(e->contract);
		assert_non_null(e->names);
		assert_in_range(e->port, 1, 65535);
		if (e->home == NULL)
			assert_ptr_equal(engine_find(e->name), e);
	}
	assert_non_null(engine_find(ENGINE_USUAL));
	assert_null(engine_find("oracle"));
	assert_null(engine_find(""));
}

static void
what_is_incremental_is_a_backup_at_all(void **state)
{
	(void)state;
	for (const struct engine *e = engines; e->name != NULL; e++) {
		if (e->increments)
			assert_non_null(e->suffix);
		if (e->install != NULL)
			assert_non_null(e->server);
		if (e->contract->cluster_exact)
			assert_true(e->contract->cluster > 0);
		if (e->contract->defaults_old != 0)
			assert_true(e->contract->defaults_since > 0);
	}
}

/* Its home decides which of two rows of one name counts. */
static void
one_with_a_home_counts_where_it_has_one(void **state)
{
	(void)state;
	assert_non_null(engine_find("mysql")->suffix);
	assert_string_equal(engine_home(engine_find("mysql")), "");
	assert_int_equal(conf_set(&op, "local", "mysql", "/opt/mysql"), OK);
	assert_string_equal(engine_home(engine_find("mysql")), "/opt/mysql");
	assert_string_equal(engine_server(&op, engine_find("mysql")),
	    "/opt/mysql/mysqld");
	assert_string_equal(engine_server(&op, engine_find("mariadb")),
	    "/usr/sbin/mariadbd");
	assert_int_equal(conf_set(&op, "local", "mysql", ""), OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
		TEST(every_row_says_all_that_others_read_unasked),
		TEST(what_is_incremental_is_a_backup_at_all),
		TEST(one_with_a_home_counts_where_it_has_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
