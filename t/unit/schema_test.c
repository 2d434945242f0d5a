#include "t/unit/test.h"
#include "t/unit/pg_fixture.h"
#include "lib/store/schema.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[64], dsn[256];
static int told;

/* A database and a directory of its own for each test. */
static int
fresh(void **state)
{
	static int nth;

	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/coffer-schema.XXXXXX");
	if (mkdtemp(dir) == NULL)
		err(1, "%s", dir);
	pg_fixture_sql("CREATE DATABASE s%d", ++nth);
	snprintf(dsn, sizeof(dsn), "%s user=admin dbname=s%d",
	    pg_fixture_dsn(), nth);
	told = 0;
	return 0;
}

static int
tidy(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static void
put(const char *name, const char *sql)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if ((f = fopen(path, "w")) == NULL || fputs(sql, f) == EOF ||
	    fclose(f) != 0)
		err(1, "%s", path);
}

/* The text a file needs; what comes between is its own. */
#define FIRST "CREATE TABLE schema_version (version int PRIMARY KEY,"		\
	" applied timestamptz NOT NULL DEFAULT now());"
#define FILE_OF(n, sql) "BEGIN; " sql " INSERT INTO schema_version (version)"	\
	" VALUES (" #n "); COMMIT;"

static void
tell(const struct schema_file *f)
{
	(void)f;
	told++;
}

static enum err
migrate(const char *why)
{
	struct op op;
	enum err e;

	op_begin(&op, "test");
	e = schema_migrate(&op, dsn, dir, tell);
	if (e != OK && (why == NULL || strstr(op.why, why) == NULL))
		fail_msg("%s", op.why);
	op_end(&op);
	return e;
}

static int
pending(void)
{
	struct schema_file *f;
	struct op op;
	int n, some = 0;

	op_begin(&op, "test");
	if (schema_status(&op, dsn, dir, &f, &n) != OK)
		fail_msg("%s", op.why);
	for (int i = 0; i < n; i++)
		some += f[i].applied == NULL;
	op_end(&op);
	return some;
}

static void
a_fresh_database_gets_every_file_once_and_in_order(void **state)
{
	(void)state;
	put("0002_more.sql", FILE_OF(2, "INSERT INTO t VALUES (1);"));
	put("0001_first.sql", FILE_OF(1, FIRST "CREATE TABLE t (x int);"));
	put("README", "no file of ours");
	put("0002_more.sql.orig", "nor this");
	assert_int_equal(pending(), 2);
	assert_int_equal(migrate(NULL), OK);
	assert_int_equal(told, 2);
	assert_int_equal(pending(), 0);
	assert_int_equal(migrate(NULL), OK);
	assert_int_equal(told, 2);
	put("0003_last.sql", FILE_OF(3, "DROP TABLE t;"));
	assert_int_equal(pending(), 1);
	assert_int_equal(migrate(NULL), OK);
	assert_int_equal(told, 3);
}

static void
the_files_of_sql_build_the_schema(void **state)
{
	const char *src = getenv("top_srcdir");
	struct op op;

	(void)state;
	op_begin(&op, "test");
	if (schema_migrate(&op, dsn, op_printf(&op, "%s/sql",
	    src != NULL ? src : "."), tell) != OK)
		fail_msg("%s", op.why);
	assert_true(told >= 2);
	op_end(&op);
}

static void
a_file_that_fails_leaves_nothing_behind_and_runs_when_mended(void **state)
{
	(void)state;
	put("0001_first.sql", FILE_OF(1, FIRST));
	put("0002_bad.sql", FILE_OF(2, "CREATE TABLE t (x int); SELECT nope;"));
	assert_int_equal(migrate("0002_bad.sql"), ERR_INTERNAL);
	assert_int_equal(told, 1);
	assert_int_equal(pending(), 1);
	put("0002_bad.sql", FILE_OF(2, "CREATE TABLE t (x int);"));
	assert_int_equal(migrate(NULL), OK);
	assert_int_equal(pending(), 0);
}

static void
a_file_that_does_not_say_that_it_ran_is_refused(void **state)
{
	(void)state;
	put("0001_first.sql", FILE_OF(1, FIRST));
	put("0002_quiet.sql", "SELECT 1;");
	assert_int_equal(migrate("does not write 2"), ERR_INTERNAL);
}

static void
a_gap_or_a_number_twice_is_refused_before_anything_runs(void **state)
{
	(void)state;
	put("0001_first.sql", FILE_OF(1, FIRST));
	put("0003_third.sql", FILE_OF(3, ""));
	assert_int_equal(migrate("without a gap"), ERR_BAD_REQUEST);
	put("0002_a.sql", FILE_OF(2, ""));
	put("0002_b.sql", FILE_OF(2, ""));
	assert_int_equal(migrate("two files with number 0002"),
	    ERR_BAD_REQUEST);
	assert_int_equal(told, 0);
}

static void
the_schema_goes_forward_only(void **state)
{
	(void)state;
	put("0001_first.sql", FILE_OF(1, FIRST
	    "INSERT INTO schema_version (version) VALUES (3);"));
	assert_int_equal(migrate(NULL), OK);
	put("0002_late.sql", FILE_OF(2, ""));
	put("0003_third.sql", FILE_OF(3, ""));
	assert_int_equal(migrate("was never run"), ERR_CONFLICT);
	assert_int_equal(pending(), 1);
}

static void
a_database_of_a_newer_coffer_is_left_alone(void **state)
{
	struct schema_file *f;
	struct op op;
	int n;

	(void)state;
	put("0001_first.sql", FILE_OF(1, FIRST
	    "INSERT INTO schema_version (version) VALUES (2);"));
	assert_int_equal(migrate(NULL), OK);
	assert_int_equal(migrate(NULL), OK);
	op_begin(&op, "test");
	assert_int_equal(schema_status(&op, dsn, dir, &f, &n), OK);
	assert_int_equal(n, 2);
	assert_null(f[1].path);
	assert_non_null(f[1].applied);
	op_end(&op);
}

static void
two_tools_at_once_run_each_file_once(void **state)
{
	int status, failed = 0;

	(void)state;
	put("0001_first.sql", FILE_OF(1, FIRST "CREATE TABLE t (x int);"));
	put("0002_slow.sql", FILE_OF(2, "SELECT pg_sleep(0.3);"));
	put("0003_once.sql", FILE_OF(3, "INSERT INTO t VALUES (1);"));
	for (int i = 0; i < 3; i++)
		if (fork() == 0)
			_exit(migrate(NULL) == OK ? 0 : 1);
	while (wait(&status) != -1)
		failed += status != 0;
	assert_int_equal(failed, 0);
	assert_int_equal(pending(), 0);
}

static void
a_missing_folder_and_an_empty_one_are_told(void **state)
{
	struct op op;

	(void)state;
	assert_int_equal(migrate("no files named"), ERR_BAD_REQUEST);
	op_begin(&op, "test");
	assert_int_equal(schema_migrate(&op, dsn, "/nowhere", NULL),
	    ERR_BAD_REQUEST);
	op_end(&op);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, fresh, tidy)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		EACH(a_fresh_database_gets_every_file_once_and_in_order),
		EACH(the_files_of_sql_build_the_schema),
		EACH(a_file_that_fails_leaves_nothing_behind_and_runs_when_mended),
		EACH(a_file_that_does_not_say_that_it_ran_is_refused),
		EACH(a_gap_or_a_number_twice_is_refused_before_anything_runs),
		EACH(the_schema_goes_forward_only),
		EACH(a_database_of_a_newer_coffer_is_left_alone),
		EACH(two_tools_at_once_run_each_file_once),
		EACH(a_missing_folder_and_an_empty_one_are_told),
	};

	return cmocka_run_group_tests_name("schema", tests, pg_fixture_start,
	    pg_fixture_stop);
}
