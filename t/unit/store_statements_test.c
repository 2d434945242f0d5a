#include "t/unit/test.h"
#include "t/unit/pg_fixture.h"
#include "lib/store/store.h"

/* Which program runs a statement is not written anywhere: the operator's role may run all. */
static void
the_schema_takes_every_statement(void **state)
{
	struct op op;
	int bad = 0;

	(void)state;
	store_open("coffer_operator");
	for (int s = STMT_NONE + 1; s < STMT__MAX; s++) {
		op_begin(&op, "test");
		if (pg_prepare(&op, store_pg(), store_stmt((enum stmt)s)) != OK) {
			print_error("%s: %s\n", store_stmt((enum stmt)s)->name,
			    op.why);
			bad++;
		}
		op_end(&op);
	}
	store_close();
	assert_int_equal(bad, 0);
}

/* "$3" at the most, for one that says 3. */
static void
every_statement_names_as_many_parameters_as_it_says(void **state)
{
	(void)state;
	for (int s = STMT_NONE + 1; s < STMT__MAX; s++) {
		const struct pg_stmt *st = store_stmt((enum stmt)s);
		int most = 0;

		for (const char *p = st->sql; *p != '\0'; p++)
			if (*p == '$' && p[1] >= '1' && p[1] <= '9') {
				int n = p[1] - '0';

				if (p[2] >= '0' && p[2] <= '9')
					n = n * 10 + p[2] - '0';
				most = n > most ? n : most;
			}
		if (most != st->nargs)
			fail_msg("%s uses %d parameters and says %d", st->name,
			    most, st->nargs);
		assert_in_range(st->nargs, 0, PG_ARGS);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_schema_takes_every_statement),
		cmocka_unit_test(every_statement_names_as_many_parameters_as_it_says),
	};

	return cmocka_run_group_tests_name("statements", tests,
	    pg_fixture_start, pg_fixture_stop);
}
